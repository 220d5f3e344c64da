//! Hints are typed as they stand, and the command that failed works afterwards.

use fakes::{Running, TestEnv};

use crate::tokens::token;
use crate::{session, world};

/// A world in which `aws-sso` is in PATH, and `dev` is a profile of the AWS config.
fn world_with_profile() -> TestEnv {
    let mut world = world();
    let path = format!("{}:/usr/bin:/bin", world.binary().parent().unwrap().display());
    world.set("PATH", &path);
    world.write("session", &session("ASIA1"));
    let session = world.home().join("session");
    let config = format!("[profile dev]\ncredential_process = cat {}\n", session.display());
    world.write(".aws/config", &config);
    world
}

/// Types a line into a shell, and returns the exit code, stdout and stderr.
fn type_in(world: &TestEnv, line: &str) -> (Option<i32>, String, String) {
    let mut shell = world.command("sh");
    shell.args(["-c", line]);
    let ended = world.finish(shell, "");
    (ended.code, ended.stdout, ended.stderr)
}

/// The command in the hint of a line that fails.
#[track_caller]
fn hint_of(world: &TestEnv, line: &str) -> String {
    let (code, _, said) = type_in(world, line);
    assert_ne!(code, Some(0), "{line} does not fail: {said}");
    let hint = said.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap_or_default();
    assert!(hint.contains("aws-sso"), "{line} has no hint with a command: {said}");
    hint.rsplit_once(": ").map_or(hint, |(_, command)| command).to_owned()
}

/// Checks that a line fails, and works in the same shell after the command of its hint.
#[track_caller]
fn works_after_its_hint(world: &TestEnv, line: &str, hint: &str) {
    let typed = hint_of(world, line);
    assert!(typed.contains(hint), "{typed:?} is not {hint:?}");
    let (code, _, said) = type_in(world, &format!("{typed} && {line}"));
    assert_eq!(code, Some(0), "{typed} && {line}: {said}");
}

#[test]
fn what_a_command_needs_is_loaded_into_the_server_that_was_asked() {
    let world = world_with_profile();
    let running = world.serve(&[]);
    let server = running.address();
    let line = format!("aws-sso ecs unload --profile dev --server {server}");
    works_after_its_hint(&world, &line, &format!("--profile dev --server {server}"));
}

#[test]
fn a_refused_command_names_the_kind_of_token_that_it_needs() {
    for broken in [None, Some(&["--default-slot"][..]), Some(&["--all-slots"])] {
        let mut world = world_with_profile();
        let server = world.serve(&["--require-token"]);
        let address = server.address();
        world.set("AWS_SSO_ECS_SERVER", &address);
        if let Some(scope) = broken {
            token(&world, &[scope, &["--file", "broken"]].concat());
            world.set("AWS_SSO_ECS_TOKEN_FILE", "broken");
            if scope == ["--default-slot"] {
                let revoked = world.run(&["ecs", "token", "revoke", "--all"]);
                assert_eq!(revoked.code, Some(0), "{}", revoked.stderr);
            }
        }
        let keys =
            "AWS_ACCESS_KEY_ID=ASIA1 AWS_SECRET_ACCESS_KEY=CANARY-s AWS_SESSION_TOKEN=CANARY-t";
        let load = format!("{keys} aws-sso ecs load --from-env");
        works_after_its_hint(&world, &load, "--load-only --file");
        works_after_its_hint(&world, "aws-sso ecs load --slotted --profile dev", "--admin --file");
        if broken != Some(&["--all-slots"]) {
            works_after_its_hint(&world, "aws-sso ecs list", "--all-slots --file");
        }
        works_after_its_hint(&world, "aws-sso ecs status", "--admin --file");
        works_after_its_hint(&world, "aws-sso ecs unload --profile dev", "--admin --file");
    }
}

#[test]
fn a_server_is_started_where_it_was_looked_for_and_is_named_when_it_has_the_port() {
    let world = world_with_profile();
    let port = fakes::port_of_our_own();
    let list = format!("aws-sso ecs list --server 127.0.0.1:{port}");
    let typed = hint_of(&world, &list);
    let words = shlex::split(&typed).unwrap();
    let mut start = world.command(world.binary());
    start.args(&words[1..]);
    let server = Running::start(start);
    assert_eq!(type_in(&world, &list).0, Some(0));
    let (code, _, said) = type_in(&world, &typed);
    assert_eq!(code, Some(1));
    let named = format!("is in use by your server with the process ID {}", server.pid());
    assert!(said.contains(&named), "{said}");
}

#[test]
fn the_line_after_a_new_token_sets_what_programs_need() {
    let mut world = world_with_profile();
    let server = world.serve(&["--require-token"]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    for (scope, path) in [
        ("--slot dev", "/slot/dev"),
        ("--slot 'a b' --slot dev", "/s/YSBi"),
        ("--default-slot", "/creds"),
        ("--all-slots", "/creds"),
    ] {
        let create = format!("aws-sso ecs token create {scope} --file token");
        let (code, _, said) = type_in(&world, &create);
        assert_eq!(code, Some(0), "{said}");
        let line = said.trim_end().rsplit_once(": ").unwrap().1;
        let (code, shown, said) =
            type_in(&world, &format!("{line} && echo $AWS_CONTAINER_CREDENTIALS_FULL_URI"));
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(shown.trim_end(), server.url(path), "{scope}");
    }
}

#[test]
fn env_does_not_wait_for_a_server_that_never_answers() {
    let world = world_with_profile();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    // A shell that starts with `ecs env` would wait for it. `timeout` ends with 124.
    let line = format!("timeout 4 aws-sso ecs env --server {address}");
    let (code, shown, said) = type_in(&world, &line);
    assert_eq!(code, Some(0), "{said}");
    assert!(shown.contains(&format!("http://{address}/creds")), "{shown}");
}

#[test]
fn env_and_load_know_that_the_server_speaks_https() {
    let mut world = world_with_profile();
    world.set("AWS_SSO_FILE_PASSWORD", "CANARY-passphrase");
    world.write(".aws-sso/config.yaml", "SecureStore: file\n");
    let server = world.serve(&["--tls"]);
    let address = format!("127.0.0.1:{}", server.port());
    let env = world.run(&["ecs", "env", "--server", &address]);
    let uri = format!("https://{address}/creds");
    assert!(env.stdout.contains(&uri), "{}{}", env.stdout, env.stderr);
    let load = world.run(&["ecs", "load", "--profile", "dev", "--server", &address]);
    assert!(load.stdout.contains(&uri), "{}{}", load.stdout, load.stderr);
}
