//! Who is at the other end of a connection, seen from where a stranger stands: another user with all the connections that they can
//! get, a user namespace, a connection that is half closed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use fakes::{Running, TestEnv};

use crate::lifecycle::activated_by;
use crate::strangers::ask_as_nobody;
use crate::{tokens::token, upload, world};

/// A program of another user that opens connections for as long as it lives, and waits on each: on every other one
/// before its request is complete, so that the server cannot answer and close it.
struct Flood(Child);

impl Flood {
    fn start(world: &TestEnv, server: &Running, uid: &str, count: usize) -> Self {
        let script = "import socket,sys,time
port,count=map(int,sys.argv[1:])
held=[]
opened=0
while True:
    try:
        s=socket.create_connection(('127.0.0.1',port))
        held.append(s)
        s.sendall(b'GET /healthcheck HTTP/1.1\\r\\nhost: localhost\\r\\n'+(b'' if opened%2 else b'\\r\\n'))
    except OSError: pass
    held[:-count]=[]
    opened+=1
    if opened==count: print('all',flush=True)
    if opened>count: time.sleep(0.001)";
        let mut command = world.command_as(uid, "/usr/bin/python3");
        command.args(["-c", script, &server.port().to_string(), &count.to_string()]);
        command.stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "all\n");
        Self(child)
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// A server with the slot `dev`.
fn serving_dev() -> (TestEnv, Running) {
    let world = world();
    let server = world.serve(&[]);
    assert_eq!(server.request("PUT", "/slot/dev", &[], &upload("dev", "ASIA1")).0, 200);
    (world, server)
}

/// The status for a user who asks for `/slot/dev` with this token.
fn status_for(world: &TestEnv, server: &Running, uid: &str, token: &str) -> String {
    let script = "import http.client,sys
c=http.client.HTTPConnection('127.0.0.1',int(sys.argv[1]),timeout=10)
c.request('GET','/slot/dev',headers={'Authorization':sys.argv[2]})
print(c.getresponse().status)";
    let mut command = world.command_as(uid, "/usr/bin/python3");
    command.args(["-c", script, &server.port().to_string(), token]);
    world.finish(command, "").stdout.trim().to_owned()
}

#[test]
fn who_has_a_token_is_answered_while_other_users_hold_all_that_they_can() {
    if !fakes::needs_root() {
        return;
    }
    let (world, server) = serving_dev();
    let token = token(&world, &["--slot", "dev"]);
    let floods = ["2002", "2003", "2004", "2005", "2006"];
    let _floods = floods.map(|uid| Flood::start(&world, &server, uid, 200));
    for _ in 0..40 {
        assert_eq!(status_for(&world, &server, "2010", &token), "200");
    }
    for _ in 0..40 {
        assert_eq!(server.get("/slot/dev").0, 200, "its own user");
    }
}

#[test]
fn who_has_a_token_is_answered_although_a_flood_counts_as_the_same_stranger() {
    if !fakes::needs_root() {
        return;
    }
    let (world, server) = serving_dev();
    let token = token(&world, &["--slot", "dev"]);
    let _flood = Flood::start(&world, &server, "2002", 200);
    for _ in 0..40 {
        assert_eq!(status_for(&world, &server, "2002", &token), "200");
    }
}

#[test]
fn a_stranger_does_not_keep_a_connection_after_an_answer_that_needed_no_permission() {
    if !fakes::needs_root() {
        return;
    }
    let world = world();
    let server = world.serve(&[]);
    let script = format!(
        "exec 3<>/dev/tcp/127.0.0.1/{}; printf 'GET /healthcheck HTTP/1.1\\r\\nhost: localhost\\r\\n\\r\\n' >&3; cat <&3",
        server.port()
    );
    let mut command = world.command_as("65534", "bash");
    command.args(["-c", &script]);
    let began = Instant::now();
    let answer = world.finish(command, "").stdout;
    assert!(answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
    assert!(began.elapsed() < Duration::from_secs(30), "it was not closed");
}

#[test]
fn other_users_do_not_learn_which_slots_there_are() {
    if !fakes::needs_root() {
        return;
    }
    let (world, server) = serving_dev();
    let answers = ["dev", "none"].map(|slot| {
        let request = format!("GET /healthcheck/slot/{slot}");
        let answer = ask_as_nobody(&world, &server, "127.0.0.1", &request, "");
        answer.lines().filter(|line| !line.starts_with("date:")).collect::<String>()
    });
    assert!(answers[0].starts_with("HTTP/1.1 401"), "{}", answers[0]);
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn who_closes_its_half_of_a_connection_after_the_request_is_still_its_owner() {
    let server = world().serve(&[]);
    assert_eq!(server.request("PUT", "/", &[], &upload("dev", "ASIA1")).0, 200);
    for _ in 0..200 {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        stream
            .write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            .unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[test]
fn where_all_users_look_the_same_nobody_is_the_servers_user() {
    if !fakes::needs_root() {
        return;
    }
    let world = world();
    for map in [&["unshare", "-U"][..], &["unshare", "-U", "--map-user=65534"]] {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        // Its home must be usable for the user that it seems to be.
        let mut wrapper = vec!["setpriv", "--reuid=2001", "--regid=2001", "--clear-groups"];
        wrapper.extend(map);
        use std::os::unix::fs::{PermissionsExt as _, chown};
        chown(world.home(), Some(2001), Some(2001)).unwrap();
        std::fs::set_permissions(world.home(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let copy = world.home().join("aws-sso");
        std::fs::copy(world.binary(), &copy).unwrap();
        let server = activated_by(&world, &copy, socket, &wrapper);
        for uid in ["2001", "2002", "0"] {
            assert_eq!(status_for(&world, &server, uid, ""), "401", "{map:?} {uid}");
        }
    }
}
