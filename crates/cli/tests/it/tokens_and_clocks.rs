//! Tokens when the clock is wrong and when the disk is full: what was refused once stays refused.

use credentials::{Expiration, Timestamp};
use fakes::{Running, SmallDisk, TestEnv};
use server::{Scope, TokenStore};

use crate::tokens::token;
use crate::world;

fn status(server: &Running, token: &str) -> u16 {
    server.request("GET", "/", &[("Authorization", token)], "").0
}

fn serials(world: &TestEnv) -> Vec<String> {
    let listed = world.run(&["ecs", "token", "list", "--output", "json"]).stdout;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let tokens = listed.as_array().unwrap().iter();
    tokens.map(|token| token["Serial"].as_str().unwrap().to_owned()).collect()
}

/// What `ecs token create` does in a process whose clock is ten hours ahead.
fn make_a_token_ten_hours_ahead(world: &TestEnv) {
    let store = TokenStore::at(world.home().join(".local/state/aws-sso/ecs.tokens.json"));
    #[expect(clippy::disallowed_methods, reason = "this process is the one with the wrong clock")]
    let ahead = Timestamp::now() + std::time::Duration::from_secs(36_000);
    let expiration = Expiration::new(ahead + std::time::Duration::from_secs(3600)).unwrap();
    store.create(Scope::ReadAll, expiration, None, ahead).unwrap();
}

#[test]
fn a_clock_that_was_once_ahead_brings_no_revoked_token_back() {
    let world = world();
    let running = world.serve(&[]);
    let (revoked, other) = (token(&world, &["--all-slots"]), token(&world, &["--all-slots"]));
    assert_eq!((status(&running, &revoked), status(&running, &other)), (404, 404), "accepted");
    let serial = &serials(&world)[0];
    assert_eq!(world.run(&["ecs", "token", "revoke", serial]).code, Some(0));
    make_a_token_ten_hours_ahead(&world);
    let restarted = world.serve(&[]);
    assert_eq!(status(&restarted, &revoked), 401);
    assert_eq!(status(&restarted, &other), 401, "it had expired by that clock, and stays so");
    while status(&running, &other) != 401 {
        std::thread::yield_now(); // until the server has seen it
    }
    assert_eq!(status(&running, &revoked), 401);
    // The way back is in the hint.
    let behind = world.run(&["ecs", "token", "create", "--all-slots"]);
    assert_eq!(behind.code, Some(1));
    assert!(behind.stderr.contains("the clock is behind"), "{}", behind.stderr);
    assert!(behind.stderr.contains("aws-sso ecs token revoke --all"), "{}", behind.stderr);
    assert_eq!(world.run(&["ecs", "token", "revoke", "--all"]).code, Some(0));
    let new = token(&world, &["--all-slots"]);
    for server in [&world.serve(&[]), &restarted, &running] {
        while status(server, &new) != 404 {
            std::thread::yield_now();
        }
        assert_eq!((status(server, &revoked), status(server, &other)), (401, 401));
    }
}

#[test]
fn on_a_full_disk_a_token_can_be_revoked() {
    let mut world = world();
    let Some(disk) = SmallDisk::mount(world.home().join("disk")) else { return };
    world.set("XDG_STATE_HOME", disk.path().to_str().unwrap());
    let server = world.serve(&["--no-refresh"]);
    let (first, second) = (token(&world, &["--all-slots"]), token(&world, &["--all-slots"]));
    let serials = serials(&world);
    disk.fill();
    let full = world.run(&["ecs", "token", "create", "--all-slots"]);
    assert_eq!(full.code, Some(1), "{}", full.stderr);
    let revoked = world.run(&["ecs", "token", "revoke", &serials[0]]);
    assert_eq!(revoked.code, Some(0), "{}", revoked.stderr);
    assert_eq!((status(&server, &first), status(&server, &second)), (401, 404));
    let revoked = world.run(&["ecs", "token", "revoke", "--all"]);
    assert_eq!(revoked.code, Some(0), "{}", revoked.stderr);
    assert_eq!(status(&server, &second), 401);
    disk.make_room();
    let new = token(&world, &["--all-slots"]);
    while status(&server, &new) != 404 {
        std::thread::yield_now();
    }
    assert_eq!((status(&server, &first), status(&server, &second)), (401, 401));
}
