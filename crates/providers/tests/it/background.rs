//! New credentials for a server: fetched in turn, without retries, and not kept in the store.

use std::time::Duration;

use fakes::identity_center::{Fault, Operation, Options};

use crate::process::{Answer, Process, Request};
use crate::world::{ACCOUNT, HOUR, INSTANCE, MINUTE, ROLE, World};

fn calls(world: &World) -> usize {
    world.fake.count(Operation::GetRoleCredentials)
}

/// The life of credentials in seconds.
fn life(process: &mut Process, new: bool) -> i64 {
    match process.call(Request::Life { new }) {
        Answer::Life(seconds) => seconds,
        other => panic!("{other:?}"),
    }
}

#[test]
fn new_credentials_are_neither_read_from_the_store_nor_kept_there() {
    let world = World::signed_in(Options::default());
    let mut process = world.process();
    let new = process.new_credentials(ACCOUNT, ROLE).unwrap();
    let kept = || world.item(INSTANCE)["session"]["credentials"].as_array().unwrap().len();
    assert_eq!(kept(), 0);
    let for_keeps = process.credentials(ACCOUNT, ROLE).unwrap();
    let newer = process.new_credentials(ACCOUNT, ROLE).unwrap();
    assert!(new != for_keeps && for_keeps != newer && new != newer);
    assert_eq!((calls(&world), kept()), (3, 1));
    assert_eq!(process.credentials(ACCOUNT, ROLE).unwrap(), for_keeps);
}

#[test]
fn many_calls_at_once_stay_within_the_quota() {
    let world = World::signed_in(Options { quota: Some(20.0), ..Options::default() });
    assert!(world.process().many(true, 40).is_empty());
    assert_eq!(calls(&world), 40);
}

#[test]
fn after_a_slow_opening_of_the_store_there_is_no_burst_of_calls() {
    let mut world = World::new(Options { quota: Some(20.0), ..Options::default() });
    world.passphrase = Some("CANARY");
    world.sign_in(INSTANCE);
    assert!(world.process().many(true, 20).is_empty());
    assert_eq!(calls(&world), 20);
}

#[test]
fn a_failed_call_in_the_background_is_not_retried() {
    let mut world = World::signed_in(Options::default());
    world.attempts = 3;
    let mut process = world.process();
    for (fault, problem) in [
        (Fault::Throttled { retry_after: None }, "Throttled"),
        (Fault::ServerError, "Unavailable"),
        (Fault::Disconnect, "Unavailable"),
    ] {
        world.fake.forget_calls();
        world.fake.fault(Operation::GetRoleCredentials, fault);
        let failed = process.new_credentials(ACCOUNT, ROLE).unwrap_err();
        assert_eq!((failed.problem.as_str(), calls(&world)), (problem, 1), "{}", failed.text);
    }
    process.new_credentials(ACCOUNT, ROLE).unwrap();
}

#[test]
fn after_throttling_or_an_unavailable_portal_there_is_a_pause() {
    let world = World::signed_in(Options::default());
    let mut process = world.process();
    for (fault, seconds) in
        [(Fault::Throttled { retry_after: Some(2) }, 2), (Fault::ServerError, 1)]
    {
        world.fake.forget_calls();
        world.fake.fault(Operation::GetRoleCredentials, fault);
        assert!(process.new_credentials(ACCOUNT, ROLE).is_err());
        process.new_credentials(ACCOUNT, ROLE).unwrap();
        let [first, second] = world.fake.calls()[..] else { panic!("{:?}", world.fake.calls()) };
        let pause = second.at - first.at;
        assert!(pause >= Duration::from_secs(seconds), "{fault:?}: {pause:?}");
    }
}

#[test]
fn a_token_that_the_portal_refuses_to_many_calls_is_renewed_once() {
    let world = World::signed_in(Options::default());
    world.fake.expire_access_tokens();
    assert!(world.process().many(true, 20).is_empty());
    assert_eq!(world.fake.count(Operation::CreateToken), 1);
    assert!(
        (21..30).contains(&calls(&world)),
        "{}: all waiting calls use the new token",
        calls(&world)
    );
}

