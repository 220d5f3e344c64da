//! The server of aws-sso-cli (in Go), as a model, with our client: it knows fewer paths, and its messages have no reasons. A
//! program of the same user is trusted, whatever it is.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use fakes::{CANARY, Finished, TestEnv};
use serde_json::{Value, json};

use crate::identity_center::{assert_done, fake, signed_in};
use crate::{tokens::token, world};

const ROLE: &str = "Team1Dev:ReadOnlyAccess";

/// The model. It ends with the test.
struct Reference {
    port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    bearer: Option<String>,
    default: Option<Value>,
    slots: BTreeMap<String, Value>,
    /// The method and the path of each request, and what it had in `Authorization`.
    requests: Vec<(String, Option<String>)>,
}

impl Reference {
    fn start(bearer: Option<&str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = State { bearer: bearer.map(str::to_owned), ..State::default() };
        let state = Arc::new(Mutex::new(state));
        let served = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let state = Arc::clone(&served);
                thread::spawn(move || serve(&stream.unwrap(), &state));
            }
        });
        Self { port, state }
    }

    /// What was asked since the last call.
    fn requests(&self) -> Vec<(String, Option<String>)> {
        std::mem::take(&mut self.state.lock().unwrap().requests)
    }
}

/// Answers the requests of a connection, which stays open as with Go.
fn serve(mut stream: &TcpStream, state: &Mutex<State>) {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let Ok(count @ 1..) = fakes::read_once(stream, &mut buffer) else { return };
        read.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8(read.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let header = |name: &str| {
            let mut lines = head.lines().skip(1).map(|line| line.split_once(": ").unwrap());
            lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        };
        if body.len() < header("content-length").map_or(0, |length| length.parse().unwrap()) {
            continue;
        }
        let mut words = head.split(' ');
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let sent = header("authorization");
        let mut state = state.lock().unwrap();
        state.requests.push((format!("{method} {target}"), sent.map(str::to_owned)));
        let (status, answer) = state.answer(method, target, sent, body);
        let answer = format!("{answer}\n");
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
            answer.len()
        );
        stream.write_all(format!("{head}{answer}").as_bytes()).unwrap();
        read.clear();
    }
}

fn message(status: u16, text: &str) -> (u16, Value) {
    (status, json!({"code": status.to_string(), "message": text}))
}

fn profile(loaded: &Value) -> Value {
    let creds = &loaded["Creds"];
    json!({
        "ProfileName": loaded["ProfileName"],
        "AccountId": format!("{:012}", creds["accountId"].as_i64().unwrap()),
        "RoleName": creds["roleName"],
        "Expiration": creds["expiration"].as_i64().unwrap() / 1000,
        "Expires": "    59m",
    })
}

impl State {
    fn answer(
        &mut self,
        method: &str,
        target: &str,
        sent: Option<&str>,
        body: &str,
    ) -> (u16, Value) {
        if method == "GET" && ["/healthcheck", "/healthcheck/"].contains(&target) {
            return match &self.default {
                Some(loaded) => (200, json!({"status": "ok", "profile": loaded["ProfileName"]})),
                None => (503, json!({"status": "no credentials loaded"})),
            };
        }
        let expected = self.bearer.as_ref().map(|bearer| format!("Bearer {bearer}"));
        if sent.unwrap_or_default() != expected.unwrap_or_default() {
            return message(403, "Invalid authorization token");
        }
        let path = target.split('?').next().unwrap();
        let name = path.strip_prefix("/slot/").filter(|name| !name.is_empty());
        let name =
            name.map(|name| percent_encoding::percent_decode_str(name).decode_utf8().unwrap());
        match (method, target, name) {
            ("PUT", "/", None) | ("PUT", _, Some(_)) => self.load(target, body),
            ("DELETE", "/", None) => match self.default.take() {
                Some(_) => message(200, "OK"),
                None => message(404, "Credentials expired"),
            },
            ("DELETE", _, Some(name)) => match self.slots.remove(&*name) {
                Some(_) => message(200, "OK"),
                None => message(404, "Credentials unavailable"),
            },
            ("GET", "/profile", None) => match &self.default {
                Some(loaded) => (200, profile(loaded)),
                None => message(404, "Credentials unavailable"),
            },
            ("GET", "/slot", None) => (200, self.slots.values().map(profile).collect()),
            ("DELETE", "/slot", None) => message(404, "Credentials unavailable"),
            ("GET" | "DELETE" | "PUT", ..) => message(404, "Credentials unavailable"),
            _ => message(400, "Bad request"),
        }
    }

