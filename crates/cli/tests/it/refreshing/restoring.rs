//! Slots that are restored after the end of the server, and slots that are not.

use std::fs;
use std::net::TcpListener;

use fakes::{TestEnv, port_of_our_own};

use super::{ROLE, SLOT, fake, key_id, load, profile, until, upload_of_source};
use crate::identity_center::{assert_done, config, instance, signed_in};
use crate::lifecycle::activated;
use crate::{session, upload, world};

const ODD: &str = "team/dev:Read Only ✓";
const ODD_SLOT: &str = "/slot/team%2Fdev:Read%20Only%20%E2%9C%93";

fn slot_list_path(world: &TestEnv, port: u16) -> std::path::PathBuf {
    world.home().join(format!(".local/state/aws-sso/slots-{port}.json"))
}

/// A world in which the AWS config has the profile `process`.
fn with_profile(world: TestEnv) -> TestEnv {
    world.write("process.json", &session("ASIAPROCESS"));
    let process = world.home().join("process.json");
    let config = format!("[profile process]\ncredential_process = cat {}\n", process.display());
    world.write(".aws/config", &config);
    world
}

#[test]
fn a_killed_server_restores_all_its_slots() {
    let fake = fake(3600);
    let world = with_profile(signed_in(&fake));
    let accounts = format!(
        "    Accounts:\n      1111111:\n        Roles:\n          AdministratorAccess:\n            \
         Profile: '{ODD}'\n"
    );
    world.write(".aws-sso/config.yaml", &config(&(instance("corp", &fake) + &accounts)));
    let port = port_of_our_own();
    let loads: [(&str, &[&str]); 4] = [
        ("/", &["--profile", "ZürichBüro:AdministratorAccess"]),
        (SLOT, &["--profile", ROLE, "--slotted"]),
        (ODD_SLOT, &["--profile", ODD, "--slotted"]),
        ("/slot/process", &["--profile", "process", "--slotted"]),
    ];
    for (number, (_, arguments)) in loads.iter().enumerate() {
        // The first server is killed before it can fetch anything, the second right after its answer to the next load.
        drop(world.serve_on(port, &[]));
        let server = world.serve_on(port, &[]);
        for (target, _) in &loads[..number] {
            until("all loaded slots are served", || key_id(&server, target).is_some());
        }
        load(&world, &server, arguments);
        server.signal("KILL");
        assert_eq!(server.wait().code, None);
    }
    let server = world.serve_on(port, &[]);
    for (target, _) in loads {
        until("all loaded slots are served", || key_id(&server, target).is_some());
    }
    let listed = server.get("/slot").1;
    assert_eq!(listed.matches("\"State\":\"ready\"").count(), 3, "{listed}");
    server.signal("TERM");
    let stderr = server.wait().stderr;
    assert!(stderr.contains("Restoring 4 slots of the last run."), "{stderr}");
}

#[test]
fn restored_slots_get_new_credentials_and_unloaded_or_uploaded_ones_are_not_restored() {
    let fake = fake(3600);
    let world = signed_in(&fake);
    let port = port_of_our_own();
    let server = world.serve_on(port, &["--load", "payments-prod:ReadOnlyAccess"]);
    load(&world, &server, &["--profile", ROLE, "--slotted"]);
    load(&world, &server, &["--profile", "Team1Dev:AdministratorAccess", "--slotted"]);
    let address = server.address();
    let from_stdin = ["ecs", "load", "--from-stdin", "--slotted", "--server", &address];
    assert_done(&world.run_with_input(&from_stdin, &session("ASIAUPLOADED")));
    // Uploaded credentials replace a slot that had a source.
    assert_eq!(server.request("PUT", "/", &[], &upload("uploaded", "ASIAUPLOADED")).0, 200);
    let unload = ["ecs", "unload", "--profile", "Team1Dev:AdministratorAccess", "--server"];
    assert_done(&world.run(&[&unload[..], &[&server.address()]].concat()));
    let before = key_id(&server, SLOT);
    server.signal("KILL");
    server.wait();

    let server = world.serve_on(port, &[]);
    until("the loaded slot is served", || key_id(&server, SLOT).is_some());
    assert_ne!(key_id(&server, SLOT), before);
    let listed = server.get("/slot").1;
    assert_eq!(listed.matches("ProfileName").count(), 1, "{listed}");
    assert_eq!(server.get("/").0, 404);
    let list = fs::read_to_string(slot_list_path(&world, port)).unwrap();
    assert!(list.contains("Team1Dev:ReadOnlyAccess") && !list.contains("CANARY"), "{list}");

    assert_done(&world.run(&["ecs", "unload", "--all", "--server", &server.address()]));
    server.signal("KILL");
    server.wait();
    let server = world.serve_on(port, &[]);
    assert_eq!(server.get("/slot").1, "[]");
}

