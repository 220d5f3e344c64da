//! Sign-ins with a device code, one at a time; and sign-outs.

mod pkce;

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use fakes::FakeIdentityCenter;
use fakes::identity_center::{Fault, Operation, Options};

use crate::process::{Answer, Process, Request};
use crate::world::{ACCOUNT, HOUR, INSTANCE, MINUTE, ROLE, World, wait_until};

const SECOND: Duration = Duration::from_secs(1);

fn sign_in_with_code(world: &World) -> Process {
    let mut process = world.process();
    let (_, user_code) = process.start_sign_in(true);
    world.fake.approve_device(&user_code);
    process.done();
    process
}

#[test]
fn a_device_code_is_polled_no_faster_than_aws_allows() {
    let world = World::new(Options::default());
    for fault in [Fault::AuthorizationPending, Fault::SlowDown] {
        world.fake.fault(Operation::CreateToken, fault);
    }
    let mut process = world.process();
    let (url, user_code) = process.start_sign_in(true);
    assert_eq!(url, format!("{}/device?user_code={user_code}", world.fake.url()));
    world.fake.approve_device(&user_code);
    process.done();
    let calls = world.fake.calls();
    let polls: Vec<_> =
        calls.iter().filter(|call| call.operation == Operation::CreateToken).collect();
    assert_eq!(polls.iter().filter_map(|poll| poll.status).collect::<Vec<_>>(), [400, 400, 200]);
    assert!(polls[1].at - polls[0].at >= SECOND);
    assert!(polls[2].at - polls[1].at >= 6 * SECOND, "RFC 8628: five seconds more");
    assert!(process.signed_in());
    process.credentials(ACCOUNT, ROLE).unwrap();
}

#[test]
fn a_sign_in_is_private_and_the_registration_is_reused() {
    let world = World::new(Options::default());
    sign_in_with_code(&world);
    for (path, mode) in [(world.item_path(), 0o600), (world.home().join("store"), 0o700)] {
        let permissions = std::fs::metadata(path).unwrap().permissions();
        assert_eq!(permissions.mode() & 0o777, mode);
    }
    let first = world.item(INSTANCE);
    sign_in_with_code(&world);
    let second = world.item(INSTANCE);
    assert_eq!(world.fake.count(Operation::RegisterClient), 1);
    assert_eq!(first["registrations"], second["registrations"]);
    assert_ne!(first["session"]["access_token"], second["session"]["access_token"]);
}

#[test]
fn each_workflow_has_a_registration_of_its_own() {
    let world = World::signed_in(Options::default());
    sign_in_with_code(&world);
    assert_eq!(world.fake.count(Operation::RegisterClient), 1);
    assert_eq!(world.item(INSTANCE)["registrations"].as_array().unwrap().len(), 2);
}

#[test]
fn a_registration_that_aws_has_deleted_is_replaced() {
    let world = World::new(Options::default());
    sign_in_with_code(&world);
    world.fake.forget_clients();
    sign_in_with_code(&world);
    assert_eq!(world.fake.count(Operation::RegisterClient), 2);
    assert_eq!(world.item(INSTANCE)["registrations"].as_array().unwrap().len(), 1);
}

#[test]
fn an_expired_registration_is_replaced() {
    let world = World::new(Options { registration_life: 2 * HOUR, ..Options::default() });
    world.sign_in(INSTANCE);
    world.later(HOUR + MINUTE);
    world.sign_in(INSTANCE);
    assert_eq!(world.fake.count(Operation::RegisterClient), 2);
}

#[test]
fn a_code_that_is_denied_ends_the_sign_in() {
    let world = World::new(Options::default());
    let mut process = world.process();
    let (_, user_code) = process.start_sign_in(true);
    world.fake.deny_device(&user_code);
    let failed = process.failure();
    assert_eq!(failed.problem, "SignInNeeded");
    assert_eq!(
        failed.text,
        "the sign-in was denied: AWS says: The user denied it (AccessDeniedException)"
    );
    assert!(!process.signed_in());
}

#[test]
fn a_code_that_aws_says_has_expired_ends_the_sign_in() {
    let world = World::new(Options::default());
    let mut process = world.process();
    process.start_sign_in(true);
    world.fake.advance(10 * MINUTE);
    let failed = process.failure();
    assert_eq!(failed.problem, "SignInNeeded");
    assert_eq!(
        failed.text,
        "the code can no longer be used: AWS says: The device code has expired (ExpiredTokenException)"
    );
}

#[test]
fn a_code_that_nobody_approves_in_time_ends_the_sign_in() {
    let world = World::new(Options { device_code_life: SECOND, ..Options::default() });
    let mut process = world.process();
    process.start_sign_in(true);
    // AWS reports it, or our own clock if there is no poll after it.
    assert_eq!(process.failure().problem, "SignInNeeded");
    assert!(!process.signed_in());
}

