//! The access token: one process renews it, all use it, and none loses it.

use std::time::Duration;

use fakes::identity_center::{Call, Fault, Operation, Options};

use crate::process::{Answer, Process, Request};
use crate::world::{ACCOUNT, HOUR, INSTANCE, MINUTE, ROLE, World};

/// An access token is valid for an hour. After this time it expires soon, and is renewed although it can still be used.
const AGED: Duration = Duration::from_secs(51 * 60);

fn renewals(world: &World) -> usize {
    world.fake.count(Operation::CreateToken)
}

/// A process whose renewal hangs while it holds the lock.
fn hanging_renewal(world: &World) -> Process {
    let before = renewals(world);
    world.fake.fault(Operation::CreateToken, Fault::Hang);
    let mut process = world.process();
    process.ask_credentials(ACCOUNT, ROLE);
    world.wait_for_calls(Operation::CreateToken, before + 1);
    process
}

#[test]
fn fifty_processes_renew_an_expired_token_once() {
    let world = World::signed_in(Options { roles: 50, ..Options::default() });
    let roles: Vec<_> = (0..50).map(role).collect();
    let mut processes: Vec<_> = roles.iter().map(|_| world.process()).collect();
    for process in &mut processes {
        assert!(process.signed_in());
    }
    world.later(HOUR);
    for (process, role) in processes.iter_mut().zip(&roles) {
        process.ask_credentials(ACCOUNT, role);
    }
    for (process, role) in processes.iter_mut().zip(&roles) {
        let access_key_id = process.credentials_answer().unwrap();
        assert_eq!(&world.fake.issued(&access_key_id).unwrap().role_name, role);
    }
    assert_eq!(renewals(&world), 1);
    assert_eq!(world.fake.count(Operation::GetRoleCredentials), 50);
    assert_eq!(world.fake.calls().len(), 51, "there are no other calls, and no browser");
}

/// The name of a role of the fake.
fn role(number: usize) -> String {
    const NAMES: [&str; 5] =
        ["AdministratorAccess", "ReadOnlyAccess", "PowerUser", "Billing", "Developer"];
    NAMES.get(number).map_or_else(|| format!("Role{}", number + 1), |&name| name.to_owned())
}

#[test]
fn a_token_that_expires_soon_is_renewed_by_one_process_and_used_by_the_others() {
    let world = World::signed_in(Options::default());
    world.later(AGED);
    let hanging = hanging_renewal(&world);
    let mut other = world.process();
    other.credentials(ACCOUNT, ROLE).unwrap();
    assert_eq!(renewals(&world), 1, "a process does not wait for the lock");
    drop(hanging);
    other.credentials(ACCOUNT, "AdministratorAccess").unwrap();
    assert_eq!(renewals(&world), 2);
    let left = world.item(INSTANCE)["session"]["expires_at"].as_i64().unwrap();
    world.process().credentials("100000000002", ROLE).unwrap();
    assert_eq!(renewals(&world), 2);
    assert_eq!(world.item(INSTANCE)["session"]["expires_at"].as_i64().unwrap(), left);
}

#[test]
fn a_token_that_expires_soon_is_used_while_it_cannot_be_renewed() {
    let world = World::signed_in(Options::default());
    world.later(AGED);
    for (fault, (account, role)) in [
        (Fault::Disconnect, (ACCOUNT, ROLE)),
        (Fault::ServerError, ("100000000002", ROLE)),
        (Fault::Throttled { retry_after: None }, ("100000000003", ROLE)),
        (Fault::Garbage, (ACCOUNT, "AdministratorAccess")),
    ] {
        world.fake.fault(Operation::CreateToken, fault);
        world.process().credentials(account, role).unwrap();
    }
    assert_eq!(renewals(&world), 4);
    world.process().credentials("100000000002", "AdministratorAccess").unwrap();
    assert_eq!(renewals(&world), 5);
}

#[test]
fn a_failed_renewal_of_an_expired_token_loses_nothing() {
    let world = World::signed_in(Options::default());
    world.later(HOUR);
    world.fake.fault(Operation::CreateToken, Fault::Disconnect);
    let mut process = world.process();
    assert_eq!(process.credentials(ACCOUNT, ROLE).unwrap_err().problem, "Unavailable");
    process.credentials(ACCOUNT, ROLE).unwrap();
}

#[test]
fn a_renewal_with_a_lost_answer_is_repeated_by_the_next_process() {
    let world = World::signed_in(Options::default());
    world.later(HOUR);
    world.fake.fault(Operation::CreateToken, Fault::LoseAnswer);
    let failed = world.process().credentials(ACCOUNT, ROLE).unwrap_err();
    assert_eq!(failed.problem, "Unavailable");
    world.process().credentials(ACCOUNT, ROLE).unwrap();
    assert_eq!(renewals(&world), 2);
}

#[test]
fn a_renewal_with_a_lost_answer_is_repeated_by_the_same_call() {
    let mut world = World::signed_in(Options::default());
    world.attempts = 3;
    world.later(HOUR);
    world.fake.fault(Operation::CreateToken, Fault::LoseAnswer);
    world.process().credentials(ACCOUNT, ROLE).unwrap();
    assert_eq!(renewals(&world), 2);
}

