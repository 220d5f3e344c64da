//! The access token: refreshed once for all, and never lost.

use super::*;

#[test]
fn fifty_processes_renew_an_expired_access_token_once() {
    let fake = fake();
    let mut world = signed_in(&fake);
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    end_access_token(&world, &fake);
    thread::scope(|scope| {
        let load = || world.run(&["ecs", "load", "-A", "1111111", "-R", "ReadOnlyAccess"]);
        let loads: Vec<_> = (0..50).map(|_| scope.spawn(load)).collect();
        for load in loads {
            assert_done(&load.join().unwrap());
        }
    });
    assert_eq!(fake.count(Operation::CreateToken), 1);
    assert_eq!(fake.count(Operation::Authorize), 0, "no browser");
    let refused = fake.calls().into_iter().filter(|call| call.status != Some(200)).count();
    assert_eq!(refused, 0, "no call was refused");
}

#[test]
fn a_person_who_gives_up_leaves_nothing_behind() {
    let fake = FakeIdentityCenter::start(Options::default());
    let world = world_of(&fake);
    world.write(".aws-sso/config.yaml", &config(&instance("corp", &fake)));
    for flag in ["--device-code", "--pkce"] {
        let mut command = world.command(world.binary());
        command.args(["login", flag]).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut login = command.spawn().unwrap();
        let mut lines = BufReader::new(login.stderr.take().unwrap()).lines();
        let waits = |line: &Result<String, _>| {
            line.as_ref().unwrap().starts_with("Waiting for your approval")
        };
        assert!(lines.any(|line| waits(&line)));
        let pid = login.id().to_string();
        assert!(Command::new("kill").args(["-s", "INT", &pid]).status().unwrap().success());
        assert_eq!(lines.next().unwrap().unwrap(), "error: interrupted");
        assert_eq!(login.wait().unwrap().code(), Some(130));
    }
    assert_eq!(world.run(&["whoami"]).code, Some(3));
}

#[test]
fn a_server_that_is_interrupted_while_it_loads_saves_what_it_refreshed() {
    let slow =
        Options { auto_approve: true, latency: Duration::from_secs(1), ..Options::default() };
    let fake = FakeIdentityCenter::start(slow);
    let world = signed_in(&fake);
    end_access_token(&world, &fake);
    let mut command = world.command(world.binary());
    command.args(["ecs", "run", "--port", "0", "--load", "Team1Dev:ReadOnlyAccess"]);
    let mut server = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // In the midst of the refresh: AWS has the call, and will answer.
    while fake.count(Operation::CreateToken) == 0 {
        thread::sleep(Duration::from_millis(5));
    }
    let pid = server.id().to_string();
    assert!(Command::new("kill").args(["-s", "INT", &pid]).status().unwrap().success());
    assert_eq!(server.wait().unwrap().code(), Some(130));
    let item = std::fs::read(world.home().join(".local/state/aws-sso/corp.json")).unwrap();
    let item: serde_json::Value = serde_json::from_slice(&item).unwrap();
    assert!(item["session"]["expires_at"].as_i64().unwrap() > 1_000_000_000, "it was saved");
}

#[test]
fn on_a_full_disk_no_token_is_spent_that_could_not_be_saved() {
    let fake = fake();
    let mut world = world_of(&fake);
    let folder = world.home().join(".local/state/aws-sso");
    let Some(disk) = SmallDisk::mount(folder) else { return };
    world.write(".aws-sso/config.yaml", &config(&instance("corp", &fake)));
    assert_done(&world.run(&["login"]));
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    end_access_token(&world, &fake);
    disk.fill();
    let load = ["ecs", "load", "-A", "1111111", "-R", "ReadOnlyAccess"];
    assert_fails(&world.run(&load), 1, &["No space left on device", "Free some disk space."]);
    assert_eq!(fake.count(Operation::CreateToken), 0);
    disk.make_room();
    assert_done(&world.run(&load));
}
