//! The end and the start of a session, as programs and people see them.

use std::fs;
use std::time::Duration;

use fakes::identity_center::{Operation, Options};
use fakes::{FakeIdentityCenter, Running, TestEnv};
use serde_json::{Value, json};

use super::{
    OTHER_ROLE, OTHER_SLOT, ROLE, SLOT, fake, key_id, load, note, profile, refused, until,
    upload_of_source,
};
use crate::identity_center::{assert_done, config, instance, signed_in, world_of};

const TARGETS: [&str; 4] =
    ["/", SLOT, OTHER_SLOT, "/slot/Z%C3%BCrichB%C3%BCro:AdministratorAccess"];

/// Loads the default slot and three named slots.
fn load_four(world: &TestEnv, server: &Running) {
    load(world, server, &["--profile", ROLE]);
    for role in [ROLE, OTHER_ROLE, "ZürichBüro:AdministratorAccess"] {
        load(world, server, &["--profile", role, "--slotted"]);
    }
}

/// Whether every slot is in this state.
fn are_all(server: &Running, state: &str) -> bool {
    let named: Vec<Value> = serde_json::from_str(&server.get("/slot").1).unwrap();
    named.iter().all(|slot| slot["State"] == state) && profile(server)["State"] == state
}

fn are_all_served(server: &Running) -> bool {
    TARGETS.iter().all(|target| key_id(server, target).is_some())
}

#[test]
fn after_the_end_of_a_session_slots_are_served_until_they_expire_and_one_sign_in_restores_all() {
    let fake = fake(10);
    let world = signed_in(&fake);
    let server = world.serve(&[]);
    load_four(&world, &server);
    until("the first refresh", || are_all(&server, "ready"));
    fake.end_sessions();
    until("every slot needs a sign-in", || {
        let states = server.get("/slot").1;
        assert!(are_all_served(&server) || states.contains("sign-in-needed"), "{states}");
        are_all(&server, "sign-in-needed")
    });
    assert!(are_all_served(&server), "credentials that have not expired are served");
    assert!(profile(&server)["Hint"].as_str().unwrap().contains("aws-sso login"));
    fake.forget_calls();
    until("all credentials expire", || TARGETS.iter().all(|target| server.get(target).0 == 404));
    let body = server.get(SLOT).1;
    assert!(
        body.contains("no credentials to serve: the SSO session has ended for `corp`"),
        "{body}"
    );
    assert!(body.contains("Sign in: aws-sso login"), "{body}");
    assert_eq!(fake.calls(), [], "without a sign-in, AWS gets no request");

    assert_done(&world.run(&["login"]));
    let took = until("all are served again", || are_all_served(&server));
    note(&format!("after the sign-in all slots were served within {took:?}"));
    assert!(took.as_secs() < 20, "{took:?}");
    until("every slot is ready", || are_all(&server, "ready"));
}

#[test]
fn the_command_of_on_event_gets_the_end_of_a_session_and_the_new_sign_in() {
    let fake = fake(6);
    let world = signed_in(&fake);
    let server = world.serve(&["--on-event", "cat >> events.jsonl"]);
    load_four(&world, &server);
    until("the first refresh", || are_all(&server, "ready"));
    fake.end_sessions();
    let events_of = |kind: &str| -> Vec<Value> {
        let lines = fs::read_to_string(world.home().join("events.jsonl")).unwrap_or_default();
        let whole = lines.lines().filter(|line| line.ends_with('}'));
        let events = whole.map(|line| serde_json::from_str::<Value>(line).unwrap());
        events.filter(|event| event["Event"] == kind).collect()
    };
    until("SignInNeeded", || !events_of("SignInNeeded").is_empty());
    assert_done(&world.run(&["login"]));
    until("SignedIn", || !events_of("SignedIn").is_empty());
    for (kind, said) in [("SignInNeeded", "aws-sso login"), ("SignedIn", "signed in")] {
        let [event] = &events_of(kind)[..] else { panic!("{kind} is not reported once") };
        assert_eq!((&event["Instance"], &event["DefaultSlot"]), (&"corp".into(), &true.into()));
        let mut slots: Vec<&str> =
            event["Slots"].as_array().unwrap().iter().map(|slot| slot.as_str().unwrap()).collect();
        slots.sort_unstable();
        assert_eq!(slots, [ROLE, "ZürichBüro:AdministratorAccess", OTHER_ROLE]);
        assert!(event["Message"].as_str().unwrap().contains(said), "{event}");
    }
    server.signal("TERM");
    let stderr = server.wait().stderr;
    assert_eq!(
        stderr.matches("warning: the SSO session has ended for `corp`").count(),
        1,
        "{stderr}"
    );
    assert_eq!(stderr.matches("signed in to `corp` again").count(), 1, "{stderr}");
}

