//! The fake IAM Identity Center follows AWS's service models: botocore's clients work with it, and every answer has the shape
//! in botocore's models. All other tests with the fake depend on this.

use std::process::Command;
use std::time::Duration;

use fakes::identity_center::{Fault, Issued, Operation, Options};
use fakes::{FakeIdentityCenter, TestEnv};

use crate::sdks;

const DRIVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/drivers/botocore_idc.py");

/// The lines that the driver prints, except for the credentials.
const CHECKS: &[&str] = &[
    "registration",
    "denied in the browser",
    "wrong verifier",
    "another client's code",
    "authorization code",
    "reused code",
    "wrong clients",
    "a foreign redirect URI",
    "refresh rotation",
    "another client's refresh token",
    "pending",
    "slow down",
    "approved",
    "denied on the device's page",
    "no refresh token without a scope",
    "accounts",
    "roles",
    "what is not there",
    "throttled",
    "forbidden",
    "logged out",
];

#[test]
fn botocore_finds_an_identity_center() {
    let fake = FakeIdentityCenter::start(Options {
        accounts: 25,
        roles: 12,
        refresh_grace: Duration::ZERO,
        ..Options::default()
    });
    fake.fault(Operation::GetRoleCredentials, Fault::Throttled { retry_after: Some(7) });
    let world = TestEnv::new("");
    let mut command: Command = world.command(sdks().join("bin/python"));
    command.arg(DRIVER).env("FAKE_AWS_URL", fake.url());
    command.env("FAKE_AWS_START_URL", fake.start_url());
    let finished = world.finish(command, "");
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
    let (credentials, checks): (Vec<&str>, Vec<&str>) =
        finished.stdout.lines().partition(|line| line.starts_with("credentials "));
    assert_eq!(checks, CHECKS);
    let mut words = credentials.first().unwrap().split(' ').skip(1);
    let mut next = || words.next().unwrap().to_owned();
    let issued = fake.issued(&next()).unwrap();
    assert_eq!(issued, Issued { user: "alice".to_owned(), account_id: next(), role_name: next() });
    assert_eq!(fake.count(Operation::Logout), 2);
}
