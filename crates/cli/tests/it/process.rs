//! `process`: a credential_process that uses a slot of the server, or else the usual sources.

use std::process::Stdio;

use fakes::identity_center::Operation;
use fakes::{CANARY, FakeIdentityCenter, Finished, Running, TestEnv};
use serde_json::Value;

use crate::identity_center::{assert_done, config, fake, instance, signed_in, world_of};
use crate::{upload, world};

const ROLE: &str = "Team1Dev:ReadOnlyAccess";
const ARN: &str = "arn:aws:iam::000001111111:role/ReadOnlyAccess";

/// Runs `process`. Its stdout contains secrets, and its stderr must not.
fn process(world: &TestEnv, arguments: &[&str]) -> Finished {
    let mut command = world.command(world.binary());
    command.arg("process").args(arguments).stdin(Stdio::null());
    let finished = Finished::from(command.output().unwrap());
    assert!(!finished.stderr.contains(CANARY), "{}", finished.stderr);
    finished
}

/// The credentials that were printed. They must be the whole output, on one line.
#[track_caller]
fn printed(finished: &Finished) -> Value {
    let output = (finished.code, finished.stderr.as_str(), finished.stdout.lines().count());
    assert_eq!(output, (Some(0), "", 1));
    serde_json::from_str(&finished.stdout).unwrap()
}

fn key_id(finished: &Finished) -> String {
    printed(finished)["AccessKeyId"].as_str().unwrap().to_owned()
}

/// A world in which `process` can get credentials only from a server, which AWS_SSO_ECS_SERVER names.
fn only_a_server(fake: &FakeIdentityCenter, load: &[&str]) -> (TestEnv, Running) {
    let mut world = signed_in(fake);
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    assert_done(&world.run(&[&["ecs", "load", "--profile", ROLE], load].concat()));
    // This state folder contains no sign-in.
    let empty = world.home().join("elsewhere").to_str().unwrap().to_owned();
    world.set("XDG_STATE_HOME", &empty);
    (world, server)
}

#[test]
fn credentials_of_the_server_are_used_before_the_sign_in() {
    let fake = fake();
    let (world, server) = only_a_server(&fake, &["--slotted"]);
    let served: Value =
        serde_json::from_str(&server.get("/slot/Team1Dev:ReadOnlyAccess").1).unwrap();
    for named in [
        &["--profile", ROLE][..],
        &["--account", "1111111", "--role", "ReadOnlyAccess"],
        &["--arn", ARN],
        &["--profile", ROLE, "--sso", "Corp"],
        &["--arn", ARN, "--sso", "corp"],
    ] {
        let json = printed(&process(&world, named));
        assert_eq!(json["Version"], 1);
        assert_eq!(json["SessionToken"], served["Token"]);
        for key in ["AccessKeyId", "SecretAccessKey", "Expiration", "AccountId"] {
            assert_eq!(json[key], served[key], "{key}");
        }
    }
}

#[test]
fn the_default_slot_is_found_by_its_role_and_by_its_profile() {
    let fake = fake();
    let (world, _server) = only_a_server(&fake, &[]);
    for named in [["--arn", ARN], ["--profile", ROLE]] {
        assert_eq!(printed(&process(&world, &named))["AccountId"], "000001111111", "{named:?}");
    }
}

#[test]
fn another_role_or_another_identity_is_not_taken_from_the_server() {
    let fake = fake();
    let (world, server) = only_a_server(&fake, &["--slotted"]);
    server.request("PUT", "/slot/handed-in", &[], &upload("handed-in", "ASIA1"));
    for named in [
        &["--arn", "arn:aws:iam::000001111111:role/AdministratorAccess"][..],
        &["--arn", "arn:aws-cn:iam::000001111111:role/ReadOnlyAccess"],
        &["--profile", ROLE, "--sso", "other"],
        &["--arn", ARN, "--sso", "other"],
        &["--profile", "handed-in", "--sso", "corp"],
        &["--profile", "handed-in"],
        &["--profile", "nobody"],
    ] {
        let refused = process(&world, named);
        assert!(matches!(refused.code, Some(1 | 3)), "{named:?}: {refused:?}");
        assert_eq!(refused.stdout, "", "{named:?}");
    }
}

#[test]
fn with_two_possible_identities_only_slots_of_the_default_one_are_used() {
    let fake = fake();
    let (world, server) = only_a_server(&fake, &["--slotted"]);
    server.request("PUT", "/slot/handed-in", &[], &upload("handed-in", "ASIA1"));
    let both = instance("corp", &fake) + &instance("other", &fake);
    let config = config(&both) + "DefaultSSO: other\n";
    world.write(".aws-sso/config.yaml", &config);
    // Both instances have the role, because `other` gets a copy of the catalogue of `corp`.
    let catalogues = world.home().join(".cache/aws-sso");
    std::fs::copy(catalogues.join("corp.json"), catalogues.join("other.json")).unwrap();
    for named in [&["--profile", ROLE][..], &["--arn", ARN], &["--profile", "handed-in"]] {
        let refused = process(&world, named);
        assert!(matches!(refused.code, Some(1 | 3)), "{named:?}: {refused:?}");
        assert_eq!(refused.stdout, "", "{named:?}");
    }
    world.write(".aws-sso/config.yaml", &config.replace("DefaultSSO: other", "DefaultSSO: corp"));
    for named in [&["--profile", ROLE][..], &["--arn", ARN]] {
        assert_eq!(process(&world, named).code, Some(0), "{named:?}");
    }
}