    fn load(&mut self, target: &str, body: &str) -> (u16, Value) {
        let body: Value = serde_json::from_str(body).unwrap();
        let creds = &body["Creds"];
        for key in ["roleName", "accessKeyId", "secretAccessKey", "sessionToken"] {
            if creds[key].as_str().unwrap_or_default().is_empty() {
                return message(500, &format!("missing {key}"));
            }
        }
        for key in ["accountId", "expiration"] {
            if creds[key].as_i64().is_none() {
                return message(500, &format!("missing {key}"));
            }
        }
        // The name in the body decides.
        match target {
            "/" => self.default = Some(body),
            _ => _ = self.slots.insert(body["ProfileName"].as_str().unwrap().to_owned(), body),
        }
        message(200, "OK")
    }
}

fn run(world: &TestEnv, arguments: &[&str]) -> Finished {
    let finished = world.run(arguments);
    assert!(!finished.stderr.contains(CANARY), "{}", finished.stderr);
    finished
}

#[test]
fn our_client_loads_lists_and_unloads() {
    let (fake, server) = (fake(), Reference::start(None));
    let mut world = signed_in(&fake);
    world.set("AWS_SSO_ECS_SERVER", &format!("localhost:{}", server.port));
    let none = run(&world, &["ecs", "profile"]);
    assert_eq!((none.code, none.stderr.as_str()), (Some(1), "error: Credentials unavailable\n"));
    let loaded = run(&world, &["ecs", "load", "-p", ROLE]);
    assert_done(&loaded);
    let uri = |path: &str| {
        format!(
            "export AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:{}{path}\n",
            server.port
        )
    };
    assert_eq!(loaded.stdout, uri("/"));
    assert!(loaded.stderr.contains("into the default slot; it expires in "), "{}", loaded.stderr);
    let loaded = run(&world, &["ecs", "load", "--slotted", "-p", ROLE]);
    assert_eq!(loaded.stdout, uri("/slot/Team1Dev%3AReadOnlyAccess"));
    for command in ["list", "profile"] {
        let shown = run(&world, &["ecs", command]);
        assert_done(&shown);
        let row = format!("{ROLE} | 000001111111 | ReadOnlyAccess | 59m     | ready | -\n");
        assert!(shown.stdout.ends_with(&row), "{}", shown.stdout);
    }
    assert_done(&run(&world, &["ecs", "unload", "-p", ROLE]));
    assert_done(&run(&world, &["ecs", "load", "--slotted", "-p", ROLE]));
    assert_done(&run(&world, &["ecs", "unload", "--all"]));
    let listed = run(&world, &["ecs", "list"]);
    assert!(listed.stderr.starts_with("No profiles are loaded"), "{listed:?}");
    let requests = server.requests();
    assert!(requests.iter().all(|(_, sent)| sent.is_none()), "{requests:?}");
}

#[test]
fn its_bearer_token_comes_from_a_file_and_ours_is_not_sent_to_it() {
    let (fake, server) = (fake(), Reference::start(Some("its-own/token+1")));
    let mut world = signed_in(&fake);
    world.set("AWS_SSO_ECS_SERVER", &format!("127.0.0.1:{}", server.port));
    let refused = run(&world, &["ecs", "list"]);
    assert_eq!(refused.code, Some(1));
    let told =
        "error: Invalid authorization token\nhint: The server was not started by this program. ";
    assert!(refused.stderr.starts_with(told), "{}", refused.stderr);
    for text in ["its-own/token+1", "Bearer its-own/token+1"] {
        world.write("its.token", text);
        let file = world.home().join("its.token");
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&file, private).unwrap();
        let with_token = ["--token-file", file.to_str().unwrap()];
        let load = ["ecs", "load", "--slotted", "-p", ROLE];
        assert_done(&run(&world, &[&load[..], &with_token].concat()));
        let listed = run(&world, &[&["ecs", "list"], &with_token[..]].concat());
        assert!(listed.stdout.contains(ROLE), "{listed:?}");
        assert_done(&run(&world, &[&["ecs", "unload", "-p", ROLE], &with_token[..]].concat()));
    }
    // A token of ours says nothing to it.
    server.requests();
    token(&world, &["--admin", "--file", "ours.token"]);
    let refused = run(&world, &["ecs", "list", "--token-file", "ours.token"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(server.requests().iter().all(|(_, sent)| sent.is_none()));
    server.state.lock().unwrap().bearer = None;
    assert_done(&run(&world, &["ecs", "list", "--token-file", "ours.token"]));
}

#[test]
fn the_token_of_another_server_is_not_sent_to_ours() {
    let mut world = world();
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    world.write("its.token", "its-own");
    let file = world.home().join("its.token");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let refused = run(&world, &["ecs", "list", "--token-file", file.to_str().unwrap()]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("holds no token of aws-sso"), "{}", refused.stderr);
}
