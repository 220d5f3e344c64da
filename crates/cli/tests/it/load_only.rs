//! A token that hands in credentials gets none: not by reading, and not by a source.

use fakes::{Running, TestEnv};

use crate::tokens::token;
use crate::{session, upload, world};

/// A source: the server would get its credentials with the owner's sign-in.
const SOURCE: &str = r#""Source":{"Instance":"corp","StartUrl":"https://corp.awsapps.com/start","AccountId":"000001111111","RoleName":"Admin"}"#;

/// The status and the body of the answer to a request of the user `nobody`, who has a token.
fn ask_as_nobody(
    world: &TestEnv,
    server: &Running,
    request: &str,
    token: &str,
    body: &str,
) -> (u16, String) {
    let script = format!(
        "exec 3<>/dev/tcp/127.0.0.1/{}; printf '%s\\r\\n' '{request} HTTP/1.1' 'host: localhost' \
         'authorization: {token}' 'connection: close' 'content-length: {}' '' >&3; \
         printf %s '{body}' >&3; cat <&3",
        server.port(),
        body.len()
    );
    let mut command = world.command_as("65534", "bash");
    command.args(["-c", &script]);
    let answer = world.finish(command, "").stdout;
    let status = answer.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, answer)
}

#[test]
fn a_load_only_token_of_another_user_hands_in_credentials_and_gets_none() {
    if !fakes::needs_root() {
        return;
    }
    let world = world();
    let server = world.serve(&[]);
    let handed_in = upload("dev", "ASIA1");
    let alone = format!(r#"{{"ProfileName":"dev",{SOURCE}}}"#);
    let with_credentials = handed_in.replacen("\"Creds\"", &format!("{SOURCE},\"Creds\""), 1);
    let slot = token(&world, &["--load-only", "--slot", "dev"]);
    let all = token(&world, &["--load-only"]);
    for token in [&slot, &all] {
        let ask = |request: &str, body: &str| ask_as_nobody(&world, &server, request, token, body);
        assert_eq!(ask("PUT /slot/dev", &handed_in).0, 200);
        for body in [&alone, &with_credentials] {
            let (status, answer) = ask("PUT /slot/dev", body);
            assert_eq!(status, 403, "{answer}");
            assert!(answer.contains("\"reason\":\"source-not-allowed\""), "{answer}");
        }
        for request in ["GET /slot/dev", "GET /slot", "GET /", "GET /profile", "GET /status"] {
            let (status, answer) = ask(request, "");
            assert_eq!(status, 403, "{request}: {answer}");
            assert!(answer.contains("\"reason\":\"load-token\""), "{answer}");
        }
        assert_eq!(ask("DELETE /slot/dev", "").0, 403);
        assert_eq!(ask("DELETE /slot", "").0, 403);
    }
    let (status, answer) = ask_as_nobody(&world, &server, "PUT /slot/x", &slot, &upload("x", "A"));
    assert_eq!(status, 403, "{answer}");
    assert!(answer.contains("\"reason\":\"other-slots\""), "{answer}");
    assert_eq!(server.get("/slot/dev").0, 200, "the owner reads what was handed in");
    // This is what an admin token is worth.
    let admin = token(&world, &["--admin"]);
    assert_eq!(ask_as_nobody(&world, &server, "PUT /slot/dev", &admin, &alone).0, 200);
}

#[test]
fn credentials_are_handed_in_with_a_load_only_token() {
    let mut world = world();
    let server = world.serve(&["--require-token"]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    let path = world.home().join("hand-in");
    let made =
        world.run(&["ecs", "token", "create", "--load-only", "--slot", "ci", "--file", "hand-in"]);
    assert!(made.stderr.contains("to hand in credentials for the slot `ci`"), "{}", made.stderr);
    let export = format!("export AWS_SSO_ECS_TOKEN_FILE={}", path.display());
    assert!(made.stderr.contains(&export), "{}", made.stderr);
    world.set("AWS_SSO_ECS_TOKEN_FILE", path.to_str().unwrap());
    let load = ["ecs", "load", "--from-stdin", "--slotted", "--name", "ci"];
    let loaded = world.run_with_input(&load, &session("ASIA1"));
    assert_eq!(loaded.code, Some(0), "{}", loaded.stderr);
    let listed = world.run(&["ecs", "list"]);
    assert!(listed.stderr.contains("only loading credentials"), "{}", listed.stderr);
    let reader = token(&world, &["--slot", "ci"]);
    let got = server.request("GET", "/slot/ci", &[("Authorization", &reader)], "");
    assert_eq!(got.0, 200);
    let admin = world.run(&["ecs", "token", "create", "--admin"]);
    assert!(admin.stderr.contains("worth as much as your sign-in"), "{}", admin.stderr);
}
