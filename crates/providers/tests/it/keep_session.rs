//! A session that a server keeps alive. Its end is known early.

use std::time::Duration;

use fakes::identity_center::{Fault, Operation, Options};

use crate::process::{Process, Session};
use crate::world::{ACCOUNT, HOUR, INSTANCE, MINUTE, ROLE, World};

fn renewals(world: &World) -> usize {
    world.fake.count(Operation::CreateToken)
}

fn seconds(duration: Duration) -> i64 {
    duration.as_secs().try_into().unwrap()
}

/// The observations until the end of a session.
#[derive(Debug)]
struct Walk {
    /// When the end became known, and the end.
    known: Option<(i64, i64)>,
    over: i64,
}

/// Checks the session whenever a check is due, until it has ended. `at` is called before each check.
fn walk(world: &World, process: &mut Process, mut at: impl FnMut(i64)) -> Walk {
    let (mut now, mut known) = (0, None);
    loop {
        at(now);
        let Session { ends_in, next_check_in } = match process.keep_session() {
            Ok(session) => session,
            Err(failed) => {
                assert_eq!(failed.problem, "SignInNeeded", "{}", failed.text);
                return Walk { known, over: now };
            }
        };
        assert!((59..=1800).contains(&next_check_in), "{next_check_in} at {now}");
        assert!(known.is_none() || ends_in.is_some(), "the known end is lost at {now}");
        known = known.or(ends_in.map(|ends_in| (now, now + ends_in)));
        world.later(Duration::from_secs(next_check_in.unsigned_abs()));
        now += next_check_in;
        assert!(now < seconds(20 * HOUR), "the session does not end");
    }
}

#[test]
fn the_end_of_a_session_is_known_early_from_tokens_that_expire_with_it() {
    let world = World::signed_in(Options::default());
    let mut process = world.process();
    let walked = walk(&world, &mut process, |_| {});
    let (known, ends) = walked.known.unwrap();
    let end = seconds(8 * HOUR);
    assert!((end - 60..=end + 60).contains(&ends), "{walked:?}");
    assert!(known <= ends - seconds(15 * MINUTE), "{walked:?}");
    assert!((end - 60..=end + 60).contains(&walked.over), "{walked:?}");
    assert!((12..=14).contains(&renewals(&world)), "{} renewals", renewals(&world));
}

#[test]
fn the_end_of_a_session_is_known_early_from_a_refused_refresh_token() {
    let world = World::signed_in(Options { session_life: 100 * HOUR, ..Options::default() });
    let mut process = world.process();
    let mut refused_from = None;
    let walked = walk(&world, &mut process, |now| {
        if now >= seconds(7 * HOUR) && refused_from.is_none() {
            world.fake.fault_always(Operation::CreateToken, Fault::Unauthorized);
            refused_from = Some(renewals(&world));
        }
    });
    let (known, ends) = walked.known.unwrap();
    assert!(known <= ends - seconds(15 * MINUTE), "{walked:?}");
    assert!((ends - 60..=ends + 60).contains(&walked.over), "{walked:?}");
    assert!(refused_from.unwrap() <= 12);
    assert_eq!(renewals(&world), refused_from.unwrap() + 1, "AWS is not called again");
}

#[test]
fn all_processes_know_the_end_of_a_session() {
    let world = World::signed_in(Options { session_life: HOUR, ..Options::default() });
    assert_eq!(world.process().keep_session().unwrap().ends_in, None);
    world.later(41 * MINUTE);
    world.process().keep_session().unwrap().ends_in.unwrap();
    let ends_in = world.process().keep_session().unwrap().ends_in.unwrap();
    assert!((1100..=1145).contains(&ends_in), "{ends_in}");
    assert_eq!(renewals(&world), 1);
    world.sign_in(INSTANCE);
    assert_eq!(world.process().keep_session().unwrap().ends_in, None, "another session");
}