#[test]
fn a_failed_renewal_is_not_repeated_by_the_calls_that_waited_for_it() {
    let world =
        World::signed_in(Options { latency: Duration::from_millis(500), ..Options::default() });
    world.later(HOUR);
    world.fake.fault_always(Operation::CreateToken, Fault::ServerError);
    let mut process = world.process();
    assert_eq!(process.many(false, 20), vec!["Unavailable"; 20]);
    assert_eq!(world.fake.count(Operation::CreateToken), 1);
    assert_eq!(process.many(false, 1), ["Unavailable"]);
    assert_eq!(world.fake.count(Operation::CreateToken), 2, "a later call tries again");
}

#[test]
fn expirations_are_converted_to_our_clock_when_it_is_behind() {
    for (offset, lives) in [(840, 3600), (50, 3650), (-840, 2760)] {
        let options = Options { clock_offset_seconds: offset, ..Options::default() };
        let world = World::signed_in(options);
        let mut process = world.process();
        for new in [true, false, false] {
            let life = life(&mut process, new);
            assert!((lives - 10..=lives + 1).contains(&life), "{offset} s ahead: {life} s");
        }
        assert_eq!(calls(&world), 2);
    }
}

#[test]
fn without_a_sign_in_there_is_no_call_to_aws() {
    let world = World::new(Options::default());
    let failed = world.process().new_credentials(ACCOUNT, ROLE).unwrap_err();
    assert_eq!(failed.problem, "SignInNeeded");
    assert_eq!(failed.text, "nobody is signed in to `corp`");
    assert!(world.fake.calls().is_empty());
}

#[test]
fn a_sign_in_of_another_process_is_noticed_even_before_the_wait_begins() {
    let world = World::new(Options::default());
    let (mut early, mut late) = (world.process(), world.process());
    for process in [&mut early, &mut late] {
        assert_eq!(process.new_credentials(ACCOUNT, ROLE).unwrap_err().problem, "SignInNeeded");
    }
    early.ask(Request::SignInChanges);
    world.sign_in(INSTANCE);
    late.ask(Request::SignInChanges);
    for process in [&mut early, &mut late] {
        process.done();
        process.new_credentials(ACCOUNT, ROLE).unwrap();
    }
}

#[test]
fn the_end_of_a_session_is_not_taken_for_a_sign_in() {
    let world = World::signed_in(Options::default());
    let mut process = world.process();
    process.new_credentials(ACCOUNT, ROLE).unwrap();
    world.fake.end_sessions();
    assert_eq!(process.new_credentials(ACCOUNT, ROLE).unwrap_err().problem, "SignInNeeded");
    assert!(world.item(INSTANCE)["session"].is_null(), "this process wrote that");
    process.ask(Request::SignInChanges);
    std::thread::sleep(Duration::from_millis(2500));
    assert!(matches!(process.call(Request::GiveUp), Answer::GaveUp));
}

#[test]
fn a_portal_that_refuses_every_token_is_not_called_again_and_again() {
    let world = World::signed_in(Options::default());
    world.fake.fault_always(Operation::GetRoleCredentials, Fault::Unauthorized);
    let mut process = world.process();
    assert_eq!(process.new_credentials(ACCOUNT, ROLE).unwrap_err().problem, "SignInNeeded");
    process.ask(Request::SignInChanges);
    std::thread::sleep(Duration::from_millis(2500));
    assert!(
        matches!(process.call(Request::GiveUp), Answer::GaveUp),
        "this process wrote the token"
    );
}

#[test]
fn the_early_renewal_of_a_token_is_attempted_once_a_minute() {
    let world = World::signed_in(Options::default());
    world.later(51 * MINUTE);
    world.fake.fault_always(Operation::CreateToken, Fault::ServerError);
    let mut process = world.process();
    for tries in 1..4 {
        for _ in 0..10 {
            process.new_credentials(ACCOUNT, ROLE).unwrap();
        }
        assert_eq!(world.fake.count(Operation::CreateToken), tries);
        world.later(MINUTE);
    }
    world.fake.clear_faults();
    process.new_credentials(ACCOUNT, ROLE).unwrap();
    process.new_credentials(ACCOUNT, ROLE).unwrap();
    assert_eq!(world.fake.count(Operation::CreateToken), 4);
}