#[test]
fn without_a_valid_refresh_token_the_access_token_is_used_until_it_expires() {
    let world = World::signed_in(Options { refresh_grace: Duration::ZERO, ..Options::default() });
    world.later(AGED);
    world.fake.fault(Operation::CreateToken, Fault::LoseAnswer);
    world.process().credentials(ACCOUNT, ROLE).unwrap();
    let mut process = world.process();
    process.credentials(ACCOUNT, "AdministratorAccess").unwrap();
    process.credentials("100000000002", ROLE).unwrap();
    assert_eq!(renewals(&world), 2, "a refused refresh token is not sent again");
    assert!(process.signed_in());
    let item = world.item(INSTANCE);
    assert_eq!(item["registrations"].as_array().unwrap().len(), 1);
    assert_eq!(item["session"]["credentials"].as_array().unwrap().len(), 3);
    world.later(9 * MINUTE);
    let failed = process.credentials("100000000003", ROLE).unwrap_err();
    assert_eq!(failed.problem, "SignInNeeded");
}

#[test]
fn when_a_process_is_killed_during_a_renewal_another_one_renews() {
    let world = World::signed_in(Options::default());
    world.later(HOUR);
    let hanging = hanging_renewal(&world);
    let mut waiting: Vec<_> = (0..3).map(|_| world.process()).collect();
    for process in &mut waiting {
        assert!(process.signed_in());
        process.ask_credentials(ACCOUNT, ROLE);
    }
    drop(hanging);
    for process in &mut waiting {
        process.credentials_answer().unwrap();
    }
    assert_eq!(renewals(&world), 2);
}

#[test]
fn a_renewal_is_saved_even_if_its_caller_stops_waiting() {
    let options = Options { latency: Duration::from_millis(300), ..Options::default() };
    let world = World::signed_in(Options { refresh_grace: Duration::ZERO, ..options });
    world.later(HOUR);
    let mut process = world.process();
    process.ask_credentials(ACCOUNT, ROLE);
    world.wait_for_calls(Operation::CreateToken, 1);
    assert!(matches!(process.call(Request::GiveUp), Answer::GaveUp));
    process.ask(Request::WaitUntilSaved);
    process.done();
    drop(process);
    world.process().credentials(ACCOUNT, ROLE).unwrap();
    assert_eq!(renewals(&world), 1);
}

#[test]
fn after_the_end_of_a_session_a_sign_in_is_enough() {
    let world = World::signed_in(Options::default());
    world.later(HOUR);
    world.fake.end_sessions();
    let mut process = world.process();
    let failed = process.credentials(ACCOUNT, ROLE).unwrap_err();
    assert_eq!(failed.problem, "SignInNeeded");
    assert_eq!(failed.text, "the SSO session has ended for `corp`");
    assert!(!process.signed_in());
    assert!(matches!(process.call(Request::StillSignedIn), Answer::SignedIn(false)));
    assert_eq!(renewals(&world), 1);
    world.sign_in(INSTANCE);
    assert_eq!(world.fake.count(Operation::RegisterClient), 0, "the registration was kept");
    process.credentials(ACCOUNT, ROLE).unwrap();
}

#[test]
fn a_session_ends_when_aws_ends_it_however_often_its_token_was_renewed() {
    let world = World::signed_in(Options { session_life: 2 * HOUR, ..Options::default() });
    world.later(HOUR);
    let mut process = world.process();
    process.credentials(ACCOUNT, ROLE).unwrap();
    world.later(HOUR);
    assert_eq!(process.credentials(ACCOUNT, ROLE).unwrap_err().problem, "SignInNeeded");
}

#[test]
fn a_token_that_the_portal_refuses_is_renewed_once() {
    let world = World::signed_in(Options::default());
    world.fake.expire_access_tokens();
    world.process().credentials(ACCOUNT, ROLE).unwrap();
    assert_eq!(renewals(&world), 1);
    assert_eq!(world.fake.count(Operation::GetRoleCredentials), 2);
}

#[test]
fn a_token_that_the_portal_refuses_to_many_processes_is_renewed_once() {
    let world = World::signed_in(Options::default());
    let mut processes: Vec<_> = (0..5).map(|_| world.process()).collect();
    for process in &mut processes {
        assert!(process.signed_in());
    }
    world.fake.expire_access_tokens();
    for process in &mut processes {
        process.ask_credentials(ACCOUNT, ROLE);
    }
    for process in &mut processes {
        process.credentials_answer().unwrap();
    }
    assert_eq!(renewals(&world), 1);
}

#[test]
fn a_portal_that_refuses_every_token_needs_a_sign_in() {
    let world = World::signed_in(Options::default());
    world.fake.fault_always(Operation::GetRoleCredentials, Fault::Unauthorized);
    let failed = world.process().credentials(ACCOUNT, ROLE).unwrap_err();
    assert_eq!(failed.problem, "SignInNeeded");
    assert_eq!(failed.text, "the SSO session has ended for `corp`");
    assert_eq!(renewals(&world), 1);
    assert_eq!(world.fake.count(Operation::GetRoleCredentials), 2);
}

#[test]
fn a_session_that_was_ended_elsewhere_is_deleted() {
    let world = World::signed_in(Options::default());
    world.fake.end_sessions();
    let mut process = world.process();
    assert_eq!(process.credentials(ACCOUNT, ROLE).unwrap_err().problem, "SignInNeeded");
    assert!(!process.signed_in());
    assert!(world.item(INSTANCE)["session"].is_null());
    assert_eq!(renewals(&world), 1);
}

#[test]
fn an_expired_token_waits_for_the_sign_in_of_another_process() {
    let world = World::signed_in(Options::default());
    world.later(HOUR);
    let mut first = world.process();
    let (_, user_code) = first.start_sign_in(true);
    let mut second = world.process();
    second.ask_credentials(ACCOUNT, ROLE);
    world.fake.approve_device(&user_code);
    first.done();
    second.credentials_answer().unwrap();
    let tokens =
        |call: &&Call| call.operation == Operation::CreateToken && call.status == Some(200);
    assert_eq!(world.fake.calls().iter().filter(tokens).count(), 1, "that of the sign-in");
}
