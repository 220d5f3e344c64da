//! Credentials of a role: they are kept within their sign-in. And the failures when there are none.

use std::time::Duration;

use fakes::identity_center::{Fault, Operation, Options};

use crate::process::{Answer, Failed, Request};
use crate::world::{ACCOUNT, INSTANCE, MINUTE, ROLE, World};

const WITHOUT_FAULT: &str = "AdministratorAccess";

fn calls(world: &World) -> usize {
    world.fake.count(Operation::GetRoleCredentials)
}

/// The failure of a call with this fault.
fn refused(world: &World, fault: Fault) -> Failed {
    world.fake.fault(Operation::GetRoleCredentials, fault);
    world.process().credentials(ACCOUNT, ROLE).unwrap_err()
}

#[test]
fn all_processes_share_the_fetched_credentials() {
    let world = World::signed_in(Options::default());
    let first = world.process().credentials(ACCOUNT, ROLE).unwrap();
    assert_eq!(world.process().credentials(ACCOUNT, ROLE).unwrap(), first);
    assert_eq!(calls(&world), 1);
    let other_role = world.process().credentials(ACCOUNT, WITHOUT_FAULT).unwrap();
    let other_account = world.process().credentials("100000000002", ROLE).unwrap();
    assert!(other_role != first && other_account != first && other_role != other_account);
    for (access_key_id, account, role) in [
        (&first, ACCOUNT, ROLE),
        (&other_role, ACCOUNT, WITHOUT_FAULT),
        (&other_account, "100000000002", ROLE),
    ] {
        let issued = world.fake.issued(access_key_id).unwrap();
        assert_eq!((issued.account_id.as_str(), issued.role_name.as_str()), (account, role));
    }
}

#[test]
fn processes_that_need_a_role_at_the_same_time_fetch_it_once() {
    let mut world =
        World::signed_in(Options { latency: Duration::from_millis(200), ..Options::default() });
    world.patience = MINUTE;
    let mut processes: Vec<_> = (0..12).map(|_| world.process()).collect();
    processes.iter_mut().for_each(|process| process.ask_credentials(ACCOUNT, ROLE));
    let fetched: Vec<_> =
        processes.iter_mut().map(|process| process.credentials_answer().unwrap()).collect();
    assert!(fetched.iter().all(|access_key_id| *access_key_id == fetched[0]));
    assert_eq!(calls(&world), 1);
}

#[test]
fn processes_beyond_the_quota_wait_for_their_turn() {
    let mut world = World::signed_in(Options { roles: 12, ..Options::default() });
    world.patience = MINUTE;
    world.fake.quota(Some(4.0));
    let roles: Vec<String> = (0..10).map(|number| format!("{ROLE}{number}")).collect();
    roles.iter().for_each(|role| world.fake.add_role(ACCOUNT, role));
    let mut processes: Vec<_> = roles.iter().map(|_| world.process()).collect();
    let asked = processes.iter_mut().zip(&roles);
    asked.for_each(|(process, role)| process.ask_credentials(ACCOUNT, role));
    for process in &mut processes {
        process.credentials_answer().unwrap();
    }
    assert!(calls(&world) > roles.len(), "AWS has throttled none of them");
}

#[test]
fn nobody_waits_for_a_turn_that_comes_too_late() {
    let mut world = World::signed_in(Options::default());
    world.patience = MINUTE;
    assert_eq!(refused(&world, Fault::Throttled { retry_after: Some(61) }).problem, "Throttled");
    assert_eq!(calls(&world), 1);
}

#[test]
fn kept_credentials_need_neither_aws_nor_a_valid_token() {
    let mut world = World::signed_in(Options::default());
    let first = world.process().credentials(ACCOUNT, ROLE).unwrap();
    world.later(39 * MINUTE);
    world.cut_off();
    assert_eq!(world.process().credentials(ACCOUNT, ROLE).unwrap(), first);
}

#[test]
fn credentials_with_less_than_twenty_minutes_left_are_replaced() {
    let world = World::signed_in(Options::default());
    let first = world.process().credentials(ACCOUNT, ROLE).unwrap();
    world.later(40 * MINUTE);
    let second = world.process().credentials(ACCOUNT, ROLE).unwrap();
    assert_ne!(second, first);
    assert_eq!(world.process().credentials(ACCOUNT, ROLE).unwrap(), second);
    assert_eq!(calls(&world), 2);
}

#[test]
fn credentials_are_kept_when_the_token_is_renewed() {
    let world = World::signed_in(Options::default());
    let first = world.process().credentials(ACCOUNT, ROLE).unwrap();
    world.fake.expire_access_tokens();
    world.process().credentials(ACCOUNT, WITHOUT_FAULT).unwrap();
    assert_eq!(world.fake.count(Operation::CreateToken), 1);
    assert_eq!(world.process().credentials(ACCOUNT, ROLE).unwrap(), first);
}