#[test]
fn a_token_that_was_refused_early_does_not_show_the_end_of_the_session() {
    let world = World::signed_in(Options::default());
    world.fake.expire_access_tokens();
    let mut process = world.process();
    process.new_credentials(ACCOUNT, ROLE).unwrap();
    assert_eq!(renewals(&world), 1);
    assert_eq!(process.keep_session().unwrap().ends_in, None);
}

#[test]
fn tokens_that_expire_with_their_session_are_rarely_renewed() {
    let world = World::signed_in(Options { session_life: HOUR, ..Options::default() });
    world.later(51 * MINUTE);
    let mut process = world.process();
    let over = (0..60).find(|_| {
        let outcome = process.new_credentials(ACCOUNT, ROLE);
        world.later(Duration::from_secs(10));
        outcome.is_err_and(|failed| failed.problem == "SignInNeeded")
    });
    assert!((50..=55).contains(&over.unwrap()), "{over:?}: it ends when AWS says so");
    assert!((1..=3).contains(&renewals(&world)), "{} renewals", renewals(&world));
}

#[test]
fn in_the_last_seconds_of_a_session_there_are_no_renewals() {
    let world = World::signed_in(Options { session_life: HOUR, ..Options::default() });
    world.later(59 * MINUTE + Duration::from_secs(35));
    let mut process = world.process();
    process.new_credentials(ACCOUNT, ROLE).unwrap();
    for _ in 0..10 {
        // They fail once the session has ended.
        drop(process.new_credentials(ACCOUNT, ROLE));
    }
    assert_eq!(renewals(&world), 1);
}

#[test]
fn an_unavailable_oidc_service_is_called_once_a_minute() {
    let world = World::signed_in(Options::default());
    world.later(41 * MINUTE);
    world.fake.fault_always(Operation::CreateToken, Fault::ServerError);
    let mut process = world.process();
    for tries in 1..4 {
        for _ in 0..5 {
            let Session { ends_in, next_check_in } = process.keep_session().unwrap();
            assert!(ends_in.is_none() && (59..=60).contains(&next_check_in), "{next_check_in}");
        }
        assert_eq!(renewals(&world), tries);
        world.later(MINUTE);
    }
    world.fake.clear_faults();
    assert_eq!(process.keep_session().unwrap().ends_in, None);
    assert_eq!(renewals(&world), 4);
    world.later(2 * HOUR);
    world.fake.fault_always(Operation::CreateToken, Fault::ServerError);
    assert_eq!(process.keep_session().unwrap_err().problem, "Unavailable");
}

#[test]
fn a_check_does_not_wait_for_the_renewal_of_another_process() {
    let world = World::signed_in(Options::default());
    world.later(41 * MINUTE);
    world.fake.fault(Operation::CreateToken, Fault::Hang);
    let mut hanging = world.process();
    hanging.ask(crate::process::Request::KeepSession);
    world.wait_for_calls(Operation::CreateToken, 1);
    let session = world.process().keep_session().unwrap();
    assert!(session.ends_in.is_none() && session.next_check_in <= 60, "{session:?}");
    assert_eq!(renewals(&world), 1);
}

#[test]
fn without_a_sign_in_there_is_no_session_even_while_another_process_signs_in() {
    let world = World::new(Options::default());
    let mut process = world.process();
    let failed = process.keep_session().unwrap_err();
    assert_eq!(failed.problem, "SignInNeeded");
    assert_eq!(failed.text, "nobody is signed in to `corp`");
    let mut other = world.process();
    other.start_sign_in(true);
    assert_eq!(process.keep_session().unwrap_err().problem, "SignInNeeded");
}

#[test]
fn a_session_that_has_ended_needs_a_sign_in() {
    let world = World::signed_in(Options::default());
    world.later(HOUR);
    world.fake.end_sessions();
    let failed = world.process().keep_session().unwrap_err();
    assert_eq!(failed.problem, "SignInNeeded");
    assert_eq!(failed.text, "the SSO session has ended for `corp`");
}
