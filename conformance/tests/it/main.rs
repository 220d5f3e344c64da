//! Real AWS SDKs against the real binary, through their default provider chains. Their environment has only the variables of
//! container credentials. `moto_server` is AWS STS.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test must fail loudly")]
#![expect(clippy::disallowed_methods, reason = "tests write files of their own")]

mod aws_config;
mod browser;
mod chains;
mod clients;
mod doctor;
mod idc;
mod long;
mod profiles;
mod sdks;
mod sts;
mod support;
mod web_page;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use fakes::{Finished, Running, TestEnv};
use serde_json::{Map, Value};

/// The binary that `cargo build` made.
fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let binary = test.ancestors().nth(2).unwrap().join("aws-sso");
    assert!(binary.exists(), "{} is missing: cargo build", binary.display());
    binary
}

/// A sealed environment for the binary, with STS at `moto`.
fn world(moto: &Moto) -> TestEnv {
    let mut world = world_without_aws();
    world.set("AWS_ENDPOINT_URL_STS", &moto.url);
    world
}

/// A sealed environment for tests without calls to AWS.
fn world_without_aws() -> TestEnv {
    let mut world = TestEnv::new(binary());
    world.set("AWS_REGION", "eu-central-1");
    world.set("AWS_DEFAULT_REGION", "eu-central-1"); // The AWS CLI v1 reads this variable.
    world
}

/// The folder with the SDKs, which the first call makes.
fn sdks() -> &'static Path {
    static SDKS: OnceLock<PathBuf> = OnceLock::new();
    SDKS.get_or_init(|| {
        let setup = concat!(env!("CARGO_MANIFEST_DIR"), "/setup");
        let output = Command::new(setup).stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success());
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
    })
}

/// A fake AWS STS: moto_server.
struct Moto {
    child: Child,
    url: String,
}

impl Moto {
    fn start() -> Self {
        let mut child = Command::new(sdks().join("bin/moto_server"))
            .args(["-H", "127.0.0.1", "-p", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("Running on ").map(|(_, url)| url.trim().to_owned()))
            .expect("moto_server prints its address");
        // It writes a line for each request, which must be read.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url }
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Runs the unmodified `aws sts get-caller-identity`, with only the URI in its environment.
fn get_caller_identity(world: &TestEnv, moto: &Moto, uri: &str) -> Finished {
    let mut command = world.command(sdks().join("bin/aws"));
    command.env_remove("AWS_SSO_ECS_SERVER").env("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri);
    command.args(["sts", "get-caller-identity", "--output", "json", "--endpoint-url", &moto.url]);
    world.finish(command, "")
}

/// Loads a made-up session with this access key id. Returns the URI to export.
fn load(world: &TestEnv, server: &Running, access_key_id: &str, slot: Option<&str>) -> String {
    load_session(world, server, session(access_key_id), slot)
}

/// Loads a made-up session into the default slot, with an expiration.
fn load_until(world: &TestEnv, server: &Running, access_key_id: &str, expiration: &str) {
    let mut session = session(access_key_id);
    session.insert("Expiration".to_owned(), expiration.into());
    load_session(world, server, session, None);
}

fn session(access_key_id: &str) -> Map<String, Value> {
    let texts = [
        ("AccessKeyId", access_key_id),
        ("SecretAccessKey", "CANARY-secret"),
        ("SessionToken", "CANARY-token"),
        ("AccountId", "123456789012"),
    ];
    let texts = texts.map(|(key, text)| (key.to_owned(), Value::from(text)));
    texts.into_iter().chain([("Version".to_owned(), 1.into())]).collect()
}

fn load_session(
    world: &TestEnv,
    server: &Running,
    session: Map<String, Value>,
    slot: Option<&str>,
) -> String {
    let address = server.address();
    let mut arguments = vec!["ecs", "load", "--from-stdin", "--server", &address];
    if let Some(name) = slot {
        arguments.extend(["--slotted", "--name", name]);
    }
    uri_of(&world.run_with_input(&arguments, &Value::from(session).to_string()))
}

/// The URI that `ecs load` has printed.
fn uri_of(loaded: &Finished) -> String {
    assert_eq!(loaded.code, Some(0), "{}", loaded.stderr);
    let uri = loaded.stdout.trim().strip_prefix("export AWS_CONTAINER_CREDENTIALS_FULL_URI=");
    uri.unwrap().to_owned()
}
