//! `exec`: what a command finds in its environment and at its endpoint; its signals, terminal and exit code.

mod environment;
mod signals;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use fakes::identity_center::{Operation, Options};
use fakes::{CANARY, FakeIdentityCenter, Finished, TestEnv};

use crate::identity_center::{assert_done, fake, instance, signed_in, world_of};

const ROLE: &str = "Team1Dev:ReadOnlyAccess";

/// Asks the endpoint as an SDK does: `ask(token)` gives the status and the body.
const ASK: &str = r#"
import json, os, sys, time, urllib.error, urllib.request
uri = os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
ours = os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
def ask(token, method="GET"):
    headers = {"Authorization": token} if token else {}
    request = urllib.request.Request(uri, method=method, headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, None
"#;

/// A script in Python, with [`ASK`].
fn script(world: &TestEnv, lines: &str) -> PathBuf {
    world.write("job.py", &format!("{ASK}{lines}"));
    world.home().join("job.py")
}

/// `exec` of a role, with what is to be run.
fn exec<'a>(flags: &[&'a str], command: &[&'a str]) -> Vec<&'a str> {
    [&["exec", "--profile", ROLE][..], flags, &["--"], command].concat()
}

/// Runs it to its end, whatever it prints on stdout.
fn run(world: &TestEnv, arguments: &[&str]) -> Finished {
    let mut command = world.command(world.binary());
    command.args(arguments).stdin(Stdio::null());
    let finished = Finished::from(command.output().unwrap());
    assert!(!finished.stderr.contains(CANARY), "{}", finished.stderr);
    finished
}

/// The environment that `env -0` prints.
fn environment(finished: &Finished) -> BTreeMap<String, String> {
    let pairs = finished.stdout.split_terminator('\0').map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// All that SDKs would look at before an endpoint, or after it; and what opens sign-ins.
fn mislead(world: &mut TestEnv) {
    for name in [
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_ROLE_ARN",
        "AWS_SSO_ACCOUNT_ID",
        "AWS_SSO_ROLE_NAME",
        "AWS_SSO_PROFILE",
        "AWS_SSO_FILE_PASSWORD",
    ] {
        world.set(name, "stale");
    }
    world.unset("AWS_EC2_METADATA_DISABLED").set("no_proxy", ".corp");
}

/// What the command has that its parent has not, and what it has no more.
fn changes(
    world: &TestEnv,
    environment: &BTreeMap<String, String>,
) -> (BTreeMap<String, String>, BTreeSet<String>) {
    let mut command = world.command("env");
    command.arg("-0");
    let before = self::environment(&Finished::from(command.output().unwrap()));
    let new = environment.iter().filter(|(name, value)| before.get(*name) != Some(*value));
    let new = new.map(|(name, value)| (name.clone(), value.clone())).collect();
    let gone = before.into_keys().filter(|name| !environment.contains_key(name)).collect();
    (new, gone)
}

fn map<const COUNT: usize>(pairs: [(&str, &str); COUNT]) -> BTreeMap<String, String> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn set<const COUNT: usize>(names: [&str; COUNT]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

/// Every file below a folder, with what is in it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(files(&path)),
            false => drop(all.insert(path.clone(), std::fs::read(&path).unwrap())),
        }
    }
    all
}

/// A role that has a default region.
fn in_a_region(world: &TestEnv, fake: &FakeIdentityCenter) {
    let config = crate::identity_center::config(&instance("corp", fake));
    world.write(".aws-sso/config.yaml", &(config + "DefaultRegion: eu-west-3\n"));
}

