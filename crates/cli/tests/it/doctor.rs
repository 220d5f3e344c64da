//! `doctor`: a healthy world, and each sickness by itself, with the line that mends it.

mod aws_config;
mod sign_ins;
mod token;

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use fakes::{Running, TestEnv};
use serde_json::Value;

use crate::identity_center::{fake, signed_in};
use crate::{session, world};

const URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

/// A world whose shell has taken over what `ecs env` prints, and whose server has something in its default slot.
fn healthy() -> (TestEnv, Running) {
    let mut world = world();
    let server = world.serve(&[]);
    let load = ["ecs", "load", "--from-stdin", "--name", "dev", "--server", &server.address()];
    let loaded = world.run_with_input(&load, &session("ASIAHEALTHY"));
    assert_eq!(loaded.code, Some(0), "{}", loaded.stderr);
    take_over(&mut world, &format!("eval \"$(aws-sso ecs env --server {})\"", server.address()));
    (world, server)
}

/// Has a shell type the line, and its environment from then on.
fn take_over(world: &mut TestEnv, line: &str) {
    let mut command = world.command("sh");
    let script = format!(
        "mkdir -p bin; ln -sf \"$1\" bin/aws-sso; PATH=$PWD/bin:$PATH\n{{ {line}\n}} > /dev/null; env -0"
    );
    command.args(["-ec", &script, "sh"]).arg(world.binary());
    let typed = world.finish(command, "");
    assert_eq!(typed.code, Some(0), "{line}: {}", typed.stderr);
    let pairs = typed.stdout.split_terminator('\0').filter_map(|pair| pair.split_once('='));
    let after: BTreeMap<&str, &str> = pairs.collect();
    for name in VARIABLES {
        match after.get(name) {
            Some(value) => world.set(name, value),
            None => world.unset(name),
        };
    }
}

/// Those that a mending line sets or unsets.
const VARIABLES: [&str; 12] = [
    URI,
    TOKEN,
    TOKEN_FILE,
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_PROFILE",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "SSL_CERT_FILE",
    "NO_PROXY",
    "no_proxy",
];

/// The findings that aren't `ok`: level, what was seen and why, and what mends it.
fn sick(world: &TestEnv) -> Vec<(String, String, String)> {
    let shown = world.run(&["doctor", "--output", "json"]);
    let report: Value = serde_json::from_str(&shown.stdout).unwrap();
    let findings = report["Findings"].as_array().unwrap().iter();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let found: Vec<_> = findings
        .filter(|finding| finding["Level"] != "ok")
        .map(|finding| {
            let said = format!("{}: {}", text(finding, "Finding"), text(finding, "Why"));
            (text(finding, "Level"), said, text(finding, "Mend"))
        })
        .collect();
    let has_problem = found.iter().any(|(level, ..)| level == "problem");
    assert_eq!(shown.code, Some(i32::from(has_problem)), "{found:#?}");
    found
}

/// The one finding that has this in it.
#[track_caller]
fn found(world: &TestEnv, level: &str, said: &str) -> String {
    let sick = sick(world);
    let chosen: Vec<_> = sick.iter().filter(|(_, text, _)| text.contains(said)).collect();
    assert_eq!(chosen.len(), 1, "{said:?} in {sick:#?}");
    assert_eq!(chosen[0].0, level, "{sick:#?}");
    chosen[0].2.clone()
}

/// A world without an instance is warned that it has none; nothing else is wrong with it.
#[track_caller]
fn assert_healthy(world: &TestEnv) {
    let sick = sick(world);
    let others: Vec<_> =
        sick.iter().filter(|(_, said, _)| !said.contains("is configured")).collect();
    assert!(others.is_empty(), "{others:#?}");
}