#[test]
fn a_warning_says_that_a_session_ends_soon() {
    let fake = FakeIdentityCenter::start(Options {
        auto_approve: true,
        session_life: Duration::from_secs(10 * 60),
        ..Options::default()
    });
    let world = signed_in(&fake);
    let server = world.serve(&["--load", ROLE]);
    until("the end of the session is known", || profile(&server)["SessionEnds"].is_i64());
    assert_eq!(profile(&server)["State"], "ready");
    let shown = world.run(&["ecs", "profile", "--server", &server.address()]).stderr;
    let warning = "warning: the SSO session of `corp` ends in 9m. \
                   Sign in again: aws-sso login --force --sso corp\n";
    assert_eq!(shown, warning);
    server.signal("TERM");
    assert_eq!(server.wait().stderr.matches(warning).count(), 1);
}

#[test]
fn a_slot_that_is_loaded_before_the_first_sign_in_is_served_after_it() {
    let fake = fake(3600);
    let world = world_of(&fake);
    world.write(".aws-sso/config.yaml", &config(&instance("corp", &fake)));
    let server = world.serve(&[]);
    let upload = upload_of_source(&fake, ROLE, "ReadOnlyAccess");
    assert_eq!(server.request("PUT", "/", &[], &upload).0, 200);
    until("a sign-in is needed", || profile(&server)["State"] == "sign-in-needed");
    assert_eq!(server.get("/").0, 404);
    assert_eq!(fake.calls(), []);
    assert_done(&world.run(&["login"]));
    let took = until("it is served", || key_id(&server, "/").is_some());
    note(&format!("after the first sign-in the slot was served within {took:?}"));
}

/// The AWS CLI's sign-in is found by the start URL of the profile.
#[test]
fn a_profile_is_served_after_a_sign_in_with_the_aws_cli() {
    let fake = fake(3600);
    let world = signed_in(&fake);
    let (start_url, region) = (fake.start_url(), fake.region());
    let config = format!(
        "[profile old]\nsso_start_url = {start_url}\nsso_region = {region}\n\
         sso_account_id = 000001111111\nsso_role_name = ReadOnlyAccess\n"
    );
    world.write(".aws/config", &config);
    let file = world.home().join(".local/state/aws-sso/corp.json");
    let item: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    fs::remove_file(file).unwrap();
    let server = world.serve(&["--load", "old"]);
    until("a sign-in is needed", || profile(&server)["State"] == "sign-in-needed");
    let token = json!({
        "startUrl": start_url,
        "region": region,
        "accessToken": item["session"]["access_token"],
        "expiresAt": "2099-01-01T00:00:00Z",
    });
    // Named by the SHA-1 of the start URL.
    let path = ".aws/sso/cache/a51746d4aa793ae07b25e90c3a5db96fc7832bd7.json";
    world.write(path, &token.to_string());
    let took = until("it is served", || key_id(&server, "/").is_some());
    note(&format!("after the AWS CLI's sign-in the slot was served within {took:?}"));
    assert_eq!(profile(&server)["State"], "ready");
}

