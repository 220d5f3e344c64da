//! `ecs status`: the state of a server as text, as JSON, and live on a screen.

mod watching;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::{SystemTime, UNIX_EPOCH};

use fakes::{Running, TestEnv};
use serde_json::Value;

use crate::identity_center::{assert_done, assert_fails, signed_in};
use crate::tokens::token;
use crate::{upload, world};

/// An upload that expires in an hour and a half, give or take half a minute.
fn upload_for_now(name: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "the real server goes by the real clock")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    upload(name, "ASIA1").replace("4070908800000", &(now + 5_430_000).to_string())
}

/// A server with credentials in the default slot and in two others.
fn loaded(world: &TestEnv, port: u16) -> Running {
    let server = world.serve_on(port, &[]);
    for (target, name) in [("/", "main"), ("/slot/dev", "dev"), ("/slot/prod", "prod")] {
        assert_eq!(server.request("PUT", target, &[], &upload_for_now(name)).0, 200);
    }
    server
}

fn json(world: &TestEnv) -> Value {
    let shown = world.run(&["ecs", "status", "--output", "json"]);
    assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""));
    serde_json::from_str(&shown.stdout).unwrap()
}

/// A program that gives this answer to one request.
fn answer_once(status: &'static str, body: &'static str) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        assert_ne!(stream.read(&mut [0; 1024]).unwrap(), 0);
        let length = body.len();
        write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
    });
    (address, serving)
}