#[test]
fn a_healthy_world_has_no_problem() {
    let (world, server) = healthy();
    assert_healthy(&world);
    let shown = world.run(&["doctor"]);
    assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""), "{}", shown.stdout);
    for said in [
        "AWS SDKs\n  ok       every SDK: the server: nothing comes before it\n",
        &format!(
            "\n  ok       a server of yours answers at http://127.0.0.1:{}, with 0 named slots\n",
            server.port()
        ),
        "\n  ok       the default slot has `dev`, for ",
        "\n  ok       no token is sent",
        "\n  ok       no proxy is set",
        "\nno problems, 1 warning.\n",
    ] {
        assert!(shown.stdout.contains(said), "{said:?} is not in {}", shown.stdout);
    }
    assert!(!shown.stdout.contains('\u{1b}'), "colours are for terminals");
}

#[test]
fn a_signed_in_world_has_no_warning_either() {
    let fake = fake();
    let mut world = signed_in(&fake);
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    let load = ["ecs", "load", "--account", "1111111", "--role", "AdministratorAccess"];
    assert_eq!(world.run(&load).code, Some(0));
    take_over(&mut world, "eval \"$(aws-sso ecs env)\"");
    let before = world.run(&["whoami"]).stdout;
    let shown = world.run(&["doctor"]);
    assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""), "{}", shown.stdout);
    for said in [
        "signed in to `corp`",
        "roles of `corp` are known, as of less than an hour ago",
        "AWS answers for IAM Identity Center in eu-central-1",
        "this machine's clock is AWS's",
        "no problems, no warnings.",
    ] {
        assert!(shown.stdout.contains(said), "{said:?} is not in {}", shown.stdout);
    }
    assert_eq!(world.run(&["whoami"]).stdout, before, "nothing is changed");
}

#[test]
fn doctor_reports_sources_that_win_over_the_server_and_how_to_unset_them() {
    for (variables, said) in [
        (
            &[("AWS_ACCESS_KEY_ID", "AKIAX"), ("AWS_SECRET_ACCESS_KEY", "CANARY-key")][..],
            "keys in the environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set",
        ),
        (
            &[("AWS_PROFILE", "missing")],
            "AWS_PROFILE names the profile `missing`, which is in no file",
        ),
        (&[("AWS_PROFILE", "")], "AWS_PROFILE is set to nothing"),
        (
            &[("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x")],
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is set, so 169.254.170.2 is asked",
        ),
    ] {
        let (mut world, _server) = healthy();
        for (name, value) in variables {
            world.set(name, value);
        }
        let mend = found(&world, "problem", said);
        take_over(&mut world, &mend);
        assert_healthy(&world);
    }
}

#[test]
fn a_default_profile_that_wins_is_renamed() {
    for (path, header) in [
        (".aws/config", "[default]"),
        (".aws/config", "[ profile  default ]"),
        (".aws/credentials", "[default]"),
    ] {
        let (mut world, _server) = healthy();
        let keys = "aws_access_key_id = AKIAX\naws_secret_access_key = CANARY-key\n";
        world.write(path, &format!("{header}\n{keys}"));
        let mend = found(&world, "problem", "a profile: [default] of ");
        take_over(&mut world, &mend);
        let file = std::fs::read_to_string(world.home().join(path)).unwrap();
        assert!(file.contains("was-default]\naws_access_key_id"), "{file}");
        assert_healthy(&world);
    }
}

#[test]
fn without_a_uri_no_program_asks_the_server() {
    let (mut world, server) = healthy();
    world.unset(URI).set("AWS_SSO_ECS_SERVER", &server.address());
    let mend = found(&world, "warning", "AWS_CONTAINER_CREDENTIALS_FULL_URI is not set");
    assert_eq!(mend, format!("eval \"$(aws-sso ecs env --server {})\"", server.address()));
    take_over(&mut world, &mend);
    assert_healthy(&world);
}

