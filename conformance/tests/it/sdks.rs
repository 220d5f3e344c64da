//! Each SDK reads the default and a named slot, before and after a reload, and fails clearly after an unload.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use fakes::TestEnv;

use crate::{Moto, get_caller_identity, load, sdks, uri_of, world};

const NAMED: &str = "team/dev:Read Only ✓";

/// A program that gets credentials by its SDK's default chain, once for each line it is sent.
struct Driver {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Driver {
    fn start(mut command: Command, uri: &str) -> Self {
        command.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdin, stdout }
    }

    /// `ACCESS_KEY_ID ACCOUNT LENGTH_OF_TOKEN`, or `error: …`.
    fn get(&mut self) -> String {
        writeln!(self.stdin).unwrap();
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `said_after_unload`: what the SDK makes of our answer when nothing is loaded.
fn check(command: impl Fn(&TestEnv) -> Command, said_after_unload: &str) {
    let moto = Moto::start();
    let world = world(&moto);
    let server = world.serve(&[]);
    for slot in [None, Some(NAMED)] {
        let uri = load(&world, &server, "ASIABEFORE", slot);
        let mut driver = Driver::start(command(&world), &uri);
        assert_eq!(driver.get(), "ASIABEFORE 123456789012 12", "{slot:?}");
        load(&world, &server, "ASIAAFTER", slot);
        assert_eq!(driver.get(), "ASIAAFTER 123456789012 12", "{slot:?} after a reload");
        let address = server.address();
        let mut unload = vec!["ecs", "unload", "--server", &address];
        unload.extend(slot.iter().flat_map(|name| ["--profile", *name]));
        assert_eq!(world.run(&unload).code, Some(0));
        let failed = driver.get();
        assert!(failed.starts_with("error: ") && failed.contains(said_after_unload), "{failed}");
    }
}

#[test]
fn boto3() {
    let driver = concat!(env!("CARGO_MANIFEST_DIR"), "/drivers/boto3_driver.py");
    let command = |world: &TestEnv| {
        let mut command = world.command(sdks().join("bin/python"));
        command.arg(driver);
        command
    };
    check(command, "no credentials are loaded");
}

#[test]
fn the_sdk_for_rust() {
    check(|world| world.command(env!("CARGO_BIN_EXE_sdk-rust")), "404");
}

#[test]
fn the_aws_cli() {
    let moto = Moto::start();
    let mut world = world(&moto);
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    for slotted in [&[][..], &["--slotted"]] {
        let mut uri = String::new();
        for role in ["Before", "After"] {
            // The profile keeps its name, and so its slot; its role changes.
            world.write(".aws/config", &config("dev.team", role));
            let load = [&["ecs", "load", "--profile", "dev.team"], slotted].concat();
            uri = uri_of(&world.run(&load));
            let identity = get_caller_identity(&world, &moto, &uri);
            let arn = format!("arn:aws:sts::123456789012:assumed-role/{role}/");
            assert!(identity.stdout.contains(&arn), "{}{}", identity.stdout, identity.stderr);
        }
        assert_eq!(world.run(&["ecs", "unload", "--all"]).code, Some(0));
        let failed = get_caller_identity(&world, &moto, &uri);
        assert_ne!(failed.code, Some(0));
        assert!(failed.stderr.contains("no credentials are loaded"), "{}", failed.stderr);
    }
    let uri = load(&world, &server, "ASIAODD", Some(NAMED));
    let identity = get_caller_identity(&world, &moto, &uri);
    assert_eq!(identity.code, Some(0), "{}", identity.stderr);
}

/// A profile that assumes a role.
fn config(profile: &str, role: &str) -> String {
    format!(
        "[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = CANARY-base\n\
         [profile {profile}]\nrole_arn = arn:aws:iam::123456789012:role/{role}\n\
         source_profile = base\n"
    )
}