#[test]
fn a_short_failure_of_the_network_does_not_end_the_sign_in() {
    let world = World::new(Options::default());
    for fault in [Fault::Disconnect, Fault::Garbage] {
        world.fake.fault(Operation::CreateToken, fault);
    }
    sign_in_with_code(&world);
    assert_eq!(world.fake.count(Operation::CreateToken), 3);
}

#[test]
fn an_unknown_start_url_is_reported() {
    let world = World::new(Options::default());
    let start_url = "https://other.awsapps.com/start".to_owned();
    let other = FakeIdentityCenter::start(Options { start_url, ..Options::default() });
    let mut process = world.process_at(INSTANCE, other.url());
    process.ask(Request::SignIn { device_code: true, after_others: false });
    let failed = process.failure();
    assert_eq!(failed.problem, "Invalid");
    assert_eq!(
        failed.text,
        "IAM Identity Center in eu-central-1 knows no access portal https://corp.awsapps.com/start Check the \
         start URL and the region of `corp`."
    );
}

#[test]
fn one_process_signs_in_at_a_time_and_the_others_use_its_token() {
    let world = World::new(Options::default());
    let mut first = world.process();
    let (_, user_code) = first.start_sign_in(true);
    let mut second = world.process();
    let answer = second.call(Request::SignIn { device_code: true, after_others: false });
    assert!(matches!(answer, Answer::Busy), "{answer:?}");
    second.ask_credentials(ACCOUNT, ROLE);
    world.wait_for_log("another process is signing in");
    world.fake.approve_device(&user_code);
    first.done();
    second.credentials_answer().unwrap();
    assert_eq!(world.fake.count(Operation::StartDeviceAuthorization), 1);
}

#[test]
fn after_waiting_for_another_sign_in_none_is_needed() {
    let world = World::new(Options::default());
    let mut first = world.process();
    let (_, user_code) = first.start_sign_in(true);
    let mut second = world.process();
    second.ask(Request::SignIn { device_code: true, after_others: true });
    world.fake.approve_device(&user_code);
    first.done();
    assert!(matches!(second.answer(), Answer::Shown { .. }));
    assert!(matches!(second.call(Request::GiveUp), Answer::GaveUp));
    let answer = second.call(Request::StillSignedIn);
    assert!(matches!(answer, Answer::SignedIn(true)), "{answer:?}");
}

#[test]
fn an_abandoned_sign_in_does_not_block_the_next_one() {
    let world = World::new(Options::default());
    let mut first = world.process();
    first.start_sign_in(true);
    assert!(matches!(first.call(Request::GiveUp), Answer::GaveUp));
    first.start_sign_in(false);
    drop(first);
    sign_in_with_code(&world);
}

#[test]
fn after_waiting_for_a_sign_in_that_fails_nobody_is_signed_in() {
    let world = World::new(Options::default());
    let mut first = world.process();
    let (_, user_code) = first.start_sign_in(true);
    let mut second = world.process();
    second.ask_credentials(ACCOUNT, ROLE);
    world.wait_for_log("another process is signing in");
    world.fake.deny_device(&user_code);
    first.failure();
    let failed = second.failure();
    assert_eq!(failed.problem, "SignInNeeded");
    assert_eq!(failed.text, "nobody is signed in to `corp`");
}

#[test]
fn signing_out_ends_the_session_here_and_at_aws() {
    let world = World::signed_in(Options::default());
    let mut process = world.process();
    assert!(matches!(process.call(Request::SignOut), Answer::SignedIn(true)));
    assert_eq!(world.fake.count(Operation::Logout), 1);
    assert!(world.item(INSTANCE)["session"].is_null());
    assert_eq!(process.credentials(ACCOUNT, ROLE).unwrap_err().problem, "SignInNeeded");
    assert!(matches!(process.call(Request::SignOut), Answer::SignedIn(false)));
}

#[test]
fn signing_out_without_a_network_deletes_the_sign_in_nevertheless() {
    let mut world = World::signed_in(Options::default());
    world.cut_off();
    let mut process = world.process();
    process.ask(Request::SignOut);
    assert_eq!(process.failure().problem, "Unavailable");
    assert!(!process.signed_in());
}

#[test]
fn signing_out_of_a_session_that_has_ended_is_no_error() {
    let world = World::signed_in(Options::default());
    world.fake.end_sessions();
    let mut process = world.process();
    assert!(matches!(process.call(Request::SignOut), Answer::SignedIn(true)));
    wait_until("the answer of Logout", || world.fake.calls()[0].status == Some(401));
}
