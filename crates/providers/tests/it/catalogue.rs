//! The update of the catalogue: complete, within the quota, and without repeated work.

use std::collections::HashMap;
use std::time::Duration;

use fakes::identity_center::{Fault, Operation, Options};
use serde_json::Value;

use crate::process::{Answer, Process, Request};
use crate::world::{ACCOUNT, INSTANCE, ROLE, World, wait_until};

type Listed = Vec<(String, Vec<String>)>;

fn ask(process: &mut Process) {
    process.ask(Request::UpdateCatalogue { only_new: false });
}

fn listed(process: &mut Process) -> Listed {
    match process.answer() {
        Answer::Catalogue(accounts) => accounts,
        other => panic!("{other:?}"),
    }
}

fn update(world: &World) -> Listed {
    let mut process = world.process();
    ask(&mut process);
    listed(&mut process)
}

fn of_accounts(accounts: usize) -> World {
    World::signed_in(Options { accounts, roles: 3, ..Options::default() })
}

fn role_lists(world: &World) -> usize {
    world.fake.count(Operation::ListAccountRoles)
}

/// The saved accounts by id; empty before the first save.
fn saved(world: &World) -> HashMap<String, Value> {
    let path = world.home().join(format!("catalogue/{INSTANCE}.json"));
    let Ok(json) = std::fs::read(path) else { return HashMap::new() };
    let stored: Value = serde_json::from_slice(&json).unwrap();
    let accounts = stored["accounts"].as_array().unwrap().iter();
    accounts.map(|account| (account["id"].as_str().unwrap().to_owned(), account.clone())).collect()
}

#[test]
fn hundreds_of_accounts_are_listed_within_the_quota() {
    let options = Options { accounts: 250, roles: 3, quota: Some(20.0), ..Options::default() };
    let world = World::signed_in(options);
    let accounts = update(&world);
    assert_eq!(accounts.len(), 250);
    let roles = ["AdministratorAccess", "PowerUser", ROLE];
    assert!(accounts.iter().all(|(_, of_account)| of_account == &roles));
    assert!(accounts.is_sorted());
    assert_eq!(accounts[0].0, ACCOUNT);
    let calls = world.fake.calls();
    let seconds = (calls[calls.len() - 1].at - calls[0].at).as_secs_f64();
    let rate = (calls.len() - 1) as f64 / seconds;
    assert!(rate <= 20.0, "{rate} calls a second");
    // Almost none on an idle machine.
    let refused = calls.iter().filter(|call| call.status == Some(429)).count();
    assert!(refused <= 40, "{refused} calls were too many");
    assert_eq!(calls.len(), 3 + 250 + refused);
    assert_eq!(saved(&world).len(), 250);
}

#[test]
fn throttled_calls_are_repeated_and_none_is_lost() {
    let world = of_accounts(12);
    for _ in 0..3 {
        world.fake.fault(Operation::ListAccounts, Fault::Throttled { retry_after: None });
        world.fake.fault(Operation::ListAccountRoles, Fault::Throttled { retry_after: None });
    }
    let accounts = update(&world);
    assert_eq!(accounts.len(), 12);
    assert!(accounts.iter().all(|(_, roles)| roles.len() == 3));
    assert_eq!(role_lists(&world), 15);
}

#[test]
fn no_call_is_made_before_retry_after_has_passed() {
    let world = of_accounts(30);
    let mut process = world.process();
    ask(&mut process);
    world.wait_for_calls(Operation::ListAccountRoles, 5);
    world.fake.fault(Operation::ListAccountRoles, Fault::Throttled { retry_after: Some(1) });
    assert_eq!(listed(&mut process).len(), 30);
    let calls = world.fake.calls();
    let throttled = calls.iter().find(|call| call.status == Some(429)).unwrap();
    let answered = throttled.answered.unwrap();
    // Calls that are under way when the answer comes are made nevertheless.
    let under_way = Duration::from_millis(100);
    let next = calls.iter().find(|call| call.at > answered + under_way).unwrap();
    assert!(next.at - answered >= Duration::from_secs(1), "asked {:?} later", next.at - answered);
}

#[test]
fn an_update_resumes_where_a_killed_process_stopped() {
    let world = of_accounts(40);
    let mut process = world.process();
    ask(&mut process);
    wait_until("something is saved", || !saved(&world).is_empty());
    drop(process);
    let saved = saved(&world);
    let fetched = saved.values().filter(|account| !account["fetched_at"].is_null()).count();
    assert!((1..40).contains(&fetched), "{fetched} of 40");
    world.fake.forget_calls();
    let accounts = update(&world);
    assert_eq!(accounts.len(), 40);
    assert!(accounts.iter().all(|(_, roles)| roles.len() == 3));
    assert_eq!(role_lists(&world), 40 - fetched);
}

