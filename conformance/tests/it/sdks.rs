//! Each SDK with our server: slots, authorization tokens, HTTPS. docs/reference/sdk-support.md has the results.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use fakes::TestEnv;

use crate::clients::{self, Client, Driver, Trust};
use crate::support::Row;
use crate::{Moto, get_caller_identity, load, load_until, sdks, uri_of, world, world_without_aws};

const NAMED: &str = "team/dev:Read Only ✓";
const URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
/// The variables of `ecs env` that make programs trust our authority.
const TRUST: [&str; 4] =
    ["AWS_CA_BUNDLE", "JAVA_TOOL_OPTIONS", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"];

/// Checks all features and the row of the page. `unloaded_error` is a part of the SDK's error when nothing is loaded.
fn check(client: &Client, unloaded_error: &str) {
    let mut row = Row::new(client, client.start(&world_without_aws(), &[]).version());
    slots(client, unloaded_error, &mut row);
    tokens(client, &mut row);
    https(client, &mut row);
    row.check();
}

/// The SDK reads the default slot and a named slot, before and after a reload. After an unload, it fails with a clear error.
fn slots(client: &Client, unloaded_error: &str, row: &mut Row) {
    let world = world_without_aws();
    let server = world.serve(&[]);
    for slot in [None, Some(NAMED)] {
        let uri = load(&world, &server, "ASIABEFORE", slot);
        let mut driver = client.start(&world, &[(URI, &uri)]);
        assert_eq!(driver.get(), client.has("ASIABEFORE"), "{slot:?}");
        load(&world, &server, "ASIAAFTER", slot);
        let reloaded = driver.get();
        let address = server.address();
        let mut unload = vec!["ecs", "unload", "--server", &address];
        unload.extend(slot.iter().flat_map(|name| ["--profile", *name]));
        assert_eq!(world.run(&unload).code, Some(0));
        let failed = driver.get();
        assert!(failed.starts_with("error: ") && failed.contains(unloaded_error), "{failed}");
        row.add(reloaded, &client.has("ASIAAFTER"));
    }
}

/// The SDK sends the token of the variable and of the file to a server that requires one, also after a change of the file.
fn tokens(client: &Client, row: &mut Row) {
    let world = world_with_tokens();
    let server = world.serve(&["--require-token"]);
    let uri = load(&world, &server, "ASIABEFORE", None);
    let (token, _) = make_token(&world, &["--default-slot"]);
    let with_variable = |token: &str| client.start(&world, &[(URI, &uri), (TOKEN, token)]);
    row.add(with_variable(&token).get(), &client.has("ASIABEFORE"));

    let (_, serial) = make_token(&world, &["--default-slot", "--file", "token"]);
    let file = world.home().join("token");
    let mut driver = client.start(&world, &[(URI, &uri), (TOKEN_FILE, file.to_str().unwrap())]);
    load_until(&world, &server, "ASIABEFORE", &in_fifty_seconds(&world));
    row.add(driver.get(), &client.has("ASIABEFORE"));
    make_token(&world, &["--default-slot", "--file", "token"]);
    revoke(&world, &serial);
    load_until(&world, &server, "ASIAAFTER", &in_fifty_seconds(&world));
    row.add(
        refreshed(&mut driver, &client.has("ASIABEFORE"), &client.has("ASIAAFTER")),
        &client.has("ASIAAFTER"),
    );

    revoke(&world, "--all");
    let refused = ["no-token-of-ours", &token].map(|wrong| with_variable(wrong).get());
    for refused in &refused {
        assert!(refused.starts_with("error: "), "{refused}");
    }
    row.add_words(what_is_shown(&refused[1]), &refused[1]);
}

/// The SDK uses HTTPS with a token and all variables of `ecs env`, then without those for trust that it does not need.
fn https(client: &Client, row: &mut Row) {
    let mut world = world_with_tokens();
    world.set("AWS_SSO_FILE_PASSWORD", "CANARY-passphrase");
    make_token(&world, &["--all-slots", "--file", "token"]);
    let server = world.serve(&["--require-token", "--tls"]);
    let uri = load(&world, &server, "ASIAHTTPS", None);
    assert!(uri.starts_with("https://127.0.0.1:"), "{uri}");
    let address = format!("https://{}", server.address());
    let env = ["--format", "json", "--token-file", "token", "--server", &address];
    let env = world.run(&[&["ecs", "env"], &env[..]].concat());
    assert_eq!(env.code, Some(0), "{}", env.stderr);
    let Exports { set } = serde_json::from_str(&env.stdout).unwrap();
    let get_with = |trust: &[&str], more: &[(&str, &str)]| {
        let exports = set.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let chosen = exports.filter(|(name, _)| !TRUST.contains(name) || trust.contains(name));
        let variables: Vec<_> = chosen.chain(more.iter().copied()).collect();
        client.start(&world, &variables).get()
    };

    row.add(get_with(&TRUST, &[]), &client.has("ASIAHTTPS"));
    let distrusted = get_with(&[], &[]);
    assert!(distrusted.starts_with("error: "), "{distrusted}");
    let (by, trusted) = match client.trust {
        Trust::Variable(name) => (format!("`{name}`"), get_with(&[name], &[])),
        Trust::Certifi => {
            let roots = certifi_with(&world, set.get("NODE_EXTRA_CA_CERTS").unwrap());
            ("its own `cacert.pem`".to_owned(), get_with(&[], &[("PYTHONPATH", &roots)]))
        }
    };
    assert_eq!(trusted, client.has("ASIAHTTPS"), "{by}");
    row.add_words(&by, &trusted);
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Exports {
    set: BTreeMap<String, String>,
}

/// Makes a copy of Python's list of roots, with this certificate added.
fn certifi_with(world: &TestEnv, certificate: &str) -> String {
    let script = "import certifi,shutil,sys,pathlib\n\
        copy=shutil.copytree(pathlib.Path(certifi.__file__).parent,'roots/certifi')\n\
        open(copy+'/cacert.pem','a').write(open(sys.argv[1]).read())";
    let mut command = world.command(sdks().join("bin/python"));
    command.args(["-c", script, certificate]);
    let copied = world.finish(command, "");
    assert_eq!(copied.code, Some(0), "{}", copied.stderr);
    world.home().join("roots").to_str().unwrap().to_owned()
}

/// An environment whose commands send an admin token.
fn world_with_tokens() -> TestEnv {
    let mut world = world_without_aws();
    make_token(&world, &["--admin", "--file", "admin"]);
    let admin = world.home().join("admin");
    world.set("AWS_SSO_ECS_TOKEN_FILE", admin.to_str().unwrap());
    world
}

/// The answer of the previous chain after a change. An SDK may refresh in the background, after its answer.
fn refreshed(driver: &mut Driver, before: &str, after: &str) -> String {
    let patience = Instant::now() + Duration::from_secs(30);
    loop {
        let said = driver.get_again();
        if said != before || said == after || Instant::now() > patience {
            return said;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The part of our refusal that an SDK's error contains.
fn what_is_shown(error: &str) -> &'static str {
    if error.contains("authorization token") {
        "status and message"
    } else if error.contains("401") {
        "status"
    } else {
        "nothing"
    }
}

/// Makes a token. Returns its text, which is empty if it is in a file, and its serial.
fn make_token(world: &TestEnv, arguments: &[&str]) -> (String, String) {
    let create = [&["ecs", "token", "create", "--output", "json"], arguments].concat();
    let made = world.run(&create);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let made: serde_json::Value = serde_json::from_str(&made.stdout).unwrap();
    let text = |key: &str| made.get(key).and_then(|text| text.as_str()).unwrap_or_default();
    (text("Token").to_owned(), text("Serial").to_owned())
}

fn revoke(world: &TestEnv, which: &str) {
    let revoked = world.run(&["ecs", "token", "revoke", which]);
    assert_eq!(revoked.code, Some(0), "{}", revoked.stderr);
}

/// An expiration in fifty seconds. SDKs that keep credentials refresh such credentials on each call.
fn in_fifty_seconds(world: &TestEnv) -> String {
    let mut command = world.command("date");
    command.args(["--utc", "--date=50 seconds", "+%FT%TZ"]);
    world.finish(command, "").stdout.trim().to_owned()
}

#[test]
fn boto3() {
    check(&clients::BOTO3, "no credentials are loaded");
}

#[test]
fn the_sdk_for_rust() {
    check(&clients::RUST, "404");
}

#[test]
fn the_sdk_for_javascript() {
    check(&clients::JAVASCRIPT, "Could not load credentials");
}

#[test]
fn the_sdk_for_java() {
    check(&clients::JAVA, "The requested metadata is not found");
}

#[test]
fn the_sdk_for_go() {
    check(&clients::GO, "404: no credentials are loaded");
}

#[test]
fn the_aws_cli() {
    check(&clients::AWS_CLI, "no credentials are loaded");
}

#[test]
fn the_aws_cli_gets_the_role_of_the_profile() {
    let moto = Moto::start();
    let mut world = world(&moto);
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    // An edited profile is another source.
    for slotted in [&[][..], &["--slotted", "--replace"]] {
        let mut uri = String::new();
        for role in ["Before", "After"] {
            // The profile keeps its name and its slot. Its role changes.
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

/// An AWS config with a profile that assumes a role.
fn config(profile: &str, role: &str) -> String {
    format!(
        "[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = CANARY-base\n\
         [profile {profile}]\nrole_arn = arn:aws:iam::123456789012:role/{role}\n\
         source_profile = base\n"
    )
}