#[test]
fn after_another_person_signs_in_the_credentials_are_theirs() {
    let fake = fake(8);
    let world = signed_in(&fake);
    let server = world.serve(&["--load", ROLE]);
    let user = |key: Option<String>| key.and_then(|key| fake.issued(&key)).map(|to| to.user);
    assert_eq!(user(key_id(&server, "/")).as_deref(), Some("alice"));
    fake.set_user("bob");
    assert_done(&world.run(&["login", "--force"]));
    until("the credentials are bob's", || user(key_id(&server, "/")).as_deref() == Some("bob"));
}

#[test]
fn the_server_notices_a_sign_out_and_the_next_sign_in() {
    let fake = fake(6);
    let world = signed_in(&fake);
    let server = world.serve(&["--load", ROLE]);
    assert_done(&world.run(&["logout"]));
    until("a sign-in is needed", || profile(&server)["State"] == "sign-in-needed");
    until("the credentials expire", || key_id(&server, "/").is_none());
    assert_eq!(fake.count(Operation::CreateToken), 1, "the server did not renew the access token");
    assert_done(&world.run(&["login"]));
    until("it is served", || key_id(&server, "/").is_some());
}

#[test]
fn a_removed_role_is_reported_once_and_not_requested_until_it_is_loaded_again() {
    let fake = fake(6);
    let world = signed_in(&fake);
    let server = world.serve(&[]);
    load(&world, &server, &["--profile", ROLE]);
    load(&world, &server, &["--profile", OTHER_ROLE, "--slotted"]);
    fake.remove_role("000001111111", "ReadOnlyAccess");
    until("the role is refused", || profile(&server)["State"] == "denied");
    assert!(key_id(&server, "/").is_some(), "credentials that have not expired are served");
    until("the credentials expire", || key_id(&server, "/").is_none());
    let (status, body) = server.get("/");
    assert_eq!(status, 404);
    assert!(body.contains("AWS does not give you the role ReadOnlyAccess"), "{body}");
    assert_eq!(refused(&fake), 1, "the server does not ask again");
    assert!(key_id(&server, OTHER_SLOT).is_some(), "the other role is still served");

    fake.add_role("000001111111", "ReadOnlyAccess");
    load(&world, &server, &["--profile", ROLE]);
    let first = key_id(&server, "/").unwrap();
    until("it is refreshed", || key_id(&server, "/").is_some_and(|key| key != first));
    assert_eq!(profile(&server)["State"], "ready");
    assert_eq!(refused(&fake), 1);
    server.signal("TERM");
    let stderr = server.wait().stderr;
    let warning = "AWS does not give you the role ReadOnlyAccess";
    assert_eq!(stderr.matches(warning).count(), 1, "{stderr}");
}

#[test]
fn a_server_that_starts_before_the_sign_in_serves_its_role_after_it() {
    let fake = fake(3600);
    let world = world_of(&fake);
    world.write(".aws-sso/config.yaml", &config(&instance("corp", &fake)));
    let (start_url, region) = (fake.start_url(), fake.region());
    world.write(
        ".aws/config",
        &format!(
            "[sso-session corp]\nsso_start_url = {start_url}\nsso_region = {region}\n\n[profile dev]\n\
             sso_session = corp\nsso_account_id = 000001111111\nsso_role_name = ReadOnlyAccess\n"
        ),
    );
    let refused = world.run(&["ecs", "run", "--port", "0", "--load", "dev", "--no-refresh"]);
    assert_eq!(
        refused.code,
        Some(3),
        "without refreshing, the credentials must be there at the start: {}",
        refused.stderr
    );
    let server = world.serve(&["--load", "dev"]);
    until("a sign-in is needed", || profile(&server)["State"] == "sign-in-needed");
    let (status, body) = server.get("/");
    assert_eq!(status, 404);
    assert!(body.contains("aws-sso login"), "{body}");
    assert_eq!(fake.calls().len(), 0, "AWS got no request");
    assert_done(&world.run(&["login"]));
    until("the role is served", || server.get("/").0 == 200);
    assert_eq!(profile(&server)["ProfileName"], "dev");
}
