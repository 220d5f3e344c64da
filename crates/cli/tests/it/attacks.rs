//! Everything that a hostile client can send gets its answer, in its time, and the server lives on.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fakes::Running;

use crate::{upload, world};

fn status_of(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

fn lives(server: &Running) {
    assert_eq!(server.get("/healthcheck").0, 503, "the server lives on");
}

#[test]
fn heads_that_cannot_be_read_get_our_json() {
    let server = world().serve(&[]);
    let long = "x".repeat(17 * 1024);
    let many: String = (0..200).map(|n| format!("x{n}: y\r\n")).collect();
    for (head, status) in [
        ("NONSENSE\r\n\r\n".to_owned(), "400"),
        ("\u{1}\u{2}\u{3}\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nhost: localhost\r\nbad header\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nhost: localhost\r\ncontent-length: x\r\n\r\n".to_owned(), "400"),
        ("GET / HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n".to_owned(), "400"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), "400"),
        (format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {long}\r\n\r\n"), "431"),
        (format!("GET /{long} HTTP/1.1\r\nhost: localhost\r\n\r\n"), "431"),
        (format!("GET / HTTP/1.1\r\nhost: localhost\r\n{many}\r\n"), "431"),
        (format!("GET / HTTP/1.1\r\n{}", "x".repeat(2_000_000)), "431"),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), "421"),
        ("GET / HTTP/1.0\r\n\r\n".to_owned(), "421"),
        (
            "CONNECT localhost:1 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
                .to_owned(),
            "403",
        ),
        ("OPTIONS * HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".to_owned(), "404"),
    ] {
        let head = head.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
        let answer = server.send(head.as_bytes());
        let shown: String = head.chars().take(60).collect();
        let body = format!("\r\n\r\n{{\"code\":\"{status}\",\"message\":\"");
        let is_ours = answer.contains("content-type: application/json") && answer.contains(&body);
        assert!(status_of(&answer) == status && is_ours, "{shown:?}: {answer}");
    }
    lives(&server);
}

#[test]
fn bodies_that_are_too_large_wrong_or_broken_get_their_answer() {
    let server = world().serve(&[]);
    let large = "x".repeat(65 * 1024);
    let put = "PUT / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
    let whole = upload("dev", "ASIA1");
    let half = format!("{:x}\r\n{whole}\r\n", whole.len());
    for (request, status) in [
        (format!("{put}content-length: 66560\r\n\r\n{large}"), "413"),
        (format!("{put}content-length: 99999999999\r\n\r\n{large}"), "413"),
        (format!("{put}transfer-encoding: chunked\r\n\r\n10400\r\n{large}\r\n0\r\n\r\n"), "413"),
        (format!("{put}transfer-encoding: chunked\r\n\r\nzz\r\n"), "400"),
        (format!("{put}content-length: 2\r\n\r\n[]"), "400"),
        (format!("{put}content-length: 0\r\n\r\n"), "400"),
        (format!("{put}transfer-encoding: chunked\r\n\r\n{half}0\r\n\r\n"), "200"),
    ] {
        let answer = server.send(request.as_bytes());
        let shown: String = request.chars().take(120).collect();
        assert_eq!(status_of(&answer), status, "{shown:?}: {answer}");
    }
    for (id, status) in
        [("1234567890123", 400), ("-1", 400), ("\"12345678901x\"", 400), ("12", 200)]
    {
        let body = whole.replace("111111", id);
        let (answered, text) = server.request("PUT", "/", &[], &body);
        assert_eq!(answered, status, "{id}: {text}");
        assert_eq!(text.contains("Creds.accountId must be"), status == 400, "{text}");
    }
    assert_eq!(server.get("/slot").0, 200);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = world().serve(&[]);
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let last = "GET /last HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let answers =
        server.send([&get("/slot"), &get("/"), &get("/profile"), last].concat().as_bytes());
    assert_eq!(statuses_of(&answers), [200, 404, 404, 404]);
    let then_nonsense = server.send([&get("/slot"), "NONSENSE\r\n\r\n"].concat().as_bytes());
    assert_eq!(statuses_of(&then_nonsense), [200, 400], "{then_nonsense}");
}

/// The statuses of several answers on one connection.
fn statuses_of(answers: &str) -> Vec<u16> {
    answers.split("HTTP/1.1 ").filter_map(|answer| answer.get(..3)?.parse().ok()).collect()
}

#[test]
fn odd_slot_names_work_and_invalid_ones_get_400() {
    let server = world().serve(&[]);
    for name in [".", "..", "a/b", "%25"] {
        let written = name.replace('%', "%25");
        let path = format!("/slot/{written}");
        assert_eq!(server.request("PUT", &path, &[], &upload(name, "ASIA1")).0, 200, "{name}");
        assert_eq!(server.get(&path).0, 200, "{name}");
    }
    assert_eq!(server.get("/").0, 404, "none of them is the default slot");
    let long = "x".repeat(4096);
    for path in [format!("/slot/{long}"), "/slot/%ff".to_owned(), "/slot/%00".to_owned()] {
        assert_eq!(server.get(&path).0, 400);
        assert_eq!(server.request("PUT", &path, &[], &upload("x", "ASIA1")).0, 400);
    }
}

