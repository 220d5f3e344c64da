//! Another user, another network and a browser get nothing.

use std::net::TcpListener;

use fakes::{Running, TestEnv};

use crate::{lifecycle::activated, session, tokens::token, upload, world};

/// Sends a request as the user `nobody`, and returns the answer.
pub(crate) fn ask_as_nobody(
    world: &TestEnv,
    server: &Running,
    host: &str,
    request: &str,
    authorization: &str,
) -> String {
    let port = server.port();
    let script = format!(
        "exec 3<>/dev/tcp/{host}/{port}; printf '{request} HTTP/1.1\\r\\nhost: localhost\\r\\n\
         authorization: {authorization}\\r\\nconnection: close\\r\\n\\r\\n' >&3; cat <&3"
    );
    let mut command = world.command_as("65534", "bash");
    command.args(["-c", &script]);
    world.finish(command, "").stdout
}

#[test]
fn another_user_gets_nothing_in_either_family() {
    if !fakes::needs_root() {
        return;
    }
    let world = world();
    let server = world.serve(&[]);
    assert_eq!(server.request("PUT", "/", &[], &upload("dev", "ASIA1")).0, 200);
    for host in ["127.0.0.1", "::1"] {
        for target in ["/", "/creds", "/slot", "/profile", "/status", "/nowhere"] {
            let answer = ask_as_nobody(&world, &server, host, &format!("GET {target}"), "");
            assert!(answer.starts_with("HTTP/1.1 401"), "{host} {target}: {answer}");
            assert!(answer.contains("another user"), "{answer}");
        }
        let health = ask_as_nobody(&world, &server, host, "GET /healthcheck", "");
        assert!(health.ends_with("{\"status\":\"ok\"}"), "{health}");
    }
    assert_eq!(server.get("/").0, 200, "its own user still gets them");
}

#[test]
fn another_user_with_a_token_reads_what_it_names() {
    if !fakes::needs_root() {
        return;
    }
    let world = world();
    let server = world.serve(&[]);
    assert_eq!(server.request("PUT", "/", &[], &upload("main", "ASIA1")).0, 200);
    assert_eq!(server.request("PUT", "/slot/dev", &[], &upload("dev", "ASIA2")).0, 200);
    let token = token(&world, &["--slot", "dev"]);
    for host in ["127.0.0.1", "::1"] {
        for (request, authorization, status) in [
            ("GET /slot/dev", "", "401"), // the URL without a token
            ("GET /", token.as_str(), "403"),
            // HEAD, because the body contains a canary.
            ("HEAD /slot/dev", token.as_str(), "200"),
            ("PUT /slot/dev", token.as_str(), "403"),
            ("GET /status", token.as_str(), "403"),
        ] {
            let answer = ask_as_nobody(&world, &server, host, request, authorization);
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{request}: {answer}");
        }
    }
}

#[test]
fn another_users_server_is_not_handed_credentials() {
    if !fakes::needs_root() {
        return;
    }
    let world = world();
    let script = "import socket,sys\ns=socket.socket(); s.bind(('127.0.0.1',0)); s.listen()\n\
                  print(s.getsockname()[1],flush=True)\nc,_=s.accept(); c.settimeout(5)\n\
                  print(len(c.recv(100000)),flush=True)";
    let mut squatter = world.command_as("65534", "/usr/bin/python3");
    squatter.args(["-c", script]).stdout(std::process::Stdio::piped());
    let mut squatter = squatter.spawn().unwrap();
    let mut lines =
        std::io::BufRead::lines(std::io::BufReader::new(squatter.stdout.take().unwrap()));
    let address = format!("127.0.0.1:{}", lines.next().unwrap().unwrap());
    let arguments = ["ecs", "load", "--from-stdin", "--server", &address];
    let failed = world.run_with_input(&arguments, &session("ASIA1"));
    assert_eq!(failed.code, Some(1));
    assert!(failed.stderr.contains("belongs to another user"), "{}", failed.stderr);
    assert_eq!(lines.next().unwrap().unwrap(), "0", "bytes were sent to another user's server");
    squatter.wait().unwrap();
}

#[test]
fn another_network_namespace_gets_nothing() {
    if !fakes::needs_root() {
        return;
    }
    // The socket listens in our network namespace, and the server runs in another one. We look like a container to it.
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = activated(&world(), socket, &["unshare", "--net"]);
    let (status, body) = server.get("/");
    assert_eq!(status, 401);
    assert!(body.contains("another network namespace"), "{body}");
    assert_eq!(server.request("PUT", "/", &[], &upload("dev", "ASIA1")).0, 401);
}

#[test]
fn another_network_namespace_with_a_token_reads_what_it_names() {
    if !fakes::needs_root() {
        return;
    }
    let world = world();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = activated(&world, socket, &["unshare", "--net"]);
    let (admin, reader) = (token(&world, &["--admin"]), token(&world, &["--slot", "dev"]));
    let ask = |method: &str, target: &str, token: &str| {
        let headers = [("Authorization", token)];
        server.request(method, target, &headers, &upload("dev", "ASIA1")).0
    };
    assert_eq!(ask("PUT", "/slot/dev", &reader), 403);
    assert_eq!(ask("PUT", "/slot/dev", &admin), 200);
    assert_eq!(ask("GET", "/slot/dev", &reader), 200);
    assert_eq!(ask("GET", "/", &reader), 403);
    assert_eq!(server.get("/slot/dev").0, 401);
}

#[test]
fn a_browser_or_a_proxy_gets_nothing() {
    let server = world().serve(&[]);
    assert_eq!(server.request("PUT", "/", &[], &upload("dev", "ASIA1")).0, 200);
    for header in [
        ("Origin", "http://evil.example"),
        ("Sec-Fetch-Mode", "no-cors"),
        ("Referer", "http://localhost/"),
        ("Cookie", "a=b"),
        ("X-Forwarded-For", "10.0.0.1"),
        ("Via", "1.1 proxy"),
        ("Proxy-Connection", "keep-alive"),
    ] {
        for (method, target) in [("GET", "/"), ("DELETE", "/"), ("OPTIONS", "/slot/dev")] {
            let (status, body) = server.request(method, target, &[header], "");
            assert_eq!(status, 403, "{method} {target} {header:?}: {body}");
        }
    }
    let rebound = server.request("GET", "/", &[("Host", "evil.example")], "");
    assert_eq!(rebound.0, 421);
    let through_proxy = format!("http://127.0.0.1:{}/", server.port());
    assert_eq!(server.get(&through_proxy).0, 403);
    assert_eq!(server.get("/").0, 200);
}
