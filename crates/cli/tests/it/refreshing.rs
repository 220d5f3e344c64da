//! A server refreshes its slots from the fake, in real time. Credentials with a short life are refreshed soon.

mod failing;
mod foreseen;
mod odd_files;
mod racing;
mod restoring;
mod signing_in;

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::{Duration, Instant};

use fakes::identity_center::Options;
use fakes::{FakeIdentityCenter, Running, TestEnv};
use serde_json::Value;

use crate::identity_center::{assert_done, signed_in};

/// A role of the fake: its profile name, its source and its slot.
const ROLE: &str = "Team1Dev:ReadOnlyAccess";
const SOURCE: &str = "corp 000001111111/ReadOnlyAccess";
const SLOT: &str = "/slot/Team1Dev:ReadOnlyAccess";
const OTHER_ROLE: &str = "payments-prod:ReadOnlyAccess";
const OTHER_SLOT: &str = "/slot/payments-prod:ReadOnlyAccess";

/// A fake that issues credentials with a life of this many seconds.
fn fake(life_seconds: u64) -> FakeIdentityCenter {
    FakeIdentityCenter::start(options(life_seconds))
}

fn options(life_seconds: u64) -> Options {
    let credentials_life = Duration::from_secs(life_seconds);
    Options { auto_approve: true, credentials_life, ..Options::default() }
}

#[track_caller]
fn load(world: &TestEnv, server: &Running, arguments: &[&str]) {
    let address = server.address();
    let command = [&["ecs", "load", "--server", &address], arguments].concat();
    assert_done(&world.run(&command));
}

/// An upload that names a source and has no credentials. The server fetches them.
fn upload_of_source(fake: &FakeIdentityCenter, name: &str, role_name: &str) -> String {
    let start_url = fake.start_url();
    format!(
        r#"{{"ProfileName":"{name}","Source":{{"Instance":"corp","StartUrl":"{start_url}","AccountId":"000001111111","RoleName":"{role_name}"}}}}"#
    )
}

/// The ID of the access key that is served. None without credentials.
fn key_id(server: &Running, target: &str) -> Option<String> {
    let (status, body) = server.get(target);
    let body: Value = serde_json::from_str(&body).unwrap();
    (status == 200).then(|| body["AccessKeyId"].as_str().unwrap().to_owned())
}

/// The description of the default slot.
fn profile(server: &Running) -> Value {
    serde_json::from_str(&server.get("/profile").1).unwrap()
}

/// The number of calls that the fake has refused.
fn refused(fake: &FakeIdentityCenter) -> usize {
    fake.calls().into_iter().filter(|call| call.status.is_some_and(|status| status >= 400)).count()
}

/// Waits until a condition is true, and returns how long that took. The time limit only ends a wait that has no end.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(40), "did not happen in time: {what}");
        sleep(Duration::from_millis(20));
    }
    start.elapsed()
}

/// Prints a measured time, which `--nocapture` shows.
#[expect(clippy::print_stdout, reason = "a test prints a time, and must not fail because of it")]
fn note(text: &str) {
    println!("{text}");
}

#[test]
fn a_loaded_slot_is_refreshed_before_it_expires_and_every_read_succeeds() {
    let fake = fake(6);
    let world = signed_in(&fake);
    let server = world.serve(&[]);
    load(&world, &server, &["--profile", ROLE]);
    load(&world, &server, &["--profile", OTHER_ROLE, "--slotted"]);
    let mut seen = BTreeSet::new();
    until("each slot has had four sets of credentials", || {
        for target in ["/", OTHER_SLOT] {
            seen.insert((
                target,
                key_id(&server, target).expect("the slot always has credentials"),
            ));
        }
        ["/", OTHER_SLOT].map(|slot| seen.iter().filter(|(s, _)| *s == slot).count()) >= [4, 4]
    });
    assert_eq!(refused(&fake), 0);
}

#[test]
fn source_and_state_are_shown_to_people_and_to_programs() {
    let fake = fake(3600);
    let mut world = signed_in(&fake);
    let server = world.serve(&["--load", ROLE]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    load(&world, &server, &["--profile", ROLE, "--slotted"]);
    for command in ["profile", "list"] {
        let table = world.run(&["ecs", command]);
        assert_done(&table);
        let row = table.stdout.lines().nth(2).unwrap();
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        assert_eq!(cells[..3], [ROLE, "000001111111", "ReadOnlyAccess"], "{row}");
        assert_eq!(cells[4..], ["ready", SOURCE], "{row}");
        let json = world.run(&["ecs", command, "--output", "json"]).stdout;
        let expected = format!(
            "\"State\":\"ready\",\"Source\":{{\"Instance\":\"corp\",\"StartUrl\":\"{}\",\
             \"AccountId\":\"000001111111\",\"RoleName\":\"ReadOnlyAccess\"}},\"SourceText\":\"{SOURCE}\",",
            fake.start_url()
        );
        assert!(json.contains(&expected), "{json}");
    }
    fake.remove_role("000001111111", "ReadOnlyAccess");
    assert_eq!(
        server.request("PUT", "/", &[], &upload_of_source(&fake, ROLE, "ReadOnlyAccess")).0,
        200
    );
    until("the role is refused", || profile(&server)["State"] == "denied");
    let shown = world.run(&["ecs", "profile"]);
    let row = shown.stdout.lines().nth(2).unwrap();
    assert!(row.contains("| Expired | denied |"), "{row}");
    let notice =
        "warning: AWS does not give you the role ReadOnlyAccess in the account 000001111111";
    assert!(shown.stderr.starts_with(notice), "{}", shown.stderr);
    assert!(shown.stderr.contains("aws-sso list"), "{}", shown.stderr);
}

#[test]
fn a_slot_answers_503_while_its_first_credentials_are_fetched() {
    let fake = fake(3600);
    let world = signed_in(&fake);
    let server = world.serve(&[]);
    fake.latency(Duration::from_secs(1));
    for target in ["/", SLOT] {
        let upload = upload_of_source(&fake, ROLE, "ReadOnlyAccess");
        assert_eq!(server.request("PUT", target, &[], &upload).0, 200);
        let head = format!("GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        let answer = server.send(head.as_bytes()).to_lowercase();
        assert!(answer.starts_with("http/1.1 503 "), "{answer}");
        assert!(answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
        assert!(answer.contains("are being fetched. try again in a second"), "{answer}");
        until("credentials", || key_id(&server, target).is_some());
    }
}
