//! Authorization tokens: how they are made, sent, refused and revoked.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::atomic::{AtomicBool, Ordering};

use fakes::{Running, TestEnv};

use crate::{session, upload, world};

/// Makes a token and returns it.
pub(crate) fn token(world: &TestEnv, scope: &[&str]) -> String {
    let made = world.run(&[&["ecs", "token", "create"], scope].concat());
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    made.stdout.trim().to_owned()
}

fn get(server: &Running, target: &str, authorization: &str) -> (u16, String) {
    server.request("GET", target, &[("Authorization", authorization)], "")
}

/// A server that requires tokens, with the default slot and `dev` and `other` loaded.
fn requiring_tokens(world: &TestEnv) -> Running {
    let server = world.serve(&["--require-token"]);
    let admin = token(world, &["--admin"]);
    for (target, name) in [("/", "main"), ("/slot/dev", "dev"), ("/slot/other", "other")] {
        let headers = [("Authorization", admin.as_str())];
        assert_eq!(server.request("PUT", target, &headers, &upload(name, "ASIA1")).0, 200);
    }
    server
}

#[test]
fn a_token_opens_what_it_names_and_nothing_else() {
    let world = world();
    let server = requiring_tokens(&world);
    let (status, body) = server.get("/");
    assert_eq!(status, 401);
    assert!(body.contains("Make one: aws-sso ecs token create"), "{body}");
    let dev = token(&world, &["--slot", "dev"]);
    for sent in [dev.clone(), format!("Bearer {dev}")] {
        assert_eq!(get(&server, "/slot/dev", &sent).0, 200);
        for target in ["/", "/slot/other", "/slot/none", "/profile"] {
            let (status, body) = get(&server, target, &sent);
            assert_eq!(status, 403, "{target}");
            assert!(body.contains("for other slots") && !body.contains("ASIA1"), "{body}");
        }
        let listed = get(&server, "/slot", &sent).1;
        assert!(listed.contains("\"dev\"") && !listed.contains("other"), "{listed}");
        for (method, target) in [("PUT", "/slot/dev"), ("DELETE", "/slot/dev"), ("DELETE", "/slot")]
        {
            let headers = [("Authorization", sent.as_str())];
            let (status, body) = server.request(method, target, &headers, &upload("dev", "ASIA2"));
            assert_eq!(status, 403, "{method} {target}");
            assert!(body.contains("allows only reading"), "{body}");
        }
    }
    assert_eq!(get(&server, "/", &token(&world, &["--default-slot"])).0, 200);
    assert_eq!(get(&server, "/slot/other", &token(&world, &["--all-slots"])).0, 200);
}

#[test]
fn tokens_outlive_the_server_until_they_are_revoked() {
    let world = world();
    // These tokens are older than the first server.
    let first = token(&world, &["--default-slot"]);
    let second = token(&world, &["--default-slot"]);
    let third = token(&world, &["--default-slot", "--file", "kept"]);
    assert_eq!(third, "");
    let third = fs::read_to_string(world.home().join("kept")).unwrap();
    drop(requiring_tokens(&world)); // killed
    let server = requiring_tokens(&world);
    let statuses = || [&first, &second, &third].map(|token| get(&server, "/", token).0);
    assert_eq!(statuses(), [200, 200, 200]);
    let listed = world.run(&["ecs", "token", "list", "--output", "json"]).stdout;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let serial = listed[0]["Serial"].as_str().unwrap();
    assert_eq!(world.run(&["ecs", "token", "revoke", serial]).code, Some(0));
    assert_eq!(statuses(), [401, 200, 200], "the token is refused as soon as `revoke` is done");
    assert!(get(&server, "/", &first).1.contains("was revoked"));
    assert_eq!(world.run(&["ecs", "token", "revoke", "--file", "kept"]).code, Some(0));
    assert_eq!(statuses(), [401, 200, 401]);
    assert_eq!(world.run(&["ecs", "token", "revoke", "--all"]).stderr, "Revoked all tokens.\n");
    assert_eq!(statuses(), [401, 401, 401]);
    assert_eq!(get(&server, "/", &token(&world, &["--default-slot"])).0, 200);
}

