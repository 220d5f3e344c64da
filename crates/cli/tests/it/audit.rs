//! The audit log: who used which role, when.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use fakes::{CANARY, Running, SmallDisk, TestEnv};

use crate::{upload, world};

fn audited(world: &TestEnv) -> (Running, PathBuf) {
    let path = world.home().join("audit");
    (world.serve(&["--audit-log", path.to_str().unwrap()]), path)
}

/// A request on a connection that goes on, and the status of its answer.
fn ask(stream: &mut TcpStream, method: &str, target: &str, body: &str) -> u16 {
    let length = body.len();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let length = fakes::read_once(&mut *stream, &mut buffer).unwrap();
        assert!(length > 0, "the server closed");
        answer.extend_from_slice(&buffer[..length]);
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let wanted = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= wanted.unwrap().parse::<usize>().unwrap() {
                return head.split(' ').nth(1).unwrap().parse().unwrap();
            }
        }
    }
}

/// The log, once it holds so many lines.
fn lines(path: &Path, count: usize) -> Vec<String> {
    loop {
        let log = fs::read_to_string(path).unwrap();
        if log.lines().count() >= count {
            return log.lines().map(str::to_owned).collect();
        }
        std::thread::yield_now();
    }
}

/// A line without when and who.
fn what(line: &str) -> &str {
    let from = line.find(r#""Verb""#).unwrap();
    let to = line.find(r#","Uid""#).unwrap_or(line.len());
    &line[from..to]
}

#[test]
fn the_log_shows_who_used_which_role() {
    let world = world();
    let (server, path) = audited(&world);
    let mut stream = server.connect();
    assert_eq!(ask(&mut stream, "PUT", "/", &upload("dev", "ASIA1")), 200);
    assert_eq!(ask(&mut stream, "GET", "/creds", ""), 200);
    assert_eq!(ask(&mut stream, "GET", "/healthcheck", ""), 200);
    assert_eq!(ask(&mut stream, "GET", "/slot/none", ""), 404);
    assert_eq!(ask(&mut stream, "GET", "/slot", ""), 200);
    assert_eq!(ask(&mut stream, "DELETE", "/", ""), 200);
    let log = lines(&path, 5);
    let role = r#""Profile":"dev","AccountId":"000000111111","RoleName":"Admin","Outcome":"allowed","Status":200"#;
    let told: Vec<&str> = log.iter().map(|line| what(line)).collect();
    assert_eq!(told[0], format!(r#""Verb":"load","DefaultSlot":true,{role}"#));
    assert_eq!(told[1], format!(r#""Verb":"read","DefaultSlot":true,{role}"#));
    assert!(told[2].starts_with(r#""Verb":"read","Slot":"none","DefaultSlot":false,"Outcome":"failed","Status":404,"Reason":"no cred"#), "{}", told[2]);
    assert_eq!(told[3], r#""Verb":"list","DefaultSlot":false,"Outcome":"allowed","Status":200"#);
    assert_eq!(told[4], format!(r#""Verb":"unload","DefaultSlot":true,{role}"#));
    #[cfg(target_os = "linux")]
    for line in &log {
        let exe = std::env::current_exe().unwrap();
        // By its process: a child that another test is just starting has the connection too, until it is another program.
        let us = format!(r#","Exe":"{}"}}"#, exe.display());
        assert!(line.contains(r#""Pid":"#) && line.ends_with(&us), "{line}");
    }
    assert_eq!(log.len(), 5);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let path = path.to_str().unwrap();
    let json = world.run(&["ecs", "audit", path, "--output", "json"]);
    assert_eq!(json.stdout, log.join("\n") + "\n");
    let table = world.run(&["ecs", "audit", path]);
    let rows: Vec<&str> = table.stdout.lines().collect();
    assert!(rows[0].starts_with("Time                 | Verb   | Slot "), "{}", rows[0]);
    assert!(rows[3].contains("Z | read   | (default)        | 000000111111/Admin"), "{}", rows[3]);
    for (arguments, kept) in [
        (&["--slot", "none"][..], &[2][..]),
        (&["--default-slot"], &[0, 1, 4]),
        (&["--refused"], &[]),
        (&["--token", "0123456789abcdef"], &[]),
        (&["--since", "1h"], &[0, 1, 2, 3, 4]),
        (&["--since", "2100-01-01T00:00:00Z"], &[]),
    ] {
        let shown = world.run(&[&["ecs", "audit", path, "--output", "json"], arguments].concat());
        let kept: Vec<&str> = kept.iter().map(|index: &usize| log[*index].as_str()).collect();
        assert_eq!(shown.stdout.lines().collect::<Vec<_>>(), kept, "{arguments:?}");
    }
}

#[test]
fn a_refusal_is_recorded_without_the_content_of_the_request() {
    let world = world();
    let (server, path) = audited(&world);
    let token = [("Authorization", "CANARY-token-of-somebody")];
    assert_eq!(server.request("GET", "/slot/dev", &token, "").0, 401);
    assert_eq!(server.request("PUT", "/", &[("Origin", "http://CANARY")], "").0, 403);
    assert_eq!(server.request("DELETE", "/", &[("Host", "CANARY.example")], "").0, 421);
    assert_eq!(server.request("POST", "/", &[], "").0, 405);
    assert_eq!(server.get("/CANARY").0, 404);
    assert_eq!(server.get("/slot/a%22,%0A%22b").0, 400);
    assert_eq!(server.request("PUT", "/", &[], "CANARY").0, 400);
    assert!(server.send(b"CANARY\r\n\r\n").starts_with("HTTP/1.1 400"));
    assert_eq!(server.request("PUT", "/slot/dev", &[], &upload("dev", "ASIA1")).0, 200);
    assert_eq!(server.get("/slot/dev").0, 200);
    server.signal("TERM");
    server.wait();
    let log = fs::read_to_string(&path).unwrap();
    for secret in [CANARY, "canary", "ASIA1"] {
        assert!(!log.contains(secret), "{log}");
    }
    let told: Vec<(String, u64, bool)> = log
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let verb = line["Verb"].as_str().unwrap().to_owned();
            (verb, line["Status"].as_u64().unwrap(), line["Outcome"] == "refused")
        })
        .collect();
    let told: Vec<_> =
        told.iter().map(|(verb, status, no)| (verb.as_str(), *status, *no)).collect();
    assert_eq!(
        told,
        [
            ("read", 401, true),
            ("load", 403, true),
            ("unload", 421, true),
            ("none", 405, true),
            ("none", 404, true),
            ("none", 400, true),
            ("load", 400, true),
            ("none", 400, true),
            ("load", 200, false),
            ("read", 200, false),
        ]
    );
    let refused = world.run(&["ecs", "audit", path.to_str().unwrap(), "--refused"]);
    assert_eq!(refused.stdout.lines().count(), 2 + 8);
}

#[test]
fn the_log_names_a_token_by_its_serial() {
    let world = world();
    let created = world.run(&["ecs", "token", "create", "--slot", "dev", "--output", "json"]);
    let created: serde_json::Value = serde_json::from_str(&created.stdout).unwrap();
    let (token, serial) = (created["Token"].as_str().unwrap(), created["Serial"].as_str().unwrap());
    let (server, path) = audited(&world);
    assert_eq!(server.request("PUT", "/slot/dev", &[], &upload("dev", "ASIA1")).0, 200);
    assert_eq!(server.request("GET", "/slot/dev", &[("Authorization", token)], "").0, 200);
    assert_eq!(server.request("GET", "/", &[("Authorization", token)], "").0, 403);
    server.signal("TERM");
    server.wait();
    let of_token =
        world.run(&["ecs", "audit", path.to_str().unwrap(), "--token", serial, "--output", "json"]);
    let verbs: Vec<&str> = of_token.stdout.lines().map(what).collect();
    assert!(verbs[0].contains(r#""Slot":"dev""#) && verbs[0].contains("allowed"), "{}", verbs[0]);
    assert!(verbs[1].contains("refused"), "{}", verbs[1]);
    assert_eq!(verbs.len(), 2);
    assert!(!fs::read_to_string(path).unwrap().contains(token));
}

#[test]
fn all_is_written_before_the_server_ends() {
    let world = world();
    let (server, path) = audited(&world);
    let mut stream = server.connect();
    for _ in 0..500 {
        assert_eq!(ask(&mut stream, "GET", "/", ""), 404);
    }
    server.signal("TERM");
    assert_eq!(server.wait().code, Some(0));
    assert_eq!(fs::read_to_string(path).unwrap().lines().count(), 500);
}

#[test]
fn the_server_does_not_start_with_an_unsuitable_log_file() {
    let world = world();
    let path = world.home().join("audit");
    let path_text = path.to_str().unwrap();
    let refused = |said: &str, hint: &str| {
        let failed = world.run(&["ecs", "run", "--port", "0", "--audit-log", path_text]);
        assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""), "{}", failed.stderr);
        assert!(failed.stderr.contains(said) && failed.stderr.contains(hint), "{}", failed.stderr);
    };
    symlink("elsewhere", &path).unwrap();
    refused("is a symbolic link", "hint: Choose a regular file that you own");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    refused("is not a plain file", "hint: Choose a regular file that you own");
    fs::remove_dir(&path).unwrap();
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    refused(
        "can be read or written by other users",
        &format!("hint: Close it to other users: chmod 600 {path_text}"),
    );
    fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    let _server = world.serve(&["--audit-log", path_text]);
    refused("another server writes the audit log", "hint: Choose another file for this server");
    let failed = world.run(&["ecs", "run", "--port", "0", "--audit-log", "/nowhere/audit"]);
    assert_eq!(
        failed.stderr,
        "error: there is no folder /nowhere for the audit log\nhint: Create it: mkdir -m 700 -p /nowhere\n"
    );
}

/// The owner of a folder can replace every file in it, whatever their modes are.
#[test]
fn a_log_in_a_folder_of_another_user_keeps_the_server_from_starting() {
    if !fakes::needs_root() {
        return;
    }
    let world = world();
    let folder = world.home().join("theirs");
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::chown(&folder, Some(65534), None).unwrap();
    let path = folder.join("audit");
    let failed = world.run(&["ecs", "run", "--port", "0", "--audit-log", path.to_str().unwrap()]);
    assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""), "{}", failed.stderr);
    assert!(failed.stderr.contains("belongs to another user"), "{}", failed.stderr);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing was made in it");
}

#[test]
fn on_a_full_disk_the_server_keeps_serving_and_warns_once() {
    let world = world();
    let Some(disk) = SmallDisk::mount(world.home().join("disk")) else { return };
    let path = disk.path().join("audit");
    let server = world.serve(&["--audit-log", path.to_str().unwrap()]);
    assert_eq!(server.request("PUT", "/", &[], &upload("dev", "ASIA1")).0, 200);
    disk.fill();
    let mut stream = server.connect();
    for _ in 0..100 {
        assert_eq!(ask(&mut stream, "GET", "/", ""), 200);
    }
    server.wait_until_it_says("decisions are missing in the audit log");
    disk.make_room();
    // As a whole line: the reader may be in the middle of a write.
    let told = |log: &str| {
        log.split_inclusive('\n').any(|l| l.contains(r#""Verb":"audit""#) && l.ends_with('\n'))
    };
    while !told(&fs::read_to_string(&path).unwrap()) {
        std::thread::yield_now();
    }
    server.signal("TERM");
    let ended = server.wait();
    assert_eq!(
        ended.stderr.matches("decisions are missing in the audit log").count(),
        1,
        "{}",
        ended.stderr
    );
    let shown = world.run(&["ecs", "audit", path.to_str().unwrap()]);
    assert!(
        shown.stdout.contains(" lost"),
        "{}{}",
        shown.stderr,
        fs::read_to_string(&path).unwrap()
    );
}

#[test]
fn lines_that_cannot_be_read_are_counted_and_control_characters_are_not_shown() {
    let world = world();
    let line = |verb: &str| {
        format!(
            r#"{{"Time":"2026-11-22T12:00:00.500Z","Verb":"{verb}","Exe":"/a\u001b]0;x\u0007","Pid":7,"Uid":1}}"#
        )
    };
    world.write("audit.2", &format!("{}\nnonsense\n", line("oldest")));
    world.write("audit.1", &format!("{}\n{{\"Time\":\n\x1b[2J\n", line("middle")));
    world.write("audit", &format!("{}\n\u{9b}31m\n", line("n\u{9b}ew")));
    let shown = world.run(&["ecs", "audit", "audit"]);
    assert_eq!(shown.code, Some(0));
    assert_eq!(shown.stderr, "warning: 4 lines could not be read and were left out.\n");
    let verbs: Vec<_> = shown.stdout.lines().skip(2).map(|row| &row[23..29]).collect();
    assert_eq!(verbs, ["oldest", "middle", "n\u{fffd}ew"]);
    let json = world.run(&["ecs", "audit", "audit", "--output", "json"]);
    for text in [&shown.stdout, &json.stdout] {
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
    }
    let missing = world.run(&["ecs", "audit", "nowhere"]);
    assert_eq!(
        (missing.code, missing.stderr.as_str()),
        (
            Some(1),
            "error: there is no audit log nowhere\nhint: Start a server that writes it: aws-sso ecs run --audit-log nowhere\n"
        )
    );
}

#[test]
fn a_reader_that_goes_away_ends_it() {
    let world = world();
    let line = r#"{"Time":"2026-11-22T12:00:00.500Z","Verb":"read"}"#;
    world.write("audit", &format!("{line}\n").repeat(100_000));
    let mut command = world.command(world.binary());
    command.args(["ecs", "audit", "audit"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut begin = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut begin).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), &b""[..]));
}
