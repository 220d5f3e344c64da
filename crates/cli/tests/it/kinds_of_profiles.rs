//! The kinds of profiles that people have in their AWS config, each with what it gives.

use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::{fs, thread};

use fakes::identity_center::{FakeIdentityCenter, Operation};
use fakes::{TestEnv, read_once};

use crate::identity_center::{
    assert_done, assert_fails, config, fake, instance, signed_in, world_of,
};
use crate::session;

/// A profile with a start URL of its own.
fn with_start_url(name: &str, fake: &FakeIdentityCenter, prefix: &str) -> String {
    format!(
        "[profile {name}]\n{prefix}sso_start_url = {}\n{prefix}sso_region = {}\n\
         {prefix}sso_account_id = 000001111111\n{prefix}sso_role_name = ReadOnlyAccess\n",
        fake.start_url(),
        fake.region()
    )
}

/// Our browser, and no instance.
fn without_instance(fake: &FakeIdentityCenter) -> TestEnv {
    let world = world_of(fake);
    world.write(".aws-sso/config.yaml", &config(""));
    world
}

#[track_caller]
fn assert_role(world: &TestEnv, profile: &str) {
    let printed = world.command_output(&["process", "--profile", profile]);
    assert!(printed.contains("\"AccountId\":\"000001111111\""), "{profile}: {printed}");
}

trait Output {
    fn command_output(&self, arguments: &[&str]) -> String;
}