#[test]
fn an_update_resumes_where_a_failed_one_stopped() {
    let world = of_accounts(20);
    let mut process = world.process();
    ask(&mut process);
    world.wait_for_calls(Operation::ListAccountRoles, 5);
    world.fake.end_sessions();
    assert_eq!(process.failure().problem, "SignInNeeded");
    let saved = saved(&world);
    let fetched = saved.values().filter(|account| !account["fetched_at"].is_null()).count();
    assert!((4..20).contains(&fetched), "{fetched} of 20");
    world.sign_in(INSTANCE);
    world.fake.forget_calls();
    assert_eq!(update(&world).len(), 20);
    assert_eq!(role_lists(&world), 20 - fetched);
}

#[test]
fn single_errors_of_aws_and_of_the_network_are_retried() {
    let world = of_accounts(10);
    for fault in [Fault::ServerError, Fault::Disconnect] {
        world.fake.fault(Operation::ListAccounts, fault);
        world.fake.fault(Operation::ListAccountRoles, fault);
        world.fake.fault(Operation::ListAccountRoles, fault);
    }
    let accounts = update(&world);
    assert!(accounts.len() == 10 && accounts.iter().all(|(_, roles)| roles.len() == 3));
    assert_eq!(role_lists(&world), 14);
}

#[test]
fn after_repeated_errors_the_update_fails() {
    let world = of_accounts(3);
    world.fake.fault_always(Operation::ListAccounts, Fault::Disconnect);
    let mut process = world.process();
    ask(&mut process);
    assert_eq!(process.failure().problem, "Unavailable");
    assert_eq!(world.fake.count(Operation::ListAccounts), 5);
}

#[test]
fn a_token_that_expires_during_an_update_is_renewed_once() {
    let world = of_accounts(20);
    let mut process = world.process();
    ask(&mut process);
    world.wait_for_calls(Operation::ListAccountRoles, 5);
    world.fake.expire_access_tokens();
    let accounts = listed(&mut process);
    assert!(accounts.len() == 20 && accounts.iter().all(|(_, roles)| roles.len() == 3));
    assert_eq!(world.fake.count(Operation::CreateToken), 1);
}

#[test]
fn of_two_processes_one_updates_and_the_other_uses_its_result() {
    let world = of_accounts(15);
    let (mut first, mut second) = (world.process(), world.process());
    assert!(second.signed_in());
    ask(&mut first);
    world.wait_for_calls(Operation::ListAccountRoles, 1);
    ask(&mut second);
    assert_eq!(listed(&mut first), listed(&mut second));
    assert_eq!(world.fake.calls().len(), 16);
}

#[test]
fn an_update_finds_new_and_removed_accounts_and_roles() {
    let world = of_accounts(3);
    update(&world);
    world.fake.remove_account("100000000002");
    world.fake.add_account("000000000007", "New", &["Zoo", "Admin"]);
    world.fake.remove_role("100000000003", ROLE);
    // After a complete update, the next one fetches everything again.
    let [new, first, last] = &update(&world)[..] else { panic!("not three accounts") };
    let roles = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    assert_eq!(*new, ("000000000007".to_owned(), roles(&["Admin", "Zoo"])));
    assert_eq!(*first, (ACCOUNT.to_owned(), roles(&["AdministratorAccess", "PowerUser", ROLE])));
    let less = roles(&["AdministratorAccess", "PowerUser"]);
    assert_eq!(*last, ("100000000003".to_owned(), less));
}

#[test]
fn an_update_can_be_limited_to_new_accounts() {
    let world = of_accounts(3);
    update(&world);
    world.fake.forget_calls();
    world.fake.add_account("000000000007", "New", &["Admin"]);
    let mut process = world.process();
    process.ask(Request::UpdateCatalogue { only_new: true });
    let accounts = listed(&mut process);
    assert_eq!(accounts.len(), 4);
    assert_eq!(accounts[0], ("000000000007".to_owned(), vec!["Admin".to_owned()]));
    assert_eq!(role_lists(&world), 1);
}

#[test]
fn an_account_that_disappears_during_an_update_has_no_roles() {
    let world = of_accounts(12);
    let mut process = world.process();
    ask(&mut process);
    world.wait_for_calls(Operation::ListAccountRoles, 1);
    world.fake.remove_account("100000000012");
    let accounts = listed(&mut process);
    assert!(accounts.iter().all(|(id, roles)| (id == "100000000012") == roles.is_empty()));
    assert_eq!(update(&world).len(), 11);
}