#[test]
fn doctor_reports_a_credentials_uri_that_points_to_another_server() {
    for (uri, level, said) in [
        ("http://me:CANARY@127.0.0.1:PORT/", "problem", "is no URI of a server"),
        ("http://127.0.0.1:1/creds", "problem", "leads to 127.0.0.1:1"),
        ("http://localhost:PORT/creds", "warning", "async-aws and the SDK for Swift refuse it"),
        ("http://dev.example:PORT/creds", "problem", "boto3, AWS CLI, SDK for JavaScript v3"),
        ("http://127.0.0.1:PORT/nowhere", "problem", "names no slot"),
        ("http://127.0.0.1:PORT/slot/a%3Ab", "warning", "some SDKs encode it once more"),
    ] {
        let (mut world, server) = healthy();
        world.set("AWS_SSO_ECS_SERVER", &server.address());
        world.set(URI, &uri.replace("PORT", &server.port().to_string()));
        let sick = sick(&world);
        let finding = sick.iter().find(|(found, text, _)| found == level && text.contains(said));
        let (.., mend) = finding.unwrap_or_else(|| panic!("{said:?} in {sick:#?}"));
        take_over(&mut world, mend);
        let port = server.port();
        let uri = world.finish(world.command("printenv"), "").stdout;
        assert!(uri.contains(&format!("FULL_URI=http://127.0.0.1:{port}/")), "{uri}");
    }
}

#[test]
fn without_a_server_the_fix_starts_one() {
    let (world, server) = healthy();
    let address = server.address();
    drop(server);
    let mend = found(&world, "problem", &format!("no server is running at {address}"));
    assert!(mend.starts_with("Start it: aws-sso ecs run"), "{mend}");
}

#[test]
fn doctor_reports_an_empty_slot_and_the_command_that_loads_it() {
    let (mut world, server) = healthy();
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    let named = world.run(&["doctor", "--profile", "a b"]);
    assert_eq!(named.code, Some(1));
    let mend = format!(
        "nothing is loaded in the slot `a b`: SDKs get a 404\n           aws-sso ecs load --slotted --profile 'a b' --server {}\n",
        server.address()
    );
    assert!(named.stdout.contains(&mend), "{}", named.stdout);
    assert_eq!(world.run(&["ecs", "unload"]).code, Some(0));
    let mend = found(&world, "problem", "nothing is loaded in the default slot");
    assert_eq!(mend, format!("aws-sso ecs load --server {}", server.address()));
}

#[test]
fn doctor_reports_a_proxy_that_catches_loopback() {
    let (mut world, _server) = healthy();
    world.set("HTTP_PROXY", "http://proxy.example:3128");
    assert_healthy(&world);
    world.unset("NO_PROXY").unset("no_proxy");
    let mend = found(&world, "problem", "HTTP_PROXY is set");
    take_over(&mut world, &mend);
    assert_healthy(&world);
}

#[test]
fn doctor_reports_a_missing_certificate_file() {
    let (mut world, _server) = healthy();
    world.set("SSL_CERT_FILE", "/nowhere/ca.pem");
    let mend = found(&world, "problem", "SSL_CERT_FILE names /nowhere/ca.pem");
    take_over(&mut world, &mend);
    assert_healthy(&world);
}

#[test]
fn a_server_with_https_wants_a_uri_and_programs_that_trust_it() {
    let mut world = world();
    world.set("AWS_SSO_FILE_PASSWORD", "CANARY-passphrase");
    let server = world.serve(&["--tls"]);
    let address = format!("https://{}", server.address());
    let load = ["ecs", "load", "--from-stdin", "--server", &address];
    assert_eq!(world.run_with_input(&load, &session("ASIAHTTPS")).code, Some(0));
    world.unset("AWS_SSO_FILE_PASSWORD").set(URI, &server.url("/creds"));
    let mend = found(&world, "problem", "the server speaks HTTPS");
    assert_eq!(mend, format!("eval \"$(aws-sso ecs env --server {address})\""));
    take_over(&mut world, &mend);
    let sick = sick(&world);
    let distrusted = |name: &str| {
        sick.iter().any(|(_, said, _)| said.contains("is not trusted by") && said.contains(name))
    };
    assert!(!distrusted("AWS SDK for Rust"), "{sick:#?}");
    world.unset("SSL_CERT_FILE");
    let mend = found(&world, "problem", "AWS SDK for Rust");
    assert!(mend.contains(&address), "{mend}");
}

fn set_mode(path: &str, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}