impl Output for TestEnv {
    /// What a command prints that prints secrets.
    fn command_output(&self, arguments: &[&str]) -> String {
        let mut command = self.command(self.binary());
        let output = command.args(arguments).stdin(std::process::Stdio::null()).output().unwrap();
        let (stdout, stderr) = (output.stdout, output.stderr);
        [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat()
    }
}

#[test]
fn a_start_url_in_a_profile_is_an_instance_by_itself() {
    let fake = fake();
    let world = without_instance(&fake);
    let granted = with_start_url("of-granted", &fake, "granted_")
        + "credential_process = granted credential-process --profile of-granted\n";
    world.write(".aws/config", &(with_start_url("old", &fake, "") + &granted));
    let before = world.run(&["ecs", "load", "--profile", "old", "--server", "127.0.0.1:1"]);
    assert_fails(&before, 3, &["nobody is signed in to `corp`", "hint: Sign in: aws-sso login"]);
    assert_done(&world.run(&["login"]));
    assert!(world.run(&["whoami"]).stdout.contains("\ncorp "));
    assert_role(&world, "old");
    assert_role(&world, "of-granted");
}

#[test]
fn one_start_url_is_one_sign_in_whatever_the_files_call_it() {
    let fake = fake();
    let world = signed_in(&fake);
    let session = format!(
        "[sso-session my-sso]\nsso_start_url = {}/#/\nsso_region = {}\n\
         [profile new]\nsso_session = my-sso\nsso_account_id = 000001111111\n\
         sso_role_name = ReadOnlyAccess\n",
        fake.start_url(),
        fake.region()
    );
    world.write(".aws/config", &(session + &with_start_url("old", &fake, "")));
    assert_role(&world, "new");
    assert_role(&world, "old");
    let listed = world.run(&["whoami", "--sso", "my-sso"]);
    assert!(listed.stdout.contains("\ncorp "), "{}", listed.stdout);
    assert_eq!(fake.count(Operation::RegisterClient), 1);
    assert_eq!(world.run(&["whoami"]).stdout.lines().count(), 3);
}

#[test]
fn an_sso_session_with_the_name_of_another_instance_gets_a_free_one() {
    let (fake, of_yaml) = (fake(), fake());
    let world = world_of(&fake);
    let of_yaml = instance("corp", &of_yaml).replace("corp.awsapps", "other.awsapps");
    world.write(".aws-sso/config.yaml", &config(&of_yaml));
    world.write(".aws/config", &with_start_url("old", &fake, ""));
    assert_done(&world.run(&["login", "--sso", "corp-2"]));
    assert_role(&world, "old");
}

#[test]
fn of_two_identities_none_is_taken_for_a_start_url_without_a_choice() {
    let fake = fake();
    let world = world_of(&fake);
    let both = instance("alice", &fake) + &instance("bob", &fake);
    world.write(".aws-sso/config.yaml", &config(&both));
    world.write(".aws/config", &with_start_url("old", &fake, ""));
    assert_done(&world.run(&["login", "--sso", "alice"]));
    let said = [
        "the start URL https://corp.awsapps.com/start is that of no instance, or of several",
        "hint: Choose one with --sso or AWS_SSO: alice, bob",
    ];
    assert_fails(&world.run(&["process", "--profile", "old"]), 1, &said);
    let printed = world.command_output(&["process", "--sso", "alice", "--profile", "old"]);
    assert!(printed.contains("\"AccountId\":\"000001111111\""), "{printed}");
}

/// Stands in for the AWS CLI, which alone has the keys of `aws login`.
#[test]
fn a_sign_in_of_aws_login_is_obtained_through_the_aws_cli() {
    let mut world = crate::world();
    world.write(".aws/config", "[profile my dev]\n[profile \"my dev\"]\nlogin_session = arn:x\n");
    let load = ["ecs", "load", "--profile", "my dev"];
    // This machine may have the AWS CLI.
    world.set("PATH", "/nowhere");
    let without = world.run(&[&load[..], &["--server", "127.0.0.1:1"]].concat());
    assert_fails(
        &without,
        3,
        &[
            "the profile `my dev` uses a sign-in of `aws login`: the AWS CLI cannot be run",
            "hint: Sign in with the AWS CLI 2.32 or later: aws login --profile 'my dev'",
        ],
    );
    world.write("answer.json", &session("ASIALOGIN"));
    let expected = "configure export-credentials --format process --profile my dev";
    let script = format!("#!/bin/sh\ntest \"$*\" = '{expected}' && cat \"$HOME/answer.json\"\n");
    world.write("bin/aws", &script);
    let aws = world.home().join("bin/aws");
    fs::set_permissions(&aws, fs::Permissions::from_mode(0o755)).unwrap();
    world.set("PATH", &format!("{}:/usr/bin:/bin", aws.parent().unwrap().display()));
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    assert_done(&world.run(&load));
    assert!(server.get("/").1.contains("ASIALOGIN"));
}

#[test]
fn a_start_url_on_a_domain_of_ones_own_is_followed_to_the_portal() {
    let fake = fake();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let location = fake.start_url().to_owned();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let length = read_once(&mut stream, &mut request).unwrap();
            // First to another path of its own, then to AWS.
            let location = match request[..length].starts_with(b"GET /start ") {
                true => "/further",
                false => &location,
            };
            let head = "HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0";
            write!(stream, "{head}\r\nLocation: {location}\r\n\r\n").unwrap();
        }
    });
    let world = world_of(&fake);
    let vanity = format!(
        "  corp:\n    SSORegion: {}\n    StartUrl: http://localhost:{port}/start\n",
        fake.region()
    );
    world.write(".aws-sso/config.yaml", &config(&vanity));
    assert_done(&world.run(&["login"]));
    assert_done(&world.run(&["login", "--force", "--device-code"]));
}

#[test]
fn a_device_is_named_when_nobody_can_be_asked_for_its_code() {
    let world = crate::world();
    world.write(
        ".aws/config",
        "[profile base]\naws_access_key_id = AKIAX\naws_secret_access_key = CANARY-key\n\
         [profile ops]\nrole_arn = arn:aws:iam::123456789012:role/Ops\nsource_profile = base\n\
         mfa_serial = arn:aws:iam::123456789012:mfa/me\n",
    );
    let load = world.run(&["ecs", "load", "--profile", "ops", "--server", "127.0.0.1:1"]);
    assert_fails(
        &load,
        3,
        &[
            "the profile `ops` needs a code of the MFA device arn:aws:iam::123456789012:mfa/me",
            "hint: Load it again on a terminal: aws-sso ecs load --profile ops",
        ],
    );
}