#[test]
fn a_broken_or_empty_server_does_not_stop_process() {
    let fake = fake();
    let mut world = signed_in(&fake);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().unwrap().to_string();
    let refusing = world.serve(&["--require-token"]);
    let empty = world.serve(&[]);
    let web = fakes::FakeIdentityCenter::start(fakes::identity_center::Options::default());
    let web = web.url().to_owned();
    for address in ["127.0.0.1:1", &silent, &refusing.address(), &empty.address(), &web] {
        world.set("AWS_SSO_ECS_SERVER", address);
        let issued = fake.issued(&key_id(&process(&world, &["--profile", ROLE]))).unwrap();
        assert_eq!(issued.role_name, "ReadOnlyAccess");
    }
    world.set("AWS_SSO_ECS_TOKEN_FILE", "/no/such/file");
    assert!(fake.issued(&key_id(&process(&world, &["--arn", ARN]))).is_some());
    assert_eq!(fake.count(Operation::GetRoleCredentials), 1, "the stored credentials are used");
}

#[test]
fn process_never_asks_a_person() {
    let fake = fake();
    let world = world_of(&fake);
    let auto_login = config(&instance("corp", &fake)) + "AutoLogin: true\n";
    world.write(".aws-sso/config.yaml", &auto_login);
    let signed_out = process(&world, &["--arn", ARN]);
    assert_eq!((signed_out.code, signed_out.stdout.as_str()), (Some(3), ""));
    assert!(signed_out.stderr.contains("hint: Sign in: aws-sso login"), "{}", signed_out.stderr);
    let without_role = process(&world, &[]);
    assert_eq!((without_role.code, without_role.stdout.as_str()), (Some(2), ""));
    for flag in ["--profile <NAME>", "--account <ID>", "--arn <ARN>"] {
        assert!(without_role.stderr.contains(flag), "{}", without_role.stderr);
    }
}

#[test]
fn a_profile_that_leads_back_to_itself_is_an_error_and_starts_nothing_more() {
    let mut world = world();
    world.set("AWS_SSO_ECS_SERVER", "127.0.0.1:1");
    let binary = world.binary().display().to_string();
    world.write(
        ".aws/config",
        &format!(
            "[profile a]\ncredential_process = {binary} process --profile b\n\
             [profile b]\ncredential_process = {binary} process --profile a\n\
             [profile self]\ncredential_process = {binary} process --profile self\n"
        ),
    );
    for name in ["a", "self"] {
        let refused = process(&world, &["--profile", name]);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
        assert!(
            refused.stderr.contains("cannot run inside another credential_process"),
            "{name}: {}",
            refused.stderr
        );
        assert!(refused.stderr.contains("--account ID --role NAME"), "{}", refused.stderr);
    }
}

#[test]
fn a_profile_of_the_aws_config_can_name_one_of_our_roles() {
    let fake = fake();
    let world = signed_in(&fake);
    let line = format!("{} process --profile {ROLE}", world.binary().display());
    world.write(".aws/config", &format!("[profile mine]\ncredential_process = {line}\n"));
    let issued = fake.issued(&key_id(&process(&world, &["--profile", "mine"]))).unwrap();
    assert_eq!(issued.role_name, "ReadOnlyAccess");
}

#[test]
fn a_shell_evaluates_the_lines_and_other_sources_are_unset() {
    let fake = fake();
    let mut world = signed_in(&fake);
    world.set("AWS_PROFILE", "other").set("AWS_SECURITY_TOKEN", "CANARY-stale");
    let binary = world.binary().display().to_string();
    for (format, after) in [("sh", "-"), ("bash", "-"), ("env", "other")] {
        let line = format!(
            "eval \"$({binary} process -p {ROLE} --format {format})\" && \
             env | grep ^AWS_ | sort | cut -d= -f1 && echo ${{AWS_PROFILE:--}} $AWS_ACCESS_KEY_ID"
        );
        let mut shell = world.command("sh");
        let shown = Finished::from(shell.args(["-c", &line]).output().unwrap());
        assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""), "{format}");
        for name in ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION"] {
            assert!(shown.stdout.lines().any(|line| line == name), "{format}: {}", shown.stdout);
        }
        let (profile, key) = shown.stdout.lines().last().unwrap().split_once(' ').unwrap();
        assert_eq!(profile, after, "{format}");
        assert_eq!(fake.issued(key).unwrap().role_name, "ReadOnlyAccess");
    }
}

#[test]
fn json_that_process_prints_can_be_loaded_from_stdin() {
    let fake = fake();
    let mut world = signed_in(&fake);
    for format in ["process", "json", "credentials"] {
        let json = process(&world, &["--profile", ROLE, "--format", format]).stdout;
        let server = world.serve(&[]);
        world.set("AWS_SSO_ECS_SERVER", &server.address());
        assert_done(&world.run_with_input(&["ecs", "load", "--from-stdin"], &json));
        let served: Value = serde_json::from_str(&server.get("/creds").1).unwrap();
        let printed: Value = serde_json::from_str(&json).unwrap();
        let printed = printed.get("Credentials").unwrap_or(&printed);
        for (key, of_sdks) in [
            ("AccessKeyId", "AccessKeyId"),
            ("SecretAccessKey", "SecretAccessKey"),
            ("SessionToken", "Token"),
            ("Expiration", "Expiration"),
        ] {
            assert_eq!(printed[key], served[of_sdks], "{format}: {key}");
        }
    }
}
