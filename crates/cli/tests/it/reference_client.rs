//! The client of aws-sso-cli (in Go), with our server: the requests that it sends, byte by byte, and what it looks at in the
//! answers.

use std::io::Write as _;
use std::net::TcpStream;

use fakes::Running;
use serde_json::Value;

use crate::{tokens::token, upload, world};

/// The client, with the token that it has stored.
struct Client<'a> {
    server: &'a Running,
    token: Option<&'a str>,
}

impl Client<'_> {
    /// Sends a request on a connection of its own, with the headers of Go's HTTP client in their order.
    fn send(&self, method: &str, path: &str, body: Option<&str>) -> (u16, Value) {
        let port = self.server.port();
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{port}\r\nUser-Agent: Go-http-client/1.1\r\n"
        );
        if let Some(body) = body {
            request += &format!("Content-Length: {}\r\n", body.len());
        }
        if let Some(token) = self.token {
            request += &format!("Authorization: Bearer {token}\r\n");
        }
        request += "Content-Type: application/json; charset=utf-8\r\nAccept-Encoding: gzip\r\n\r\n";
        request += body.unwrap_or_default();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        answer(&stream)
    }

    fn status(&self, method: &str, path: &str) -> u16 {
        self.send(method, path, None).0
    }
}

/// Reads the answer by its length: the client keeps the connection open.
fn answer(stream: &TcpStream) -> (u16, Value) {
    let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let count = fakes::read_once(stream, &mut buffer).unwrap();
        assert_ne!(count, 0, "the server closes the connection");
        read.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&read);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let lines: Vec<_> = head.lines().map(str::to_lowercase).collect();
        assert!(lines.iter().all(|line| !line.starts_with("content-encoding")), "{head}");
        let length = lines.iter().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if body.len() == length.parse::<usize>().unwrap() {
            let status = lines[0].split(' ').nth(1).unwrap().parse().unwrap();
            return (status, serde_json::from_str(body).unwrap());
        }
    }
}

#[test]
fn the_reference_client_loads_lists_and_unloads() {
    let world = world();
    let server = world.serve(&[]);
    let client = Client { server: &server, token: None };
    assert_eq!(client.status("GET", "/healthcheck/"), 503);
    assert_eq!(client.status("GET", "/profile"), 404, "it says then that no profile is loaded");
    let ok = |answer: (u16, Value)| {
        let (status, body) = answer;
        assert_eq!((status, &body["code"], &body["message"]), (200, &"200".into(), &"OK".into()));
    };
    ok(client.send("PUT", "/", Some(&upload("p1", "ASIA1"))));
    assert_eq!(client.status("GET", "/healthcheck/"), 200);
    // Names are escaped as a segment of a path.
    for (path, name) in [("/slot/a:b", "a:b"), ("/slot/my%20slot%2Fx", "my slot/x")] {
        ok(client.send("PUT", path, Some(&upload(name, "ASIA2"))));
    }
    let (status, profile) = client.send("GET", "/profile", None);
    assert_eq!(status, 200);
    let decoded = |profile: &Value| {
        assert_eq!(profile["AccountId"], "000000111111");
        assert_eq!(profile["RoleName"], "Admin");
        assert_eq!(profile["Expiration"].as_i64(), Some(4_070_908_800), "a number, of seconds");
        assert!(profile["Expires"].is_string());
        profile["ProfileName"].as_str().unwrap().to_owned()
    };
    assert_eq!(decoded(&profile), "p1");
    let (status, slots) = client.send("GET", "/slot", None);
    let mut names: Vec<_> = slots.as_array().unwrap().iter().map(decoded).collect();
    names.sort_unstable();
    assert_eq!((status, names), (200, vec!["a:b".to_owned(), "my slot/x".to_owned()]));
    ok(client.send("DELETE", "/slot/my%20slot%2Fx", None));
    ok(client.send("DELETE", "/", None));
    assert_eq!(client.status("DELETE", "/"), 404);
    assert_eq!(client.status("GET", "/profile"), 404);
    let (status, slots) = client.send("GET", "/slot", None);
    assert_eq!((status, slots.as_array().unwrap().len()), (200, 1));
}

#[test]
fn the_reference_client_can_store_one_of_our_tokens() {
    let world = world();
    let server = world.serve(&["--require-token"]);
    let file = world.home().join("token");
    token(&world, &["--admin", "--file", file.to_str().unwrap()]);
    let stored = std::fs::read_to_string(file).unwrap();
    let client = Client { server: &server, token: Some(&stored) };
    assert_eq!(client.send("PUT", "/slot/dev", Some(&upload("dev", "ASIA1"))).0, 200);
    assert_eq!(client.status("GET", "/slot"), 200);
    assert_eq!(client.status("DELETE", "/slot/dev"), 200);
    for token in [None, Some("its-own")] {
        let other = Client { server: &server, token };
        assert_eq!(other.status("GET", "/slot"), 401);
    }
    // Its health check needs no token, and sends the one that it has.
    assert_eq!(client.status("GET", "/healthcheck/"), 503);
}