#[test]
fn another_person_who_signs_in_gets_credentials_of_their_own() {
    let world = World::signed_in(Options::default());
    let alices = world.process().credentials(ACCOUNT, ROLE).unwrap();
    for signs_out in [true, false] {
        if signs_out {
            let answer = world.process().call(Request::SignOut);
            assert!(matches!(answer, Answer::SignedIn(true)), "{answer:?}");
        }
        let name = if signs_out { "bob" } else { "carol" };
        world.fake.set_user(name);
        world.sign_in(INSTANCE);
        let theirs = world.process().credentials(ACCOUNT, ROLE).unwrap();
        assert_ne!(theirs, alices);
        assert_eq!(world.fake.issued(&theirs).unwrap().user, name);
    }
}

#[test]
fn two_identities_at_one_start_url_never_see_each_others_credentials() {
    let world = World::new(Options::default());
    for name in ["alice", "bob"] {
        world.fake.set_user(name);
        world.sign_in(name);
    }
    for _ in 0..2 {
        for name in ["alice", "bob"] {
            let access_key_id = world.process_of(name).credentials(ACCOUNT, ROLE).unwrap();
            assert_eq!(world.fake.issued(&access_key_id).unwrap().user, name);
        }
    }
    assert_eq!(calls(&world), 2);
    let answer = world.process_of("alice").call(Request::SignOut);
    assert!(matches!(answer, Answer::SignedIn(true)), "{answer:?}");
    assert!(world.process_of("alice").credentials(ACCOUNT, ROLE).is_err());
    world.process_of("bob").credentials("100000000002", ROLE).unwrap();
}

#[test]
fn a_role_that_aws_does_not_give_is_denied_by_name() {
    let world = World::signed_in(Options::default());
    let failed = world.process().credentials(ACCOUNT, "Emperor").unwrap_err();
    assert_eq!(failed.problem, "Denied");
    let text =
        "AWS does not give you the role Emperor in the account 000001111111 through `corp`: ";
    assert!(failed.text.starts_with(text) && failed.text.contains("No access"), "{}", failed.text);
    assert_eq!(world.fake.count(Operation::CreateToken), 0);
}

#[test]
fn throttling_errors_and_an_unavailable_portal_are_distinguished() {
    let mut world = World::signed_in(Options::default());
    let unreached = "the access portal of `corp` is not available: ";
    for (fault, problem, text) in [
        (
            Fault::Throttled { retry_after: Some(1) },
            "Throttled",
            "too many requests for roles of `corp`: ",
        ),
        (Fault::ServerError, "Unavailable", unreached),
        (Fault::Disconnect, "Unavailable", unreached),
        (Fault::LoseAnswer, "Unavailable", unreached),
        (Fault::Garbage, "Unavailable", unreached),
    ] {
        let failed = refused(&world, fault);
        assert_eq!(failed.problem, problem, "{fault:?}: {}", failed.text);
        assert!(failed.text.starts_with(text), "{fault:?}: {}", failed.text);
    }
    world.cut_off();
    let failed = world.process().credentials(ACCOUNT, ROLE).unwrap_err();
    assert_eq!(failed.problem, "Unavailable");
    assert!(failed.text.starts_with(unreached), "{}", failed.text);
}

#[test]
fn a_call_that_fails_for_a_moment_is_retried() {
    let mut world = World::signed_in(Options::default());
    world.attempts = 3;
    for fault in [Fault::Throttled { retry_after: None }, Fault::ServerError] {
        world.fake.fault(Operation::GetRoleCredentials, fault);
    }
    world.process().credentials(ACCOUNT, ROLE).unwrap();
    assert_eq!(calls(&world), 3);
}

#[test]
fn without_a_sign_in_there_is_no_call_to_aws() {
    let world = World::new(Options::default());
    let failed = world.process().credentials(ACCOUNT, ROLE).unwrap_err();
    assert_eq!(failed.problem, "SignInNeeded");
    assert_eq!(failed.text, "nobody is signed in to `corp`");
    assert!(world.fake.calls().is_empty());
}

#[test]
fn a_wrong_clock_is_noticed() {
    let world = World::signed_in(Options { clock_offset_seconds: 840, ..Options::default() });
    let mut process = world.process();
    let mut offset = || match process.call(Request::ClockOffset) {
        Answer::ClockOffset(seconds) => seconds,
        other => panic!("{other:?}"),
    };
    assert_eq!(offset(), 0);
    process.credentials(ACCOUNT, ROLE).unwrap();
    let Answer::ClockOffset(seconds) = process.call(Request::ClockOffset) else { panic!() };
    assert!((837..=843).contains(&seconds), "{seconds}");
}
