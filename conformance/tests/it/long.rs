//! A program that runs longer than the lifetime of its credentials. The server refreshes them, so that no call fails.

use std::collections::HashSet;
use std::time::Duration;

use fakes::FakeIdentityCenter;
use fakes::identity_center::{Operation, Options};

use crate::{Moto, chains, sdks, world};

const LIFE: u64 = 20;
const DRIVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/drivers/boto3_for_long.py");

#[test]
fn boto3_outlives_three_sets_of_credentials_without_a_failed_call() {
    let moto = Moto::start();
    let fake = FakeIdentityCenter::start(Options {
        auto_approve: true,
        credentials_life: Duration::from_secs(LIFE),
        ..Options::default()
    });
    let world = chains::sign_in(world(&moto), &fake, "");
    let server = world.serve(&["--load", "Team1Dev:ReadOnlyAccess"]);
    let mut command = world.command(sdks().join("bin/python"));
    command.args([DRIVER, &moto.url, &(3 * LIFE + 5).to_string()]);
    command.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url("/creds"));
    let finished = world.finish(command, "");
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    assert!(!finished.stdout.contains("failed: "), "{}", finished.stdout);
    let of = |what: &str| {
        let line = finished.stdout.lines().find_map(|line| line.strip_prefix(what)).unwrap();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(of("calls")[0].parse::<u64>().unwrap() > 3 * LIFE, "several a second");
    let keys = of("keys");
    assert!(keys.len() > 3, "they really changed");
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len(), "and never back");
    assert!(keys.iter().all(|key| fake.issued(key).is_some()), "a key is not from the fake");
    // The first call is that of the load.
    let calls = fake.count(Operation::GetRoleCredentials);
    assert!(calls <= keys.len() + 2, "the server calls AWS more often than for each refresh");
}
