//! The sources of `ecs load`, without AWS. (Sources that use STS are in conformance/.)

use std::io::Write;
use std::net::TcpListener;

use crate::{session, world};

const CONFIG: &str = "\
[profile process]
credential_process = cat CREDENTIALS
aws_account_id = 222222222222

[profile broken]
credential_process = sh -c 'echo no such vault >&2; exit 3'

[profile garbage]
credential_process = echo CANARY

[profile empty]
region = eu-central-1

[profile chain]
role_arn = arn:aws:iam::123456789012:role/Ops
source_profile = nobody

[profile login]
login_session = arn:aws:sts::123456789012:assumed-role/Admin/you

[profile sso]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = ReadOnly

[profile sso-too]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Twice

[profile sso-again]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = Twice

[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-central-1
";

fn world_with_config() -> fakes::TestEnv {
    let world = world();
    world.write("process.json", &session("ASIAPROCESS"));
    let process = world.home().join("process.json");
    world.write(".aws/config", &CONFIG.replace("CREDENTIALS", &process.to_string_lossy()));
    world
}

#[test]
fn credentials_come_from_a_credential_process() {
    let mut world = world_with_config();
    let server = world.serve(&["--load", "process"]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    let (status, body) = server.get("/");
    assert_eq!(status, 200);
    assert!(
        body.contains("ASIAPROCESS") && body.contains("\"AccountId\":\"222222222222\""),
        "{body}"
    );
    assert!(!body.contains("RoleArn"), "an unknown role is not invented: {body}");
    let slotted = world.run(&["ecs", "load", "--profile", "process", "--slotted"]);
    assert_eq!(slotted.code, Some(0), "{}", slotted.stderr);
    assert_eq!(server.get("/slot/process").0, 200);
}

#[test]
fn the_error_for_a_profile_without_credentials_says_what_was_looked_for_and_where() {
    let world = world_with_config();
    for (profile, code, said) in [
        (
            "nobody",
            3,
            &[
                "no profile `nobody` in",
                "/.aws/config or ",
                "profiles there: broken, chain",
                "the roles of `corp` are not known: nobody is signed in",
            ][..],
        ),
        (
            "empty",
            1,
            &[
                "/.aws/config",
                "has none of: aws_access_key_id",
                "credential_process",
                "sso_session",
            ],
        ),
        ("broken", 1, &["no such vault"]),
        ("garbage", 1, &["the output is not that of a credential_process"]),
        ("chain", 1, &["source_profile of `chain` names `nobody`, which is not in"]),
        (
            "login",
            3,
            &[
                "the profile `login` uses a sign-in of `aws login`: the AWS CLI ",
                "hint: Sign in with the AWS CLI 2.32 or later: aws login --profile login",
            ],
        ),
        ("sso", 3, &["nobody is signed in to `corp`", "hint: Sign in: aws-sso login"]),
    ] {
        let failed = world.run(&["ecs", "load", "--profile", profile, "--server", "127.0.0.1:1"]);
        assert_eq!((failed.code, failed.stdout.as_str()), (Some(code), ""), "{profile}");
        assert_eq!(failed.stderr.lines().filter(|line| line.starts_with("error: ")).count(), 1);
        for said in said {
            assert!(failed.stderr.contains(said), "{profile}: {}", failed.stderr);
        }
    }
}

#[test]
fn a_line_that_cannot_be_read_costs_only_who_needs_it() {
    let world = world_with_config();
    let config = std::fs::read_to_string(world.home().join(".aws/config")).unwrap();
    let broken = format!(
        "  region = eu-west-1\n{config}\n[broken\n[sso-session bad]\n\
         sso_start_url = http://corp.awsapps.com/start\nsso_region = eu-west-1\n\
         [profile of-bad]\nsso_session = bad\nsso_account_id = 1\nsso_role_name = Admin\n\
         [profile malformed]\nsso_session = corp\nsso_account_id = 12-34\nsso_role_name = Admin\n"
    );
    world.write(".aws/config", &broken);
    let server = world.serve(&[]);
    let load =
        |profile| world.run(&["ecs", "load", "--profile", profile, "--server", &server.address()]);
    assert_eq!(load("process").code, Some(0));
    assert_eq!(world.run(&["list", "--sso", "corp"]).code, Some(0));
    for (profile, text) in [
        ("of-bad", ", sso_start_url of `bad` must be the https:// URL of an AWS access portal"),
        ("malformed", ", sso_account_id of `malformed` must be "),
    ] {
        let failed = load(profile);
        assert_eq!(failed.code, Some(1), "{profile}");
        assert!(failed.stderr.contains(text), "{}", failed.stderr);
        assert!(failed.stderr.contains("/.aws/config line "), "{}", failed.stderr);
    }
    let chosen = world.run(&["login", "--sso", "bad"]);
    assert_eq!(chosen.code, Some(1));
    assert!(chosen.stderr.contains("sso_start_url of `bad` must be"), "{}", chosen.stderr);
}

#[test]
fn account_and_role_find_the_profile_for_them() {
    let world = world_with_config();
    let load = |arguments: &[&str]| world.run(&[&["ecs", "load"], arguments].concat());
    let found = load(&["--account", "123456789012", "--role", "ReadOnly"]);
    assert_eq!(
        found.code,
        Some(3),
        "the profile is found, but its sign-in is missing: {}",
        found.stderr
    );
    let by_arn = load(&["--arn", "arn:aws:iam::123456789012:role/ReadOnly"]);
    assert_eq!(by_arn.code, Some(3), "{}", by_arn.stderr);
    let several = load(&["-A", "123456789012", "-R", "Twice"]);
    assert_eq!(several.code, Some(1));
    assert!(
        several.stderr.contains("sso-again, sso-too; name one with --profile"),
        "{}",
        several.stderr
    );
    let none = load(&["-A", "012345670123", "-R", "Twice"]);
    assert_eq!(
        none.code,
        Some(3),
        "the role is not in the config, so a sign-in is needed: {}",
        none.stderr
    );
}

#[test]
fn credentials_of_the_environment_are_loaded() {
    let mut world = world();
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    world.set("AWS_ACCESS_KEY_ID", "ASIAENV").set("AWS_SECRET_ACCESS_KEY", "CANARY-secret");
    world.set("AWS_SESSION_TOKEN", "CANARY-token");
    world.set("AWS_CREDENTIAL_EXPIRATION", "2099-01-01T00:00:00Z");
    let loaded = world.run(&["ecs", "load", "--from-env", "--name", "ci", "--slotted"]);
    assert_eq!(loaded.code, Some(0), "{}", loaded.stderr);
    let (_, body) = server.get("/slot/ci");
    assert!(body.contains("\"Expiration\":\"2099-01-01T00:00:00Z\""), "{body}");

    world.set("AWS_CREDENTIAL_EXPIRATION", "CANARY");
    let failed = world.run(&["ecs", "load", "--from-env"]);
    assert!(
        failed.stderr.starts_with("error: AWS_CREDENTIAL_EXPIRATION must be"),
        "{}",
        failed.stderr
    );
    world.unset("AWS_SECRET_ACCESS_KEY");
    let failed = world.run(&["ecs", "load", "--from-env"]);
    assert!(
        failed.stderr.starts_with("error: AWS_SECRET_ACCESS_KEY is not set"),
        "{}",
        failed.stderr
    );
}

#[test]
fn input_without_credentials_is_refused_before_a_request_to_the_server() {
    let world = world();
    let mut expired: serde_json::Value = serde_json::from_str(&session("ASIA1")).unwrap();
    expired["Expiration"] = "2020-01-01T00:00:00Z".into();
    let expired = expired.to_string();
    let endless = "x".repeat(70_000);
    for (input, said) in [
        ("", "the output is not that of a credential_process"),
        (
            "{\"Version\":1,\"AccessKeyId\":\"CANARY\"}",
            "the output is not that of a credential_process",
        ),
        (expired.as_str(), "the credentials expired at 2020-01-01T00:00:00Z"),
        (endless.as_str(), "longer than 65536 bytes"),
    ] {
        let arguments = ["ecs", "load", "--from-stdin", "--server", "127.0.0.1:1"];
        let failed = world.run_with_input(&arguments, input);
        assert_eq!(failed.code, Some(1), "{}", failed.stderr);
        assert!(failed.stderr.contains(said), "{}", failed.stderr);
    }
}

#[test]
fn no_secret_is_logged_at_any_level() {
    let mut world = world_with_config();
    let server = world.serve(&["--log-level", "trace", "--load", "process"]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    // TestEnv searches the whole output for canaries.
    let loaded = world.run(&["--log-level", "trace", "ecs", "load", "--profile", "process"]);
    assert_eq!(loaded.code, Some(0), "{}", loaded.stderr);
    assert_eq!(server.get("/").0, 200);
    server.signal("TERM");
    assert_eq!(server.wait().code, Some(0));
}

/// An access portal that answers one GetRoleCredentials, and returns the request.
fn portal() -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = vec![0; 8192];
        let length = fakes::read_once(&stream, &mut request).unwrap();
        let body = r#"{"roleCredentials":{"accessKeyId":"ASIASSO","secretAccessKey":"CANARY-s","sessionToken":"CANARY-t","expiration":4070908800000}}"#;
        let length_of_body = body.len();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
             content-length: {length_of_body}\r\nconnection: close\r\n\r\n{body}"
        )
        .unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    (url, serving)
}

#[test]
fn a_sign_in_that_the_aws_cli_cached_is_used() {
    let mut world = world_with_config();
    let cache = r#"{"startUrl":"https://corp.awsapps.com/start","region":"eu-central-1",
        "accessToken":"CANARY-access-token","expiresAt":"2099-01-01T00:00:00Z"}"#;
    // The AWS CLI names the file by the SHA-1 of the session's name.
    world.write(".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json", cache);
    let (url, portal) = portal();
    world.set("AWS_ENDPOINT_URL_SSO", &url);
    let server = world.serve(&["--load", "sso"]);
    let body = server.get("/").1;
    let arn = "\"RoleArn\":\"arn:aws:iam::123456789012:role/ReadOnly\"";
    assert!(body.contains("ASIASSO") && body.contains(arn), "{body}");
    let request = portal.join().unwrap();
    let asked = "GET /federation/credentials?role_name=ReadOnly&account_id=123456789012";
    assert!(request.starts_with(asked), "{request}");
    assert!(request.contains("x-amz-sso_bearer_token: CANARY-access-token"), "{request}");
}
