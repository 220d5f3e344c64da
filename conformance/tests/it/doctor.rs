//! `aws-sso doctor` predicts what SDKs do. Each test runs doctor and the SDK in the same environments, and compares whether the
//! SDK gets its credentials from the server.

use fakes::{Running, TestEnv};
use serde_json::Value;

use crate::clients::{self, Client};
use crate::{load, world_without_aws};

const URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
/// Removes the server's URI.
const NO_URI: (&str, &str) = (URI, "");

/// Variables in addition to the server's URI, and an AWS config. All other sources either have keys or fail, so that an SDK
/// which asks the server only after a failure does ask it.
const ENVIRONMENTS: [(&[(&str, &str)], &str); 20] = [
    (&[], ""),
    (&[NO_URI], ""),
    (&KEYS, ""),
    (&[KEYS[0]], ""),
    (&[KEYS[1]], ""),
    (&[("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")], ""),
    (&[], "[default]\nregion = eu-central-1\n"),
    (&[], "[default]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = CANARY-profile\n"),
    (&[], "[default]\ncredential_process = false\n"),
    (&[], SSO),
    (&[("AWS_PROFILE", "missing")], "[default]\nregion = eu-central-1\n"),
    (&[("AWS_PROFILE", "missing")], ""),
    (&[("AWS_PROFILE", "default")], ""),
    (&[("AWS_PROFILE", "")], ""),
    (&[("AWS_PROFILE", "other")], OTHER),
    (&[("AWS_PROFILE", "other"), KEYS[0], KEYS[1]], OTHER),
    (&[("AWS_PROFILE", "other"), ("AWS_DEFAULT_PROFILE", "keys")], OTHER),
    (&[("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere"), ROLE], ""),
    (&[("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere")], ""),
    (&[("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "")], ""),
];
const KEYS: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT"), ("AWS_SECRET_ACCESS_KEY", "CANARY-environment")];
const ROLE: (&str, &str) = ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/x");
/// An SSO session without a sign-in.
const SSO: &str = "[default]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = x\n\
    [sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-central-1\n";
const OTHER: &str = "[profile other]\nregion = eu-central-1\n[profile keys]\n\
    aws_access_key_id = AKIAPROFILE\naws_secret_access_key = CANARY-profile\n";

fn check(client: &Client) {
    let mut world = world_without_aws();
    let server = world.serve(&[]);
    let uri = load(&world, &server, "ASIASERVER", None);
    let wrong: Vec<_> = ENVIRONMENTS
        .iter()
        .filter_map(|(variables, config)| {
            world.write(".aws/config", config);
            let variables: Vec<_> =
                [(URI, uri.as_str())].iter().chain(*variables).copied().collect();
            let said = client.start(&world, &variables).get();
            let asked = said == client.has("ASIASERVER");
            let verdict = verdict(&mut world, &server, client, &variables);
            let expected = verdict.get("AsksServer").unwrap() != "no";
            (asked != expected)
                .then(|| format!("{variables:?} {config:?}: {verdict}; it said {said}"))
        })
        .collect();
    assert_eq!(wrong, [] as [String; 0]);
}

/// The verdict of doctor about the client in this environment.
fn verdict(
    world: &mut TestEnv,
    server: &Running,
    client: &Client,
    variables: &[(&str, &str)],
) -> Value {
    for (name, value) in variables {
        world.set(name, value);
    }
    let shown = world.run(&["doctor", "--output", "json", "--server", &server.address()]);
    for (name, _) in variables {
        world.unset(name);
    }
    let report: Value = serde_json::from_str(&shown.stdout).unwrap();
    let sdks = report.get("Sdks").unwrap().as_array().unwrap();
    let is_it = |sdk: &&Value| {
        let mut names = sdk.get("Sdk").unwrap().as_str().unwrap().split(", ");
        names.any(|name| client.name.starts_with(name))
    };
    sdks.iter().find(is_it).unwrap().clone()
}

#[test]
fn boto3() {
    check(&clients::BOTO3);
}

#[test]
fn the_aws_cli() {
    check(&clients::AWS_CLI);
}

#[test]
fn the_sdk_for_go() {
    check(&clients::GO);
}

#[test]
fn the_sdk_for_java() {
    check(&clients::JAVA);
}

#[test]
fn the_sdk_for_javascript() {
    check(&clients::JAVASCRIPT);
}

#[test]
fn the_sdk_for_rust() {
    check(&clients::RUST);
}