#[test]
fn a_command_has_an_endpoint_of_its_own_and_nothing_that_would_win() {
    let fake = fake();
    let mut world = signed_in(&fake);
    in_a_region(&world, &fake);
    mislead(&mut world);
    let shown = run(&world, &exec(&[], &["env", "-0"]));
    assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""));
    let (mut new, gone) = changes(&world, &environment(&shown));
    let uri = new.remove("AWS_CONTAINER_CREDENTIALS_FULL_URI").unwrap();
    assert!(uri.starts_with("http://127.0.0.1:") && uri.ends_with("/creds"), "{uri}");
    assert_eq!(new.remove("AWS_SSO_EXEC_ENDPOINT"), Some(uri), "our commands pass it over");
    let token = new.remove("AWS_CONTAINER_AUTHORIZATION_TOKEN").unwrap();
    assert!(token.starts_with("awssso_"), "{token}");
    let past = ".corp,127.0.0.1,localhost,169.254.170.2,169.254.170.23";
    let expected = map([
        ("AWS_DEFAULT_REGION", "eu-west-3"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_REGION", "eu-west-3"),
        ("AWS_SSO_ACCOUNT_ID", "000001111111"),
        ("AWS_SSO_PROFILE", ROLE),
        ("AWS_SSO_ROLE_NAME", "ReadOnlyAccess"),
        ("NO_PROXY", past),
        ("no_proxy", past),
    ]);
    assert_eq!(new, expected);
    let expected = set([
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_ROLE_ARN",
        "AWS_SSO_FILE_PASSWORD",
    ]);
    assert_eq!(gone, expected);
    world.set("AWS_REGION", "us-east-1");
    let environment = environment(&run(&world, &exec(&[], &["env", "-0"])));
    assert_eq!(environment["AWS_REGION"], "us-east-1", "a person's own choice stays");
    assert!(!environment.contains_key("AWS_DEFAULT_REGION"));
}

#[test]
fn static_gives_the_keys_themselves_and_no_endpoint() {
    let fake = fake();
    let mut world = signed_in(&fake);
    mislead(&mut world);
    world.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "stale");
    let shown = run(&world, &exec(&["--static"], &["env", "-0"]));
    assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""));
    let (mut new, gone) = changes(&world, &environment(&shown));
    let key_id = new.remove("AWS_ACCESS_KEY_ID").unwrap();
    assert_eq!(fake.issued(&key_id).unwrap().role_name, "ReadOnlyAccess");
    for name in ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        assert!(new.remove(name).unwrap().contains(CANARY), "{name}");
    }
    assert!(new.remove("AWS_CREDENTIAL_EXPIRATION").unwrap().ends_with('Z'));
    let of_role = ["AWS_SSO_ACCOUNT_ID", "AWS_SSO_PROFILE", "AWS_SSO_ROLE_NAME"];
    assert_eq!(new.into_keys().collect::<BTreeSet<_>>(), set(of_role));
    for name in ["FULL_URI", "RELATIVE_URI"] {
        assert!(gone.contains(&format!("AWS_CONTAINER_CREDENTIALS_{name}")), "{gone:?}");
    }
}

#[test]
fn input_output_and_exit_code_are_the_commands_own() {
    let fake = fake();
    let world = signed_in(&fake);
    let run = |command: &[&str]| world.run_with_input(&exec(&[], command), "from outside");
    let passed = run(&["sh", "-c", "cat; echo aside >&2; exit 3"]);
    let said = (passed.code, passed.stdout.as_str(), passed.stderr.as_str());
    assert_eq!(said, (Some(3), "from outside", "aside\n"));
    let by_signal = run(&["sh", "-c", "kill -TERM $$"]);
    assert_eq!((by_signal.code, by_signal.stderr.as_str()), (Some(128 + 15), ""));
    let words = run(&["printf", "%s|", "a b", "-p", "--", "$HOME"]);
    assert_eq!(words.stdout, "a b|-p|--|$HOME|");
}

