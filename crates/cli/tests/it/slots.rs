//! `ecs load`, `list`, `profile` and `unload` against a running server.

use crate::{session, upload, world};

const ODD: &str = "team/dev:Read Only ✓";

#[test]
fn a_role_is_loaded_shown_and_unloaded() {
    let mut world = world();
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    let loaded = world.run_with_input(&["ecs", "load", "--from-stdin"], &session("ASIA1"));
    let export = format!("export AWS_CONTAINER_CREDENTIALS_FULL_URI={}\n", server.url("/creds"));
    assert_eq!(loaded.stdout, export);
    assert_eq!(loaded.stderr, "Loaded `stdin` into the default slot; it expires in 1h 0m.\n");
    assert!(server.get("/").1.contains("\"AccessKeyId\":\"ASIA1\""));

    let shown = world.run(&["ecs", "profile", "--output", "json"]).stdout;
    assert!(shown.starts_with("{\"ProfileName\":\"stdin\",\"Expiration\":"), "{shown}");
    assert!(shown.ends_with(",\"State\":\"ready\",\"Generation\":1}\n"), "{shown}");

    assert_eq!(world.run(&["ecs", "unload"]).stderr, "Unloaded the default slot.\n");
    for command in ["profile", "unload"] {
        let failed = world.run(&["ecs", command]);
        assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""));
        assert_eq!(
            failed.stderr,
            format!(
                "error: no credentials are loaded in the default slot\n\
                 hint: Load them: aws-sso ecs load --server {}\n",
                server.address()
            )
        );
    }
}

#[test]
fn named_slots_are_listed_and_have_urls_that_every_sdk_accepts() {
    let mut world = world();
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    let empty = world.run(&["ecs", "list"]);
    assert_eq!((empty.code, empty.stdout.as_str()), (Some(0), ""));
    assert_eq!(world.run(&["ecs", "list", "--output", "json"]).stdout, "[]\n");

    for (name, path) in [
        ("plain", "/slot/plain".to_owned()),
        (ODD, "/s/dGVhbS9kZXY6UmVhZCBPbmx5IOKckw".to_owned()),
        ("..", "/s/Li4".to_owned()),
    ] {
        let arguments = ["ecs", "load", "--slotted", "--from-stdin", "--name", name];
        let loaded = world.run_with_input(&arguments, &session("ASIA1"));
        assert_eq!(loaded.code, Some(0), "{}", loaded.stderr);
        assert!(loaded.stdout.trim().ends_with(&server.url(&path)), "{}", loaded.stdout);
        assert_eq!(server.get(&path).0, 200, "{path}");
    }
    assert_eq!(server.request("PUT", "/slot/full", &[], &upload("full", "ASIA2")).0, 200);
    let table = world.run(&["ecs", "list"]).stdout;
    let columns =
        |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let rows: Vec<_> = table.lines().map(columns).collect();
    assert_eq!(rows[0], ["ProfileName", "AccountId", "RoleName", "Expires", "State", "Source"]);
    assert!(rows[1][0].chars().all(|c| c == '='));
    // The slot was loaded with an hour left. The next minute may have begun since.
    let has_an_hour_left = |row: &Vec<String>| ["1h 0m", "59m"].contains(&row[3].as_str());
    assert!(rows[2][..3] == ["..", "-", "-"] && has_an_hour_left(&rows[2]), "{table}");
    assert_eq!(rows[2][4..], ["ready", "-"], "uploaded credentials have no source");
    assert_eq!(rows[3][..3], ["full", "000000111111", "Admin"]);
    assert!(rows[5][..3] == [ODD, "-", "-"] && has_an_hour_left(&rows[5]), "{table}");

    assert_eq!(world.run(&["ecs", "unload", "--profile", ODD]).code, Some(0));
    let again = world.run(&["ecs", "unload", "--profile", ODD]);
    assert_eq!(again.code, Some(1));
    assert!(again.stderr.contains("no credentials are loaded in this slot"));
    assert_eq!(world.run(&["ecs", "unload", "--all"]).stderr, "Unloaded all slots.\n");
    assert_eq!(server.get("/slot").1, "[]");
}

#[test]
fn ten_thousand_slots_are_kept_apart_and_are_the_limit() {
    use std::io::Write;
    let server = world().serve(&[]);
    let mut stream = server.connect();
    let mut buffer = [0; 4096];
    let mut exchange = |request: String| {
        stream.write_all(request.as_bytes()).unwrap();
        let length = fakes::read_once(&stream, &mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    };
    let head = |method: &str, slot: usize| {
        format!("{method} /slot/s{slot} HTTP/1.1\r\nhost: localhost\r\n")
    };
    let put = |slot: usize| {
        let body = upload(&format!("s{slot}"), &format!("ASIA{slot}"));
        format!("{}content-length: {}\r\n\r\n{body}", head("PUT", slot), body.len())
    };
    for slot in 0..10_000 {
        assert!(exchange(put(slot)).starts_with("HTTP/1.1 200"), "{slot}");
    }
    let answer = exchange(put(10_000));
    assert!(answer.starts_with("HTTP/1.1 409") && answer.contains("too-many-slots"), "{answer}");
    assert!(exchange(put(7)).starts_with("HTTP/1.1 200"), "an existing slot can be replaced");
    for slot in (0..10_000).step_by(7) {
        let answer = exchange(head("GET", slot) + "\r\n");
        assert!(answer.contains(&format!("\"AccessKeyId\":\"ASIA{slot}\",")), "{slot}");
    }
    assert_eq!(server.get("/slot").1.matches("ProfileName").count(), 10_000);
}

#[test]
fn without_a_server_the_exit_code_is_4_and_the_hint_starts_one() {
    let address = "127.0.0.1:1"; // the port of tcpmux, which no program uses
    for command in
        [&["ecs", "profile"][..], &["ecs", "list"], &["ecs", "unload"], &["ecs", "status"]]
    {
        let failed = world().run(&[command, &["--server", address]].concat());
        assert_eq!(failed.code, Some(4), "{command:?}");
        assert!(failed.stderr.contains("hint: Start it: aws-sso ecs run"), "{}", failed.stderr);
    }
}

#[test]
fn another_program_on_the_port_is_not_taken_for_a_server() {
    use std::io::{Read, Write};
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = other.accept().unwrap();
        assert_ne!(stream.read(&mut [0; 1024]).unwrap(), 0);
        let body = "\u{1b}[31mhello";
        let length = body.len();
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
    });
    let failed = world().run(&["ecs", "profile", "--server", &address]);
    assert_eq!(failed.code, Some(4));
    assert!(failed.stderr.contains("is not an aws-sso server"), "{}", failed.stderr);
    serving.join().unwrap();
}

#[test]
fn flags_beat_the_environment() {
    let mut world = world();
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", "127.0.0.1:1");
    assert_eq!(world.run(&["ecs", "list"]).code, Some(4));
    assert_eq!(world.run(&["ecs", "list", "--server", &server.address()]).code, Some(0));
    let url = server.url("/");
    assert_eq!(world.run(&["ecs", "list", "--server", &url]).code, Some(0));
    let v6 = format!("[::1]:{}", server.port());
    assert_eq!(world.run(&["ecs", "list", "--server", &v6]).code, Some(0));
}

#[test]
fn plain_http_does_not_leave_the_host() {
    let failed = world().run(&["ecs", "profile", "--server", "192.0.2.1:4144"]);
    assert_eq!(failed.code, Some(1));
    assert!(failed.stderr.contains("plain HTTP must not leave it"), "{}", failed.stderr);
}
