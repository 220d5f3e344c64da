//! Tests of the fake over sockets, for behaviour that AWS does not have.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::{CANARY, FakeClock};

/// A fake with a fixed clock, in which each sign-in is approved at once.
fn fake(options: Options) -> FakeIdentityCenter {
    let clock = Arc::new(FakeClock::at("2026-11-22T12:00:00Z"));
    FakeIdentityCenter::start_at(Options { auto_approve: true, ..options }, clock)
}

/// Sends a request and returns the answer, with its head. Empty if there is no answer.
fn send(fake: &FakeIdentityCenter, request: &str, token: &str, body: &str) -> String {
    let mut stream = connect(fake);
    let length = body.len();
    let head = format!(
        "{request} HTTP/1.1\r\nhost: fake\r\nconnection: close\r\nx-amz-sso_bearer_token: {token}\r\n\
         content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    // A connection that is reset gives no answer either.
    stream.read_to_string(&mut answer).ok();
    answer
}

fn connect(fake: &FakeIdentityCenter) -> TcpStream {
    let stream = TcpStream::connect(fake.url().trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn body(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// Signs in with a device code. Returns the input of CreateToken and the tokens.
fn sign_in(fake: &FakeIdentityCenter) -> (Value, Value) {
    let post = |path: &str, input: &Value| {
        body(&send(fake, &format!("POST {path}"), "", &input.to_string()))
    };
    let registration = post(
        "/client/register",
        &json!({"clientName": "test", "clientType": "public", "scopes": ["sso:account:access"]}),
    );
    let mut input = json!({
        "clientId": registration["clientId"],
        "clientSecret": registration["clientSecret"],
        "startUrl": fake.start_url(),
        "grantType": "urn:ietf:params:oauth:grant-type:device_code",
    });
    let device = post("/device_authorization", &input);
    input["deviceCode"] = device["deviceCode"].clone();
    let tokens = post("/token", &input);
    (input, tokens)
}

fn refresh(fake: &FakeIdentityCenter, input: &Value, token: &Value) -> String {
    let mut input = input.clone();
    input["grantType"] = "refresh_token".into();
    input["refreshToken"] = token.clone();
    send(fake, "POST /token", "", &input.to_string())
}

fn accounts(fake: &FakeIdentityCenter, tokens: &Value) -> String {
    send(fake, "GET /assignment/accounts", tokens["accessToken"].as_str().unwrap(), "")
}

#[test]
fn a_lost_answer_has_its_effect_and_a_disconnect_has_none() {
    let fake = fake(Options { refresh_grace: Duration::ZERO, ..Options::default() });
    let (input, tokens) = sign_in(&fake);
    fake.fault(Operation::CreateToken, Fault::Disconnect);
    assert_eq!(refresh(&fake, &input, &tokens["refreshToken"]), "");
    let newer = body(&refresh(&fake, &input, &tokens["refreshToken"]));
    fake.fault(Operation::CreateToken, Fault::LoseAnswer);
    assert_eq!(refresh(&fake, &input, &newer["refreshToken"]), "");
    let refused = refresh(&fake, &input, &newer["refreshToken"]);
    assert!(refused.contains("InvalidGrantException"), "{refused}");
    let statuses: Vec<_> = fake
        .calls()
        .iter()
        .filter(|call| call.operation == Operation::CreateToken)
        .map(|call| call.status)
        .collect();
    assert_eq!(statuses, [Some(200), None, Some(200), None, Some(400)]);
}

#[test]
fn a_hanging_call_ends_when_the_fake_is_dropped() {
    let fake = fake(Options::default());
    fake.fault_always(Operation::ListAccounts, Fault::Hang);
    let mut stream = connect(&fake);
    stream.write_all(b"GET /assignment/accounts HTTP/1.1\r\nhost: fake\r\n\r\n").unwrap();
    while fake.count(Operation::ListAccounts) == 0 {
        std::thread::yield_now();
    }
    drop(fake);
    assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
}

#[test]
fn the_time_of_the_fake_can_be_ahead_and_can_be_advanced() {
    let fake = fake(Options { clock_offset_seconds: 14 * 60, ..Options::default() });
    let (input, tokens) = sign_in(&fake);
    let listed = accounts(&fake, &tokens);
    assert!(listed.contains("\r\ndate: Sun, 22 Nov 2026 12:14:00 GMT\r\n"), "{listed}");
    fake.advance(Duration::from_secs(3600));
    let expired = accounts(&fake, &tokens);
    assert!(expired.starts_with("HTTP/1.1 401 ") && expired.contains("UnauthorizedException"));
    let newer = body(&refresh(&fake, &input, &tokens["refreshToken"]));
    assert!(accounts(&fake, &newer).starts_with("HTTP/1.1 200 "));
    fake.advance(Duration::from_secs(7 * 3600));
    let ended = refresh(&fake, &input, &newer["refreshToken"]);
    assert!(ended.contains("InvalidGrantException"), "{ended}");
}

#[test]
fn sessions_end_and_access_tokens_expire_on_demand() {
    let fake = fake(Options::default());
    let (input, tokens) = sign_in(&fake);
    fake.expire_access_tokens();
    assert!(accounts(&fake, &tokens).starts_with("HTTP/1.1 401 "));
    let newer = body(&refresh(&fake, &input, &tokens["refreshToken"]));
    assert!(accounts(&fake, &newer).starts_with("HTTP/1.1 200 "));
    fake.end_sessions();
    assert!(accounts(&fake, &newer).starts_with("HTTP/1.1 401 "));
    assert!(refresh(&fake, &input, &newer["refreshToken"]).starts_with("HTTP/1.1 400 "));
}

#[test]
fn every_secret_is_a_canary_and_no_two_are_the_same() {
    let fake = fake(Options::default());
    let mut secrets = std::collections::HashSet::new();
    for _ in 0..2 {
        let (input, tokens) = sign_in(&fake);
        let path = "GET /federation/credentials?account_id=000001111111&role_name=ReadOnlyAccess";
        let answer = send(&fake, path, tokens["accessToken"].as_str().unwrap(), "");
        let credentials = &body(&answer)["roleCredentials"];
        for (from, name) in [
            (&input, "clientSecret"),
            (&tokens, "accessToken"),
            (&tokens, "refreshToken"),
            (credentials, "secretAccessKey"),
            (credentials, "sessionToken"),
        ] {
            let secret = from[name].as_str().unwrap().to_owned();
            assert!(secret.contains(CANARY), "{name}");
            assert!(secrets.insert(secret), "{name}");
        }
    }
}