#[test]
fn the_server_and_its_slots_are_shown_to_people_and_programs() {
    let mut world = world();
    let server = loaded(&world, 0);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    let status = json(&world);
    assert_eq!(status["Pid"], server.pid());
    assert_eq!(status["Version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(status["Addresses"][0], server.address());
    assert_eq!((&status["Scheme"], &status["TokenRequired"]), (&"http".into(), &false.into()));
    assert_eq!((&status["AuditLog"], &status["Refreshes"]), (&false.into(), &true.into()));
    assert_eq!(status["Default"]["ProfileName"], "main");
    assert_eq!(
        (&status["Slots"][1]["ProfileName"], &status["Slots"][1]["Reads"]),
        (&"prod".into(), &0.into())
    );
    assert_eq!(status["Sessions"], Value::Array(vec![]));

    let text = world.run(&["ecs", "status"]).stdout;
    let lines: Vec<&str> = text.lines().collect();
    let start = format!("aws-sso 0.1.0 at http://{} and http://[::1]:", server.address());
    assert!(lines[0].starts_with(&start) && lines[0].contains(": pid "), "{text}");
    assert!(lines[1].starts_with("plain HTTP, your own programs need no token, "), "{text}");
    assert!(lines[3].starts_with("Slot           | AccountId    | RoleName | Expires"), "{text}");
    assert!(lines[5].starts_with("(default) main | 000000111111 | Admin    | 1h "), "{text}");
    assert!(lines[5].ends_with(" | ready | -       | 0     | never"), "{text}");

    assert_eq!(world.run(&["ecs", "unload", "--all"]).code, Some(0));
    let empty = world.run(&["ecs", "status"]);
    assert_eq!(empty.stdout.lines().count(), 2, "{}", empty.stdout);
    assert!(empty.stderr.contains("Load a role: aws-sso ecs load"), "{}", empty.stderr);
}

#[test]
fn the_flags_of_a_server_are_shown() {
    let world = world();
    let path = world.home().join("audit");
    let flags = ["--require-token", "--no-refresh", "--audit-log", path.to_str().unwrap()];
    let server = world.serve(&flags);
    token(&world, &["--admin", "--file", "admin"]);
    let shown =
        world.run(&["ecs", "status", "--server", &server.address(), "--token-file", "admin"]);
    let facts = "plain HTTP, every program needs a token, slots are not refreshed, an audit log, 1 connection";
    assert_eq!(shown.stdout.lines().nth(1), Some(facts), "{}", shown.stderr);
    assert_eq!(
        std::fs::read_to_string(path).unwrap(),
        "",
        "a read of the status is not in the audit log"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn the_last_reader_and_the_number_of_reads_are_shown() {
    let mut world = world();
    let server = loaded(&world, 0);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    let mut stream = server.connect();
    let read = |stream: &mut TcpStream| {
        stream.write_all(b"GET /slot/dev HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        let length = stream.read(&mut [0; 4096]).unwrap();
        assert!(length > 0, "the server closed");
    };
    (0..3).for_each(|_| read(&mut stream));
    let slot = loop {
        let slot = json(&world)["Slots"][0].clone();
        if !slot["LastReader"]["Exe"].is_null() {
            break slot;
        }
        thread::yield_now();
    };
    let us = std::env::current_exe().unwrap();
    // The program is compared, not the pid: a child that another test starts has the connection too, until its exec.
    assert_eq!(slot["LastReader"]["Exe"], us.to_str().unwrap());
    assert_eq!((&slot["Reads"], &slot["LastReader"]["Time"]), (&3.into(), &slot["LastRead"]));
    let text = world.run(&["ecs", "status"]).stdout;
    let name = us.file_name().unwrap().to_str().unwrap();
    let row = text.lines().find(|line| line.starts_with("dev ")).unwrap();
    assert!(row.contains(&format!("by {name} (pid ")), "{text}");
}

#[test]
fn refreshed_slots_show_the_next_refresh_and_the_sso_session() {
    let fake = crate::identity_center::fake();
    let mut world = signed_in(&fake);
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    assert_done(&world.run(&["ecs", "load", "-A", "1111111", "-R", "ReadOnlyAccess"]));
    let status = json(&world);
    let slot = &status["Default"];
    let [obtained, next, expires] =
        ["Obtained", "NextRefresh", "Expiration"].map(|key| slot[key].as_i64().unwrap());
    assert!(obtained < next && next < expires, "{slot}");
    assert_eq!(status["Sessions"][0]["Instance"], "corp");
    assert_eq!(status["Sessions"][0]["SignInNeeded"], false);
    let text = world.run(&["ecs", "status"]).stdout;
    assert!(text.contains("\nSSO sessions: corp ("), "{text}");
}

#[test]
fn a_read_token_cannot_read_the_status() {
    let world = world();
    let server = world.serve(&[]);
    assert_eq!(server.request("PUT", "/slot/dev", &[], &upload("dev", "ASIA1")).0, 200);
    for scope in ["--default-slot", "--all-slots"] {
        let (status, body) =
            server.request("GET", "/status", &[("Authorization", &token(&world, &[scope]))], "");
        assert_eq!(status, 403, "{body}");
        assert!(body.contains("token create --admin") && !body.contains("dev"), "{body}");
    }
    token(&world, &["--all-slots", "--file", "reader"]);
    let address = server.address();
    let asked = ["ecs", "status", "--server", &address, "--token-file", "reader"];
    assert_fails(&world.run(&asked), 1, &["allows only reading"]);
}

#[test]
fn an_older_server_and_another_program_are_named_in_the_error() {
    let world = world();
    let older = r#"{"code":"404","message":"nothing is at this path"}"#;
    for (status, body, code, said) in [
        ("404 Not Found", older, 1, "does not support status (version too old)"),
        ("404 Not Found", "<h1>Not found</h1>", 4, "is not an aws-sso server"),
        ("200 OK", r#"{"status":"ok"}"#, 4, "is not an aws-sso server"),
    ] {
        let (address, serving) = answer_once(status, body);
        let address = format!("http://{address}");
        assert_fails(&world.run(&["ecs", "status", "--server", &address]), code, &[said, "hint: "]);
        serving.join().unwrap();
    }
}

#[test]
fn nothing_that_a_server_says_moves_the_cursor() {
    let (address, serving) = answer_once(
        "200 OK",
        r#"{"Version":"\u001b]0;x","Pid":1,"Started":-9223372036854775808,"Time":1,
            "Addresses":[],"Scheme":"\u009b31m","TokenRequired":false,"Refreshes":true,"AuditLog":true,"AuditLost":1,
            "Connections":1,"Slots":[{"ProfileName":"a\u001b[2J","Expiration":9223372036854775807,
            "Expires":"\u001b[1m","State":"ready","Reason":"\u001b[3m\n","Reads":1,"LastRead":1,
            "LastReader":{"Uid":1,"Pid":1,"Exe":"/\u001b[4m","Time":-9223372036854775808}}],
            "Sessions":[{"Instance":"\u001b[5m","SignInNeeded":true}]}"#,
    );
    let address = format!("http://{address}");
    let shown = world().run(&["ecs", "status", "--server", &address]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    let all = shown.stdout + &shown.stderr;
    assert!(!all.contains(|c: char| c.is_control() && c != '\n'), "{all:?}");
    assert!(all.contains("a\u{fffd}[2J") && all.contains("\u{fffd}[5m (sign-in needed)"), "{all}");
    serving.join().unwrap();
}

#[test]
fn watch_needs_a_terminal() {
    let world = world();
    let failed = world.run(&["ecs", "status", "--watch"]);
    assert_eq!(
        (failed.code, failed.stderr.as_str()),
        (
            Some(2),
            "error: --watch needs a terminal, and stdout is not a terminal\n\
             hint: For programs: aws-sso ecs status --output json\n"
        )
    );
}
