//! Messages about the next refresh: they depend on whether it can work, as far as the server knows.

use fakes::Running;
use serde_json::Value;

use super::{OTHER_ROLE, ROLE, fake, profile, until};
use crate::identity_center::{assert_done, config, instance, signed_in, world_of};

#[test]
fn a_server_without_the_passphrase_does_not_promise_to_refresh() {
    let fake = fake(3600);
    let mut world = world_of(&fake);
    let config = config(&instance("corp", &fake)).replace("json", "file");
    world.write(".aws-sso/config.yaml", &config);
    // The server has neither a passphrase nor a terminal to ask for one.
    let mut command = world.command(world.binary());
    command.args(["ecs", "run", "--port", "0"]);
    world.set("AWS_SSO_FILE_PASSWORD", "a passphrase");
    assert_done(&world.run(&["login"]));
    let server = Running::start(command);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    let loaded = world.run(&["ecs", "load", "--profile", ROLE]);
    assert_done(&loaded);
    let said = loaded.stderr;
    assert!(!said.contains("keeps it fresh"), "{said}");
    assert!(said.contains("cannot refresh it: the server does not have the passphrase"), "{said}");
    assert!(said.contains("AWS_SSO_FILE_PASSWORD"), "{said}");
    let profile = profile(&server);
    assert_eq!(profile["State"], "misconfigured", "{profile}");
    assert!(profile["Hint"].as_str().unwrap().contains("AWS_SSO_FILE_PASSWORD"), "{profile}");
    assert_eq!(server.get("/").0, 200, "credentials that have not expired are served");
    let status: Value = serde_json::from_str(&server.get("/status").1).unwrap();
    assert_eq!(status["Default"]["State"], "misconfigured", "{status}");
}

#[test]
fn a_load_after_the_end_of_a_session_promises_no_refresh() {
    let fake = fake(3600);
    let mut world = signed_in(&fake);
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    let loaded = world.run(&["ecs", "load", "--profile", ROLE]);
    assert!(loaded.stderr.contains("the server keeps it fresh"), "{}", loaded.stderr);
    assert_eq!(profile(&server)["State"], "ready");
    let said = world.run(&["logout"]).stderr;
    let lost = "The server cannot refresh these slots until you sign in again: the default slot.";
    assert!(said.contains(lost), "{said}");
    until("the server has noticed the sign-out", || profile(&server)["State"] == "sign-in-needed");
    // Another load after the end of the session.
    let upload = super::upload_of_source(&fake, OTHER_ROLE, "ReadOnlyAccess");
    let (status, answer) =
        server.request("PUT", "/slot/payments-prod:ReadOnlyAccess", &[], &upload);
    assert_eq!(status, 200, "{answer}");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["refreshes"], Value::Null, "{answer}");
    assert!(answer["hint"].as_str().unwrap().contains("aws-sso login"), "{answer}");
}

#[test]
fn keys_without_an_expiration_are_not_called_fresh() {
    let mut world = crate::world();
    let script = "printf '{\"Version\":1,\"AccessKeyId\":\"ASIA%s\",\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\"}' \
                  $(cat keys)";
    world.write(".aws/config", "[profile dev]\ncredential_process = sh keys.sh\n");
    world.write("keys.sh", script);
    world.write("keys", "ONE");
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    assert_done(&world.run(&["ecs", "load", "--profile", "dev"]));
    let listed = world.run(&["ecs", "profile"]).stderr;
    assert!(listed.contains("the expiration is not known"), "{listed}");
    let profile = profile(&server);
    assert_eq!(profile["ExpirationAssumed"], true, "{profile}");
    assert!(["14m", "15m"].contains(&profile["Expires"].as_str().unwrap()), "{profile}");
    // Neither with the slot nor with the profile does `process` invent an expiration for an SDK.
    for shared in [true, false] {
        if !shared {
            assert_done(&world.run(&["ecs", "unload"]));
        }
        let printed = world.run(&["process", "--profile", "dev"]);
        assert_done(&printed);
        let printed: Value = serde_json::from_str(&printed.stdout).unwrap();
        assert_eq!(printed["AccessKeyId"], "ASIAONE");
        assert_eq!(printed["Expiration"], Value::Null);
    }
    let keys = r#"{"Version":1,"AccessKeyId":"ASIA1","SecretAccessKey":"s","SessionToken":"t"}"#;
    let handed_in = world.run_with_input(&["ecs", "load", "--from-stdin"], keys);
    assert!(handed_in.stderr.contains("its expiration is not known"), "{}", handed_in.stderr);
}
