//! A service that answers without an end, in the place of AWS.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use fakes::identity_center::Options;

use crate::process::{Answer, Process, Request};
use crate::world::{ACCOUNT, INSTANCE, ROLE, World};

/// What a refused answer may have cost: what is accepted, and what the sockets of both sides hold.
const MAX_SENT: usize = 32 << 20;
/// A sign in that a test does not end has sent more than this.
const MIN_SENT: usize = 4 << 20;

/// A server that answers each request with spaces, which JSON allows everywhere. Returns its URL, and how much of the last answer
/// was sent.
fn endless() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = sent.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let counter = counter.clone();
            thread::spawn(move || answer(stream.unwrap(), &counter));
        }
    });
    (url, sent)
}

fn answer(mut stream: TcpStream, sent: &AtomicUsize) {
    let read = stream.read(&mut [0; 8192]).unwrap();
    assert!(read > 0);
    sent.store(0, Ordering::Relaxed);
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{";
    if stream.write_all(head.as_bytes()).is_err() {
        return;
    }
    while stream.write_all(&[b' '; 65536]).is_ok() {
        sent.fetch_add(65536, Ordering::Relaxed);
    }
}

#[track_caller]
fn assert_refused(answer: Answer, sent: &AtomicUsize) {
    let Answer::Failed(failed) = answer else { panic!("{answer:?}") };
    assert_eq!(failed.problem, "Unavailable");
    assert!(failed.text.contains("the answer is longer than 4 MiB"), "{}", failed.text);
    let sent = sent.load(Ordering::Relaxed);
    assert!((MIN_SENT..MAX_SENT).contains(&sent), "{sent} bytes were read");
}

#[test]
fn an_endless_answer_of_any_service_is_refused_after_four_mebibytes() {
    let mut world = World::signed_in(Options::default());
    let (url, sent) = endless();
    let of_instance = |instance: &str| -> Process { world.process_at(instance, &url) };
    let sign_in = || Request::SignIn { device_code: true, after_others: false };
    assert_refused(of_instance("other").call(sign_in()), &sent);
    let credentials =
        || Request::Credentials { account: ACCOUNT.to_owned(), role: ROLE.to_owned() };
    assert_refused(of_instance(INSTANCE).call(credentials()), &sent);
    let update = || Request::UpdateCatalogue { only_new: false };
    assert_refused(of_instance(INSTANCE).call(update()), &sent);
    world.cut_off();
}
