//! Programs that forward connections of others: whoever comes through them is the server's own user to the kernel. They
//! cannot be told apart for certain, so they are pointed out, and a token is the answer.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use fakes::{Running, TestEnv};
use serde_json::Value;

use crate::{tokens::token, upload, world};

/// A program called `socat` that has asked as somebody behind it would, and stays connected.
struct Forwarder(Child);

impl Forwarder {
    fn start(world: &TestEnv, server: &Running, authorization: &str) -> (Self, String) {
        let socat = world.home().join("socat");
        // Not by this process: a program that a process of another test has open for writing cannot be run.
        let mut copy = world.command("cp");
        copy.args(["-n", "/bin/bash", socat.to_str().unwrap()]);
        assert_eq!(world.finish(copy, "").code, Some(0));
        let script = "exec 3<>/dev/tcp/127.0.0.1/$1
printf 'GET / HTTP/1.1\\r\\nhost: localhost\\r\\nauthorization: %s\\r\\n\\r\\n' \"$2\" >&3
read -r status <&3; echo \"$status\"; read -r forever";
        let mut command = world.command(socat.to_str().unwrap());
        command.args(["-c", script, "socat", &server.port().to_string(), authorization]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut status = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut status).unwrap();
        (Self(child), status)
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// The status as text, once a search has found the forwarder.
fn status(world: &TestEnv, arguments: &[&str]) -> String {
    loop {
        let json = world.run(&[&["ecs", "status", "--output", "json"], arguments].concat());
        let status: Value = serde_json::from_str(&json.stdout).unwrap();
        if !status["Default"]["LastForwarder"].is_null() {
            return world.run(&[&["ecs", "status"], arguments].concat()).stderr;
        }
        std::thread::yield_now();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_program_that_forwards_connections_is_pointed_out_by_status_doctor_and_audit() {
    let mut world = world();
    let log = world.home().join("audit");
    let log = log.to_str().unwrap();
    let server = world.serve(&["--audit-log", log]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    assert_eq!(server.request("PUT", "/", &[], &upload("dev", "ASIA1")).0, 200);
    let (forwarder, answer) = Forwarder::start(&world, &server, "");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let pid = forwarder.0.id();

    let told = status(&world, &[]);
    let command = format!("aws-sso ecs run --port {} --require-token", server.port());
    assert!(
        told.contains(&format!("warning: socat (pid {pid}) has read a slot: it forwards")),
        "{told}"
    );
    assert!(told.contains(&command), "{told}");

    let report: Value =
        serde_json::from_str(&world.run(&["doctor", "--output", "json"]).stdout).unwrap();
    let findings = report["Findings"].as_array().unwrap();
    let finding = findings.iter().find(|one| one["Finding"].as_str().unwrap().contains("socat"));
    let finding = finding.unwrap_or_else(|| panic!("{report}"));
    assert_eq!((&finding["Level"], &finding["Mend"]), (&"warning".into(), &command.into()));

    let line = loop {
        let all = std::fs::read_to_string(log).unwrap();
        if let Some(line) = all.lines().find(|line| line.contains(r#""Verb":"read""#)) {
            break line.to_owned();
        }
        std::thread::yield_now();
    };
    assert!(line.ends_with(r#"/socat","Forwarder":true}"#), "{line}");
    let shown = world.run(&["ecs", "audit", log]);
    assert!(shown.stdout.contains(&format!("socat[{pid}] of user ")), "{}", shown.stdout);
    assert!(shown.stdout.contains(", forwards"), "{}", shown.stdout);
    assert!(shown.stderr.contains("aws-sso ecs run --require-token"), "{}", shown.stderr);
}

#[test]
#[cfg(target_os = "linux")]
fn where_every_program_needs_a_token_a_forwarder_gets_nothing_without_one_and_no_warning_with_one()
{
    let world = world();
    let server = world.serve(&["--require-token"]);
    token(&world, &["--admin", "--file", "admin"]);
    let admin = token(&world, &["--admin"]);
    let headers = [("Authorization", admin.as_str())];
    assert_eq!(server.request("PUT", "/", &headers, &upload("dev", "ASIA1")).0, 200);
    let (_without, answer) = Forwarder::start(&world, &server, "");
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let (_with, answer) = Forwarder::start(&world, &server, &admin);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let told = status(&world, &["--server", &server.address(), "--token-file", "admin"]);
    assert!(!told.contains("socat"), "{told}");
}