#[test]
fn anything_but_a_token_of_this_server_is_refused() {
    let world = world();
    let server = requiring_tokens(&world);
    let good = token(&world, &["--admin"]);
    let elsewhere = token(&crate::world(), &["--admin"]);
    let mut shorter = good.clone();
    let last = if shorter.pop() == Some('A') { 'B' } else { 'A' };
    for bad in [
        format!("{shorter}{last}"),
        shorter,
        good.chars().take(20).collect(),
        format!("{good}A"),
        elsewhere,
        format!("Basic {good}"),
        format!("Basic {}", data_encoding::BASE64.encode(format!("x:{good}").as_bytes())),
        format!("Bearer Bearer {good}"),
        format!("{good}%0D%0A"),
        "\u{e9}".to_owned(),
    ] {
        let (status, body) = get(&server, "/", &bad);
        assert_eq!(status, 401, "{bad}");
        assert!(body.contains("Make one: aws-sso ecs token create"), "{bad}: {body}");
    }
    let headers = [("Authorization", good.as_str()), ("Authorization", good.as_str())];
    assert_eq!(server.request("GET", "/", &headers, "").0, 401, "two headers are refused");
    for broken in ["\r\n x", "\r", "\0", "\u{7f}"] {
        let (status, _) = get(&server, "/", &format!("{good}{broken}"));
        assert_eq!(status, 400, "{broken:?}");
    }
    // The SDK for C++ sends a line break of the file too. The rest of its request is then a second, invalid request.
    let host = server.address();
    let answers = server.send(
        format!("GET / HTTP/1.1\r\nHost: {host}\r\nAuthorization: {good}\n\r\nAccept: */*\r\n\r\n")
            .as_bytes(),
    );
    let statuses: Vec<_> =
        answers.split("HTTP/1.1 ").filter_map(|rest| rest.get(..3)?.parse::<u16>().ok()).collect();
    assert_eq!(statuses, [200, 400]);
    assert_eq!(get(&server, "/", &good).0, 200);
}

#[test]
fn client_commands_send_the_token_of_a_file() {
    let mut world = world();
    let server = world.serve(&["--require-token"]);
    server.signal("TERM");
    let said = server.wait().stderr;
    assert!(said.contains("Every program needs an authorization token: aws-sso ecs token create"));
    let server = world.serve(&["--require-token"]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    token(&world, &["--admin", "--file", "admin"]);
    token(&world, &["--default-slot", "--file", "reader"]);
    let load = ["ecs", "load", "--from-stdin"];
    let refused = world.run_with_input(&load, &session("ASIA1"));
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("export AWS_SSO_ECS_TOKEN_FILE="), "{}", refused.stderr);
    let with = |file| [&load[..], &["--token-file", file]].concat();
    let refused = world.run_with_input(&with("reader"), &session("ASIA1"));
    assert!(refused.stderr.contains("allows only reading"), "{}", refused.stderr);
    assert_eq!(world.run_with_input(&with("admin"), &session("ASIA1")).code, Some(0));
    assert_eq!(world.run(&["ecs", "profile", "--token-file", "reader"]).code, Some(0));
    world.set("AWS_SSO_ECS_TOKEN_FILE", "admin");
    assert_eq!(world.run(&["ecs", "list"]).code, Some(0));
    assert_eq!(world.run(&["ecs", "unload", "--all"]).code, Some(0));
}

#[test]
fn a_token_file_always_contains_one_whole_token_and_nothing_else() {
    let world = world();
    token(&world, &["--default-slot", "--file", "token"]);
    let path = world.home().join("token");
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reads = scope.spawn(|| {
            let mut reads = 0;
            while !is_done.load(Ordering::Relaxed) || reads == 0 {
                let text = fs::read_to_string(&path).unwrap();
                let rest = text.strip_prefix("awssso_").unwrap();
                let is_one = rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
                assert!(text.len() == 82 && is_one, "{text:?}");
                reads += 1;
            }
            reads
        });
        for _ in 0..50 {
            token(&world, &["--default-slot", "--file", "token"]);
        }
        is_done.store(true, Ordering::Relaxed);
        assert!(reads.join().unwrap() > 0);
    });
}

