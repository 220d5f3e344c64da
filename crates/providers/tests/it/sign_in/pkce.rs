//! Sign-ins with a browser on this host.

use std::thread::{scope, spawn};
use std::time::Duration;

use fakes::identity_center::{Operation, Options};

use crate::browser::{open, parameter, post, request, with_parameter};
use crate::world::{ACCOUNT, INSTANCE, ROLE, World};

/// The URL behind the button that the person clicks: it returns to the process.
fn decide(world: &World, url: &str, decision: &str) -> String {
    let page = open(url);
    assert_eq!(page.status, 200, "{}", page.body);
    let (_, rest) = page.body.split_once("name=\"request\" value=\"").unwrap();
    let (name, _) = rest.split_once('"').unwrap();
    let form = format!("request={name}&decision={decision}");
    post(&format!("{}/authorize", world.fake.url()), &form).location.unwrap()
}

#[test]
fn a_browser_that_returns_with_a_code_signs_in() {
    let world = World::new(Options::default());
    let mut process = world.process();
    let (url, _) = process.start_sign_in(false);
    let page = open(&decide(&world, &url, "approve"));
    assert_eq!(page.status, 200);
    assert!(page.body.contains("You can close this window"), "{}", page.body);
    process.done();
    process.credentials(ACCOUNT, ROLE).unwrap();
}

#[test]
fn the_registration_is_reused_with_any_port() {
    let world = World::signed_in(Options::default());
    world.sign_in(INSTANCE);
    assert_eq!(world.fake.count(Operation::RegisterClient), 0);
}

#[test]
fn a_request_without_the_right_state_changes_nothing() {
    let world = World::new(Options::default());
    let mut process = world.process();
    let (url, _) = process.start_sign_in(false);
    let back = decide(&world, &url, "approve");
    let wrong = with_parameter(&back, "state", "CANARY");
    let denied = wrong.replace("code=", "error=");
    let bare = back.split_once('?').unwrap().0;
    for (method, url, status) in [
        ("GET", wrong.as_str(), 400),
        ("GET", &denied, 400),
        ("GET", bare, 400),
        ("GET", &back.replace("/oauth/callback", "/favicon.ico"), 404),
        ("POST", &back, 405),
    ] {
        assert_eq!(request(method, url, "").unwrap().status, status, "{method} {url}");
    }
    assert_eq!(world.fake.count(Operation::CreateToken), 0);
    assert_eq!(open(&back).status, 200);
    process.done();
}

#[test]
fn only_the_first_return_of_the_browser_counts() {
    let world = World::new(Options { latency: Duration::from_millis(300), ..Options::default() });
    let mut process = world.process();
    let (url, _) = process.start_sign_in(false);
    let back = decide(&world, &url, "approve");
    let mut pages: Vec<_> = scope(|threads| {
        let visits = [(); 2].map(|()| threads.spawn(|| request("GET", &back, "")));
        // The port may already be closed.
        visits.map(|visit| visit.join().unwrap().map_or(200, |page| page.status)).into()
    });
    pages.sort_unstable();
    assert_eq!(pages, [200, 200]);
    process.done();
    assert_eq!(world.fake.count(Operation::CreateToken), 1);
    assert!(request("GET", &back, "").is_err(), "the port is closed");
}

#[test]
fn silent_connections_block_neither_the_browser_nor_the_end_of_the_process() {
    let world = World::new(Options::default());
    let mut process = world.process();
    let (url, _) = process.start_sign_in(false);
    let port = parameter(&url, "redirect_uri").split([':', '/']).nth(4).unwrap().parse().unwrap();
    let _silent: Vec<_> = (0..3)
        .map(|_| std::net::TcpStream::connect(("127.0.0.1", port)).unwrap())
        .collect::<Vec<_>>();
    let back = decide(&world, &url, "approve");
    let visit = spawn(move || open(&back).status);
    process.done();
    assert_eq!(visit.join().unwrap(), 200);
}

#[test]
fn a_person_can_deny_the_sign_in() {
    let world = World::new(Options::default());
    let mut process = world.process();
    let (url, _) = process.start_sign_in(false);
    let page = open(&decide(&world, &url, "deny"));
    assert!(page.body.contains("The sign-in failed"), "{}", page.body);
    assert!(page.body.contains("You can close this window"), "{}", page.body);
    let failed = process.failure();
    assert_eq!(failed.problem, "SignInNeeded");
    assert_eq!(failed.text, "the sign-in was denied: The user denied it");
    assert!(!process.signed_in());
}

#[test]
fn a_code_for_another_client_is_useless() {
    let world = World::new(Options::default());
    let mut process = world.process();
    let (url, _) = process.start_sign_in(false);
    // The challenge of another client: only that client has the verifier.
    let theirs = with_parameter(&url, "code_challenge", &"x".repeat(43));
    let page = open(&decide(&world, &theirs, "approve"));
    assert!(page.body.contains("The sign-in failed"), "{}", page.body);
    let failed = process.failure();
    assert_eq!(failed.problem, "SignInNeeded");
    assert_eq!(
        failed.text,
        "AWS refused the code from the browser: AWS says: The code verifier does not match the challenge (InvalidGrantException)"
    );
    assert!(!process.signed_in());
}

#[test]
fn a_registration_that_aws_deletes_during_a_sign_in_is_replaced_next_time() {
    let world = World::new(Options::default());
    let mut process = world.process();
    let (url, _) = process.start_sign_in(false);
    let back = decide(&world, &url, "approve");
    world.fake.forget_clients();
    assert!(open(&back).body.contains("The sign-in failed"));
    assert_eq!(process.failure().problem, "SignInNeeded");
    world.sign_in(INSTANCE);
    assert_eq!(world.fake.count(Operation::RegisterClient), 2);
}
