//! A server that gets its slots' credentials by itself, from the fake, in real time: what lives short is refreshed soon.

mod failing;
mod foreseen;
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

/// A role of the fake, by its profile name; the source that it has; and its slot.
const ROLE: &str = "Team1Dev:ReadOnlyAccess";
const SOURCE: &str = "corp 000001111111/ReadOnlyAccess";
const SLOT: &str = "/slot/Team1Dev:ReadOnlyAccess";
const OTHER_ROLE: &str = "payments-prod:ReadOnlyAccess";
const OTHER_SLOT: &str = "/slot/payments-prod:ReadOnlyAccess";

/// A fake whose credentials live for so many seconds.
fn fake(credentials_life: u64) -> FakeIdentityCenter {
    FakeIdentityCenter::start(options(credentials_life))
}

fn options(credentials_life: u64) -> Options {
    let credentials_life = Duration::from_secs(credentials_life);
    Options { auto_approve: true, credentials_life, ..Options::default() }
}

#[track_caller]
fn load(world: &TestEnv, server: &Running, arguments: &[&str]) {
    let address = server.address();
    let command = [&["ecs", "load", "--server", &address], arguments].concat();
    assert_done(&world.run(&command));
}

/// An upload without credentials: the server gets them.
fn upload_of_source(fake: &FakeIdentityCenter, name: &str, role_name: &str) -> String {
    let start_url = fake.start_url();
    format!(
        r#"{{"ProfileName":"{name}","Source":{{"Instance":"corp","StartUrl":"{start_url}","AccountId":"000001111111","RoleName":"{role_name}"}}}}"#
    )
}

/// The access key id that is served, if any is.
fn key_id(server: &Running, target: &str) -> Option<String> {
    let (status, body) = server.get(target);
    let body: Value = serde_json::from_str(&body).unwrap();
    (status == 200).then(|| body["AccessKeyId"].as_str().unwrap().to_owned())
}

/// What is told of the default slot.
fn profile(server: &Running) -> Value {
    serde_json::from_str(&server.get("/profile").1).unwrap()
}

/// How many calls the fake has refused.
fn refused(fake: &FakeIdentityCenter) -> usize {
    fake.calls().into_iter().filter(|call| call.status.is_some_and(|status| status >= 400)).count()
}

/// Waits until it is so, and says how long that took. The limit is no measurement: it is for what never comes.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(40), "in vain: {what}");
        sleep(Duration::from_millis(20));
    }
    start.elapsed()
}

/// How long things took, for whoever wants to know: `--nocapture`.
#[expect(clippy::print_stdout, reason = "a test tells what it must not judge")]
fn tell(text: &str) {
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
    until("four sets of credentials for each", || {
        for target in ["/", OTHER_SLOT] {
            seen.insert((target, key_id(&server, target).expect("it never has none")));
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
        let told = format!(
            "\"State\":\"ready\",\"Source\":{{\"Instance\":\"corp\",\"StartUrl\":\"{}\",\
             \"AccountId\":\"000001111111\",\"RoleName\":\"ReadOnlyAccess\"}},\"SourceText\":\"{SOURCE}\",",
            fake.start_url()
        );
        assert!(json.contains(&told), "{json}");
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