#[test]
fn with_no_restore_no_slot_of_the_last_run_is_restored() {
    let world = with_profile(world());
    let port = port_of_our_own();
    let server = world.serve_on(port, &[]);
    load(&world, &server, &["--profile", "process"]);
    drop(server);
    let server = world.serve_on(port, &["--no-restore"]);
    assert_eq!(server.get("/").0, 404);
    load(&world, &server, &["--profile", "process", "--slotted"]);
    drop(server);
    let server = world.serve_on(port, &[]);
    until("the slot that was loaded last is served", || key_id(&server, "/slot/process").is_some());
    assert_eq!(server.get("/").0, 404);
}

#[test]
fn slots_that_are_unloaded_under_no_restore_stay_unloaded_in_the_next_run() {
    let world = with_profile(world());
    let port = port_of_our_own();
    let server = world.serve_on(port, &[]);
    load(&world, &server, &["--profile", "process", "--slotted"]);
    drop(server);
    let server = world.serve_on(port, &["--no-restore"]);
    assert_done(&world.run(&["ecs", "unload", "--all", "--server", &server.address()]));
    drop(server);
    assert_eq!(world.serve_on(port, &[]).get("/slot").1, "[]");
}

#[test]
fn with_no_refresh_loaded_credentials_are_served_and_aws_gets_no_request() {
    let fake = fake(5);
    let world = signed_in(&fake);
    let port = port_of_our_own();
    let server = world.serve_on(port, &["--no-refresh"]);
    load(&world, &server, &["--profile", ROLE]);
    fake.forget_calls();
    let slot = profile(&server);
    assert_eq!((&slot["State"], &slot["Source"]), (&"ready".into(), &serde_json::Value::Null));
    let answer = server.request("PUT", SLOT, &[], &upload_of_source(&fake, ROLE, "ReadOnlyAccess"));
    assert_eq!(answer.0, 400);
    assert!(answer.1.contains("started with --no-refresh"), "{}", answer.1);
    until("the credentials expire", || key_id(&server, "/").is_none());
    assert_eq!(profile(&server)["State"], "expired");
    assert_eq!(server.get("/").0, 404);
    assert_eq!(fake.calls(), []);
    assert!(!slot_list_path(&world, port).exists());
}

#[test]
fn an_unreadable_list_of_slots_is_kept_and_the_server_starts() {
    let world = with_profile(world());
    let port = port_of_our_own();
    world.write(&format!(".local/state/aws-sso/slots-{port}.json"), "{\"Version\":1,\"Slots");
    let server = world.serve_on(port, &[]);
    load(&world, &server, &["--profile", "process"]);
    server.signal("TERM");
    let stderr = server.wait().stderr;
    let kept = slot_list_path(&world, port).with_extension("json.unreadable-1");
    let warning = format!("It was moved to {}.", kept.display());
    assert!(stderr.contains("warning: the list of slots") && stderr.contains(&warning), "{stderr}");
    assert_eq!(fs::read_to_string(kept).unwrap(), "{\"Version\":1,\"Slots");
    let server = world.serve_on(port, &[]);
    until("the loaded slot is served", || key_id(&server, "/").is_some());
}

#[test]
fn without_a_writable_state_folder_loads_work_and_one_warning_is_shown() {
    let mut world = with_profile(world());
    world.write("file", "where a folder should be");
    let file = world.home().join("file");
    world.set("XDG_STATE_HOME", file.to_str().unwrap());
    let server = world.serve_on(port_of_our_own(), &[]);
    for slotted in [&[][..], &["--slotted"], &[], &["--slotted"]] {
        load(&world, &server, &[&["--profile", "process"], slotted].concat());
    }
    assert!(key_id(&server, "/").is_some() && key_id(&server, "/slot/process").is_some());
    server.signal("TERM");
    let stderr = server.wait().stderr;
    assert_eq!(stderr.matches("cannot be saved").count(), 1, "{stderr}");
}

#[test]
fn a_server_on_a_socket_of_systemd_restores_its_slots() {
    let world = with_profile(world());
    // Systemd keeps the socket while the server is restarted.
    let socket = TcpListener::bind(("127.0.0.1", port_of_our_own())).unwrap();
    let server = activated(&world, socket.try_clone().unwrap(), &[]);
    load(&world, &server, &["--profile", "process"]);
    server.signal("KILL");
    server.wait();
    let server = activated(&world, socket, &[]);
    until("the loaded slot is served", || key_id(&server, "/").is_some());
}

#[test]
fn each_port_has_its_own_list_of_slots() {
    let world = with_profile(world());
    let (one, other) = (port_of_our_own(), port_of_our_own());
    let server = world.serve_on(one, &[]);
    load(&world, &server, &["--profile", "process"]);
    drop((server, world.serve_on(other, &[])));
    assert_eq!(world.serve_on(other, &[]).get("/").0, 404);
    let server = world.serve_on(one, &[]);
    until("the loaded slot is served", || key_id(&server, "/").is_some());
}