#[test]
fn a_command_that_cannot_run_gets_the_exit_code_of_a_shell() {
    let fake = fake();
    let world = signed_in(&fake);
    world.write("plain", "not a program");
    for flags in [&[][..], &["--static"]] {
        let missing = world.run(&exec(flags, &["no-such-command"]));
        let said = "error: the command `no-such-command` was not found\n";
        assert_eq!((missing.code, missing.stderr.as_str()), (Some(127), said));
        let refused = world.run(&exec(flags, &["./plain"]));
        assert_eq!(refused.code, Some(126));
        let said = "error: the command `./plain` cannot be run: Permission denied";
        assert!(refused.stderr.starts_with(said), "{}", refused.stderr);
        assert_eq!(refused.stderr.lines().count(), 1);
    }
    let role = world.run(&["exec", "--profile", "nobody", "--", "touch", "ran"]);
    assert_eq!(role.code, Some(1));
    assert!(!world.home().join("ran").exists(), "a wrong role fails before anything is run");
    let logged_out = world_of(&fake);
    logged_out
        .write(".aws-sso/config.yaml", &crate::identity_center::config(&instance("corp", &fake)));
    let nobody = logged_out.run(&["exec", "-A", "1111111", "-R", "ReadOnlyAccess", "--", "true"]);
    assert_eq!(nobody.code, Some(3), "{}", nobody.stderr);
}

#[test]
fn without_a_command_there_is_a_shell() {
    let fake = fake();
    let mut world = signed_in(&fake);
    world.set("SHELL", "/bin/sh");
    let shell = world.run_with_input(&["exec", "-p", ROLE], "echo \"in $AWS_SSO_PROFILE\"; exit 5");
    let said = (shell.code, shell.stdout.as_str(), shell.stderr.as_str());
    assert_eq!(said, (Some(5), "in Team1Dev:ReadOnlyAccess\n", ""));
}

#[test]
fn a_job_outlives_its_credentials() {
    let credentials_life = Duration::from_secs(6);
    let fake = FakeIdentityCenter::start(Options {
        auto_approve: true,
        credentials_life,
        ..Options::default()
    });
    let world = signed_in(&fake);
    let job = script(
        &world,
        r#"
seen = []
while len(seen) < 3:
    status, body = ask(ours)
    assert status == 200, f"it never has none: {status}"
    if body["AccessKeyId"] not in seen:
        seen.append(body["AccessKeyId"])
    time.sleep(0.05)
print(" ".join(seen))
"#,
    );
    let finished = world.run(&exec(&[], &["python3", job.to_str().unwrap()]));
    assert_done(&finished);
    for key_id in finished.stdout.split_whitespace() {
        assert_eq!(fake.issued(key_id).unwrap().role_name, "ReadOnlyAccess");
    }
    assert_eq!(finished.stderr, "", "short-lived credentials are no news to the command's person");
    assert!(fake.count(Operation::GetRoleCredentials) >= 3);
}

#[test]
fn only_the_token_of_the_command_gets_credentials() {
    let fake = fake();
    let mut world = signed_in(&fake);
    let other = world.run(&["ecs", "token", "create", "--admin"]);
    world.set("OTHER_TOKEN", other.stdout.trim());
    let job = script(
        &world,
        r#"
changed = ours[:-1] + ("A" if ours[-1] != "A" else "B")
print(ask(None)[0], ask(changed)[0], ask(os.environ["OTHER_TOKEN"])[0], ask(ours)[0])
uri = uri.removesuffix("creds")
print(ask(ours, "DELETE")[0], ask(ours, "PUT")[0])
uri += "slot/x"
print(ask(ours)[0])
"#,
    );
    let finished = world.run(&exec(&[], &["python3", job.to_str().unwrap()]));
    assert_done(&finished);
    assert_eq!(finished.stdout, "401 401 401 200\n403 403\n403\n");
}

#[test]
fn an_endpoint_leaves_nothing_on_the_disk() {
    let fake = fake();
    let world = signed_in(&fake);
    assert_done(&world.run(&exec(&[], &["true"])));
    let files = || {
        let mut files = files(world.home());
        // What the selector remembers.
        files.remove(&world.home().join(".local/state/aws-sso/selector.history.json"));
        files
    };
    let before = files();
    assert_done(&world.run(&exec(&[], &["true"])));
    let after = files();
    assert!(before == after, "{:?}, then {:?}", before.keys(), after.keys());
    assert!(!world.home().join(".local/state/aws-sso/ecs.tokens.json").exists());
}

/// A command of this world that is started by hand.
fn started(world: &TestEnv, arguments: &[&str]) -> Command {
    let mut command = world.command(world.binary());
    command.args(arguments);
    command
}
