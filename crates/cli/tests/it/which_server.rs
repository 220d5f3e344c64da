//! The server that commands talk to: the first that a flag or a variable names. Nothing runs at these ports, so that a
//! command says where it looked.

use fakes::{Finished, TestEnv};

use crate::{session, world};

const SERVER: (&str, &str) = ("AWS_SSO_ECS_SERVER", "127.0.0.1:3");
const PORT: (&str, &str) = ("AWS_SSO_ECS_PORT", "4");
const URI: (&str, &str) = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:5/slot/a%3Ab");

#[track_caller]
fn looked_at(finished: &Finished, address: &str) {
    let said = format!("error: no server is running at {address}: ");
    assert!(finished.code == Some(4) && finished.stderr.starts_with(&said), "{}", finished.stderr);
}

#[test]
fn the_first_that_is_set_counts() {
    for (flags, variables, address) in [
        (&["--server", "127.0.0.1:1"][..], &[SERVER, PORT, URI][..], "127.0.0.1:1"),
        (&["--port", "2"], &[SERVER, PORT, URI], "localhost:2"),
        (&[], &[SERVER, PORT, URI], "127.0.0.1:3"),
        (&[], &[PORT, URI], "localhost:4"),
        (&[], &[URI], "127.0.0.1:5"),
        (&[], &[("AWS_SSO_ECS_SERVER", ""), PORT], "localhost:4"),
        (&[], &[("AWS_SSO_ECS_SERVER", ""), ("AWS_SSO_ECS_PORT", ""), URI], "127.0.0.1:5"),
    ] {
        let mut world = world();
        for (name, value) in variables {
            world.set(name, value);
        }
        for command in [&["ecs", "list"][..], &["ecs", "unload"], &["ecs", "status"]] {
            looked_at(&world.run(&[command, flags].concat()), address);
        }
        let exports = world.run(&[&["ecs", "env"], flags].concat());
        let address = address.replace("localhost", "127.0.0.1");
        let uri = format!("FULL_URI='http://{address}/creds'");
        assert!(exports.stdout.contains(&uri), "{}", exports.stdout);
    }
}

#[test]
fn a_server_of_sdks_that_is_not_on_this_host_is_not_ours() {
    let mut world = world();
    for uri in ["http://169.254.170.2/creds", "http://192.0.2.1:5/creds", "/creds", ""] {
        world.set(URI.0, uri);
        let exports = world.run(&["ecs", "env"]).stdout;
        assert!(exports.contains("FULL_URI='http://127.0.0.1:4144/creds'"), "{uri}: {exports}");
    }
}

#[test]
fn what_names_no_server_is_a_usage_error() {
    for (variable, flags, said) in [
        (("AWS_SSO_ECS_SERVER", "nowhere"), &[][..], "AWS_SSO_ECS_SERVER: it must be HOST:PORT"),
        (("AWS_SSO_ECS_PORT", "0"), &[], "AWS_SSO_ECS_PORT: it must be 1 to 65535"),
        (("AWS_SSO_ECS_PORT", "x"), &[], "AWS_SSO_ECS_PORT: it must be 1 to 65535"),
        (URI, &["--port", "0"], "invalid value '0'"),
        (URI, &["--port", "1", "--server", "localhost:1"], "cannot be used with"),
    ] {
        let mut world = world();
        world.set(variable.0, variable.1);
        let refused = world.run(&[&["ecs", "list"], flags].concat());
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{flags:?}");
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
    }
}

/// A world in which `dev` is a profile of the AWS config.
fn world_with_profile() -> TestEnv {
    let world = world();
    world.write("session", &session("ASIA1"));
    let file = world.home().join("session");
    let config = format!("[profile dev]\ncredential_process = cat {}\n", file.display());
    world.write(".aws/config", &config);
    world
}

#[test]
fn within_exec_the_endpoint_of_the_command_is_passed_over() {
    let world = world_with_profile();
    let within = |line: &str| world.run(&["exec", "-p", "dev", "--", "sh", "-c", line]);
    let binary = world.binary().display();
    let exported = within(&format!("echo $AWS_CONTAINER_CREDENTIALS_FULL_URI; {binary} ecs env"));
    let (endpoint, exports) = exported.stdout.split_once('\n').unwrap();
    assert!(endpoint.starts_with("http://127.0.0.1:"), "{endpoint}");
    assert!(!exports.contains(endpoint), "{exports}");
    assert!(exports.contains("FULL_URI='http://127.0.0.1:4144/creds'"), "{exports}");
    let (name, uri) = URI;
    looked_at(&within(&format!("{name}={uri} {binary} ecs list")), "127.0.0.1:5");
    looked_at(&within(&format!("{binary} ecs list --port 2")), "localhost:2");
}

#[test]
fn within_exec_doctor_finds_no_problem_with_the_endpoint_of_the_command() {
    let world = world_with_profile();
    let within = |line: &str| world.run(&["exec", "-p", "dev", "--", "sh", "-c", line]);
    let binary = world.binary().display();
    let examined = within(&format!("{binary} doctor --output json"));
    let report: serde_json::Value = serde_json::from_str(&examined.stdout).unwrap();
    let findings = report["Findings"].as_array().unwrap().iter();
    let of_server: Vec<_> = findings.filter(|finding| finding["Check"] == "Server").collect();
    assert_eq!(of_server.len(), 1, "{of_server:?}");
    assert_eq!(of_server[0]["Level"], "ok", "{of_server:?}");
    assert!(of_server[0]["Finding"].as_str().unwrap().contains("`aws-sso exec`"), "{of_server:?}");
    let named = within(&format!("{binary} doctor --port 2")).stdout;
    assert!(named.contains("no server is running at localhost:2"), "{named}");
}