#[test]
fn head_is_get_without_a_body() {
    let server = world().serve(&[]);
    assert_eq!(server.request("PUT", "/", &[], &upload("dev", "ASIA1")).0, 200);
    let ask = |method| {
        server.send(
            format!("{method} / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
                .as_bytes(),
        )
    };
    let (head, get) = (ask("HEAD"), ask("GET"));
    let length = |answer: &str| {
        answer.lines().find(|line| line.starts_with("content-length")).map(str::to_owned)
    };
    assert_eq!(length(&head), length(&get));
    assert!(head.ends_with("\r\n\r\n") && head.starts_with("HTTP/1.1 200"), "{head}");
}

/// What is slow is slow on purpose: these wait for the server's own time limits.
#[test]
fn slow_heads_and_endless_bodies_are_ended_by_the_server() {
    let server = Arc::new(world().serve(&[]));
    let slow = |request: &'static str, drip: &'static [u8]| {
        let server = Arc::clone(&server);
        std::thread::spawn(move || {
            let began = Instant::now();
            let mut stream = server.connect();
            stream.write_all(request.as_bytes()).unwrap();
            stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
            let mut answer = Vec::new();
            loop {
                let mut buffer = [0; 1024];
                match stream.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(length) => answer.extend_from_slice(&buffer[..length]),
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                        stream.write_all(drip).ok();
                    }
                    Err(_) => break,
                }
            }
            (String::from_utf8(answer).unwrap(), began.elapsed())
        })
    };
    let head = slow("GET / HTTP/1.1\r\nhost: localhost\r\n", b"a: b\r\n");
    let body = slow("PUT / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9000\r\n\r\n", b" ");
    let silent = slow("", b"");
    for (thread, status, longest) in [(head, "408", 8), (body, "408", 13), (silent, "none", 8)] {
        let (answer, lasted) = thread.join().unwrap();
        assert_eq!(status_of(&answer), status, "{answer}");
        // Not a measurement: far beyond its limit, a connection counts as never ended.
        assert!(lasted < Duration::from_secs(longest * 3), "{status} after {lasted:?}");
    }
    lives(&server);
}

#[test]
fn two_thousand_idle_connections_do_not_block_new_clients() {
    fakes::allow_many_files();
    let server = world().serve(&[]);
    assert_eq!(server.request("PUT", "/", &[], &upload("dev", "ASIA1")).0, 200);
    let idle: Vec<TcpStream> = (0..2000).map(|_| server.connect()).collect();
    for _ in 0..50 {
        assert_eq!(server.get("/").0, 200);
    }
    drop(idle);
    assert_eq!(server.get("/").0, 200);
}

#[test]
fn a_server_without_file_descriptors_waits_and_recovers() {
    let world = world();
    let mut command = world.command("sh");
    command.args(["-c", "ulimit -n 40; exec \"$@\"", "sh"]).arg(world.binary());
    command.args(["ecs", "run", "--port", "0"]);
    let server = Running::start(command);
    let many: Vec<TcpStream> = (0..100).map(|_| server.connect()).collect();
    drop(many);
    assert_eq!(server.get("/").0, 404);
    server.signal("TERM");
    let ended = server.wait();
    assert_eq!(ended.code, Some(0));
    assert!(ended.stderr.contains("cannot be accepted at the moment"), "{}", ended.stderr);
}

#[test]
fn clients_that_hang_up_midway_leave_nothing_behind() {
    let server = world().serve(&[]);
    for round in 0..200 {
        let mut stream = server.connect();
        let request =
            "PUT /slot/x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 500\r\n\r\n{\"Profile";
        stream.write_all(&request.as_bytes()[..request.len() * (round % 10) / 10]).ok();
    }
    assert_eq!(server.get("/slot").1, "[]");
    lives(&server);
}

/// For a minute, because that is how long the tool before this one did not last.
#[test]
fn eight_writers_and_eight_readers_for_a_minute() {
    let server = Arc::new(world().serve(&[]));
    assert_eq!(server.request("PUT", "/", &[], &upload("dev", "ASIAstart")).0, 200);
    let stop = Arc::new(AtomicBool::new(false));
    let whole_answers = Arc::new(AtomicU64::new(0));
    let threads: Vec<_> = (0..16_usize)
        .map(|n| {
            let (server, stop) = (Arc::clone(&server), Arc::clone(&stop));
            let whole_answers = Arc::clone(&whole_answers);
            std::thread::spawn(move || {
                let mut round = 0;
                while !stop.load(Ordering::Relaxed) {
                    round += 1;
                    if n >= 8 {
                        let (status, body) = server.get(if n % 2 == 0 { "/" } else { "/slot/dev" });
                        if status == 200 {
                            let id = body.split('"').nth(3).unwrap();
                            assert!(body.contains(&format!("CANARY-secret-of-{id}\"")), "{body}");
                            whole_answers.fetch_add(1, Ordering::Relaxed);
                        }
                    } else if round % 10 == 0 {
                        server.request("DELETE", if n % 2 == 0 { "/" } else { "/slot" }, &[], "");
                    } else {
                        let target = if n % 2 == 0 { "/" } else { "/slot/dev" };
                        let body = upload("dev", &format!("ASIA{n}x{round}"));
                        assert_eq!(server.request("PUT", target, &[], &body).0, 200);
                    }
                }
            })
        })
        .collect();
    std::thread::sleep(Duration::from_secs(60));
    stop.store(true, Ordering::Relaxed);
    for thread in threads {
        thread.join().unwrap();
    }
    assert!(whole_answers.load(Ordering::Relaxed) > 0);
    server.signal("TERM");
    assert_eq!(Arc::into_inner(server).unwrap().wait().code, Some(0));
}