#[test]
fn a_token_file_that_is_not_safe_is_not_used() {
    let world = world();
    let server = world.serve(&[]);
    let path = world.home().join("token");
    let good = token(&world, &["--admin"]);
    let assert_refused = |said: &str| {
        let server = server.address();
        let command = ["ecs", "list", "--server", &server, "--token-file", "token"];
        let refused = world.run(&command);
        assert_eq!(refused.code, Some(1), "{said}");
        assert!(refused.stderr.contains(said), "{said}: {}", refused.stderr);
        assert!(refused.stderr.contains("hint: "), "{}", refused.stderr);
        assert_eq!(refused.stderr.lines().count(), 2, "{}", refused.stderr);
    };
    assert_refused("the token file token cannot be read: No such file");
    for (contents, said) in [
        (String::new(), "is empty"),
        (format!("{good}\n"), "has a line break"),
        (format!("{good}\r\n"), "has a line break"),
        (format!("{good} "), "holds no token of aws-sso"),
        ("x".repeat(5000), "is larger than 4096 bytes"),
        ("wrong".to_owned(), "holds no token of aws-sso"),
    ] {
        world.write_private("token", &contents);
        assert_refused(said);
    }
    world.write_private("token", &good);
    fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    assert_refused("can be read or written by other users");
    fs::rename(&path, world.home().join("elsewhere")).unwrap();
    symlink("elsewhere", &path).unwrap();
    assert_refused("is a symbolic link");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_refused("is not a plain file");
}

#[test]
fn without_its_root_key_a_server_accepts_no_token() {
    let world = world();
    let good = token(&world, &["--all-slots"]);
    let path = ".local/state/aws-sso/ecs.tokens.json";
    let key = fs::read_to_string(world.home().join(path)).unwrap();
    let running = world.serve(&[]);
    let status = || get(&running, "/", &good).0;
    assert_eq!(status(), 404, "the token is accepted, but nothing is loaded");
    for (contents, mode) in [("{}", 0o600), (key.as_str(), 0o604)] {
        world.write_private(path, contents);
        fs::set_permissions(world.home().join(path), PermissionsExt::from_mode(mode)).unwrap();
        while status() != 401 {
            std::thread::yield_now(); // until the server has read the file
        }
        let server = world.serve(&[]);
        assert_eq!(get(&server, "/", &good).0, 401);
        server.signal("TERM");
        let said = server.wait().stderr;
        assert!(said.contains("warning: authorization tokens are not accepted: "), "{said}");
        assert!(said.contains("Move it away and make new tokens"), "{said}");
        let refused = world.run(&["ecs", "run", "--port", "0", "--require-token"]);
        assert_eq!(refused.code, Some(1), "{}", refused.stderr);
        assert_eq!(fs::read_to_string(world.home().join(path)).unwrap(), contents);
        // The server accepts the token again once the file is restored.
        world.write_private(path, &key);
        while status() != 404 {
            std::thread::yield_now();
        }
    }
}

#[test]
fn no_token_is_logged_at_any_level() {
    let world = world();
    let mut command = world.command(world.binary());
    command.args(["ecs", "run", "--port", "0", "--log-level", "trace"]);
    let server = Running::start(command);
    let good = token(&world, &["--admin"]);
    token(&world, &["--admin", "--file", "file"]);
    get(&server, "/", &good);
    get(&server, "/", &format!("{good}x"));
    let server_address = server.address();
    let list = ["ecs", "list", "--log-level", "trace", "--token-file", "file"];
    let listed = world.run(&[&list[..], &["--server", &server_address]].concat());
    server.signal("TERM");
    let ended = server.wait();
    assert!(!ended.stderr.contains("Every program needs an authorization token"));
    for text in [ended.stdout, ended.stderr, listed.stdout, listed.stderr] {
        assert!(!text.contains("awssso_"), "{text}");
    }
}
