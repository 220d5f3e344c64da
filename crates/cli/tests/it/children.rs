//! Programs that we start: the passphrase of the sign-ins is in the environment of none.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use fakes::TestEnv;

use crate::identity_center::{assert_done, config, fake, instance, world_of};
use crate::trust::world_with_authority;
use crate::world;

/// Sets a passphrase, and puts a program of this name first in PATH. It writes its environment to the file `seen`, then goes on
/// with a command.
fn watch(world: &mut TestEnv, program: &str, then: &str) {
    let path = format!("bin/{program}");
    world.write(&path, &format!("#!/bin/sh\nenv > \"$HOME/seen\"\n{then}\n"));
    let path = world.home().join(path);
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    let folders = format!("{}:/usr/local/bin:/usr/bin:/bin", path.parent().unwrap().display());
    world.set("PATH", &folders).set("OTHER_VARIABLE", "this");
    world.set("AWS_SSO_FILE_PASSWORD", "CANARY-passphrase");
}

/// The program was started, with our environment but for the passphrase.
#[track_caller]
fn assert_unseen(world: &TestEnv, what: &str) {
    let path = world.home().join("seen");
    let deadline = Instant::now() + Duration::from_secs(20);
    let environment = loop {
        match std::fs::read_to_string(&path) {
            Ok(text) if text.contains("OTHER_VARIABLE=this\n") => break text,
            _ => assert!(Instant::now() < deadline, "{what} was not started"),
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(!environment.contains("AWS_SSO_FILE_PASSWORD"), "{what}: {environment}");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn no_credential_process_sees_the_passphrase() {
    let mut world = world();
    world.write("keys.json", &crate::session("ASIA1"));
    watch(&mut world, "vault", "cat keys.json");
    world.set("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1");
    world.write(
        ".aws/config",
        "[profile direct]\ncredential_process = vault\n\
         [profile role]\nrole_arn = arn:aws:iam::123456789012:role/Ops\nsource_profile = direct\n\
         [profile itself]\nrole_arn = arn:aws:iam::123456789012:role/Ops\nsource_profile = itself\n\
         credential_process = vault\n",
    );
    let server = world.serve(&["--load", "direct"]);
    assert_unseen(&world, "the process of a slot");
    for (profile, code) in [("direct", 0), ("role", 1), ("itself", 1)] {
        let server = server.address();
        let loaded = world.run(&["ecs", "load", "--profile", profile, "--server", &server]);
        assert_eq!(loaded.code, Some(code), "{profile}: {}", loaded.stderr);
        assert_unseen(&world, profile);
    }
}

#[test]
fn no_browser_sees_the_passphrase() {
    const OPEN: &str = "exec python3 -c 'import urllib.request,sys
urllib.request.urlopen(sys.argv[1])' \"$1\"";
    let fake = fake();
    for (program, action) in [("xdg-open", "open"), ("my-browser", "open"), ("my-opener", "exec")] {
        let mut world = world_of(&fake);
        watch(&mut world, program, OPEN);
        world.set("AWS_SSO_BROWSER", if program == "my-browser" { program } else { "" });
        let of_config = format!("UrlExecCommand: [{program}, '%s']");
        let config = config(&instance("corp", &fake));
        let config = config.lines().map(|line| match line.starts_with("UrlExecCommand") {
            true => of_config.clone() + "\n",
            false => format!("{line}\n"),
        });
        world.write(".aws-sso/config.yaml", &config.collect::<String>());
        assert_done(&world.run(&["login", "--pkce", "--url-action", action]));
        assert_unseen(&world, program);
    }
}

#[test]
fn no_clipboard_sees_the_passphrase() {
    let fake = fake();
    let mut world = world_of(&fake);
    watch(&mut world, "wl-copy", "exec cat > /dev/null");
    world.write(".aws-sso/config.yaml", &config(&instance("corp", &fake)));
    assert_done(&world.run(&["login", "--device-code", "--url-action", "clip"]));
    assert_unseen(&world, "wl-copy");
}

#[test]
fn no_python_sees_the_passphrase() {
    let mut world = world_with_authority();
    watch(&mut world, "python3", "");
    assert_done(&world.run(&["ecs", "trust"]));
    assert_unseen(&world, "python3");
}
