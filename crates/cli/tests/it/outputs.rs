//! The whole output of every command, so that a review shows each change of words. `INSTA_UPDATE=always cargo test -p
//! aws-sso outputs` accepts the new output. A word in capitals replaces each value that differs between runs.

use std::fmt::Write;

use fakes::identity_center::{Fault, Operation, Options};
use fakes::{FakeIdentityCenter, TestEnv};
use regex_lite::Regex;

use crate::identity_center::{assert_done, config, fake, instance, signed_in, world_of};
use crate::{session, world};

const ROLE: &str = "Team1Dev:ReadOnlyAccess";

/// Runs each line, and shows it with its exit code and both streams.
fn shown(world: &TestEnv, lines: &[&str]) -> String {
    let mut text = String::new();
    for line in lines {
        let arguments = shlex::split(line).unwrap();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let finished = world.run(&arguments);
        writeln!(text, "$ aws-sso {line}").unwrap();
        for (stream, output) in [("out", &finished.stdout), ("err", &finished.stderr)] {
            output.lines().for_each(|output| writeln!(text, "{stream}: {output}").unwrap());
        }
        writeln!(text, "exit code: {}\n", finished.code.unwrap()).unwrap();
    }
    repeatable(world, &text)
}

/// Replaces each value that differs between runs by a word.
fn repeatable(world: &TestEnv, text: &str) -> String {
    let mut text = text.replace(world.home().to_str().unwrap(), "HOME");
    text = text.replace(world.binary().to_str().unwrap(), "BIN/aws-sso");
    for (pattern, word) in [
        (r"(127\.0\.0\.1|localhost|\[::1\]):\d{4,5}", "$1:PORT"),
        (r"/authorize\?\S+", "/authorize?QUERY"),
        (r"ASIAFAK\w+", "ACCESS-KEY-ID"),
        (r"CANARY-[\w-]+", "SECRET"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "INSTANT"),
        (r"\b1[78]\d{8}\b", "EPOCH-SECONDS"),
        (r"\b(\d+h )?\d+m\b", "DURATION"),
        (r"\bpid \d+", "pid PID"),
        (r"\b[0-9a-f]{64}\b", "DIGEST"),
        (r"\b[0-9a-f]{16}\b", "SERIAL"),
        (r"awssso_[\w.-]+", "TOKEN"),
        (r"os error \d+", "os error N"),
        (r" +\n", "\n"),
    ] {
        text = Regex::new(pattern).unwrap().replace_all(&text, word).into_owned();
    }
    text
}

#[test]
fn in_a_clean_home() {
    let mut world = world();
    world.set("AWS_SSO_ECS_SERVER", "127.0.0.1:1");
    let lines = [
        "whoami",
        "login",
        "logout",
        "list",
        "cache",
        "setup",
        "setup profiles",
        "process --profile dev",
        "process --account 1 --role Admin",
        "exec --profile dev -- true",
        "exec",
        "console --profile dev",
        "ecs load",
        "ecs load --profile dev",
        "ecs load --account 1 --role Admin",
        "ecs load --from-env",
        "ecs load --from-stdin",
        "ecs list",
        "ecs profile",
        "ecs status",
        "ecs unload",
        "ecs unload --all",
        "ecs env",
        "ecs env --profile dev --format fish",
        "ecs env --token-file none",
        "ecs trust",
        "ecs token list",
        "ecs token revoke 0123456789abcdef",
        "ecs audit none.log",
        "man /dev/null",
    ];
    insta::assert_snapshot!(shown(&world, &lines));
}

#[test]
fn before_and_after_the_sign_in() {
    let fake = fake();
    let mut world = world_of(&fake);
    world.set("AWS_SSO_ECS_SERVER", "127.0.0.1:1");
    world.write(".aws-sso/config.yaml", &config(&instance("corp", &fake)));
    let lines = [
        "whoami",
        "list",
        "cache",
        "process --profile dev",
        "process --account 1111111 --role ReadOnlyAccess",
        "setup profiles --print",
        "logout",
        "login",
        "login",
        "whoami",
        "list",
        "list Profile SSO --output csv --filter RoleName=Read*",
        "list --filter RoleName=Nobody",
        "cache",
        "process --profile nobody",
        "exec --profile Team1Dev:ReadOnlyAccess -- /no/such/program",
        "console --profile Team1Dev:ReadOnlyAccess --duration 1m",
        "setup profiles --diff",
        "setup profiles",
        "logout",
    ];
    insta::assert_snapshot!(shown(&world, &lines));
}

#[test]
fn with_a_server() {
    // Not an hour: then the width of a column would depend on the second.
    let credentials_life = std::time::Duration::from_secs(95 * 60);
    let fake = FakeIdentityCenter::start(Options {
        auto_approve: true,
        credentials_life,
        ..Options::default()
    });
    let mut world = signed_in(&fake);
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    let lines = [
        "ecs profile",
        "ecs list",
        "ecs load --profile Team1Dev:ReadOnlyAccess",
        "ecs load --slotted --profile Team1Dev:AdministratorAccess",
        "ecs load --slotted --profile Team1Dev:AdministratorAccess --output json",
        "ecs load --profile nobody",
        "ecs profile",
        "ecs list",
        "ecs list --output json",
        "ecs unload --profile nobody",
        "ecs unload --profile Team1Dev:AdministratorAccess",
        "ecs unload",
        "ecs unload",
        "ecs unload --all",
        "ecs token create",
        "ecs token create --slot a --expires 1s",
        "ecs token list",
        "ecs token revoke --all",
    ];
    insta::assert_snapshot!(shown(&world, &lines));
}

#[test]
fn when_aws_or_a_file_fails() {
    let fake = fake();
    let mut world = signed_in(&fake);
    world.set("AWS_SSO_ECS_SERVER", "127.0.0.1:1");
    fake.remove_role("000001111111", "ReadOnlyAccess");
    let mut text = shown(&world, &[&format!("process --profile {ROLE}")]);
    fake.fault_always(Operation::GetRoleCredentials, Fault::ServerError);
    text += &shown(&world, &["process --profile Team1Dev:AdministratorAccess"]);
    world.set("AWS_ENDPOINT_URL_SSO", "http://127.0.0.1:9");
    text += &shown(&world, &["cache", "process --profile Team1Dev:AdministratorAccess"]);
    world.write("process.json", &session("ASIAPROCESS"));
    world.write(
        ".aws/config",
        "[profile broken]\ncredential_process = echo nonsense\n[profile empty]\nregion = x\n",
    );
    text += &shown(&world, &["process --profile broken", "process --profile empty"]);
    world.write(".aws/config", "[profile dev\n");
    text += &shown(&world, &["whoami"]);
    world.write(".aws/config", "");
    world.write(".aws-sso/config.yaml", "SSOConfig:\n  corp:\n    SSORegion: nowhere\n");
    text += &shown(&world, &["whoami", "list --config none.yaml"]);
    assert_done(&world.run(&["ecs", "env"]));
    insta::assert_snapshot!(text);
}
