//! The world around a command: a shared server, a default profile, resource limits.

use super::*;
use crate::identity_center::config;

#[test]
fn a_shared_server_keeps_the_role_in_its_slot() {
    let fake = fake();
    let mut world = signed_in(&fake);
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    let shown = world.run(&exec(&["--shared"], &["env", "-0"]));
    assert_done(&shown);
    let environment = environment(&shown);
    let uri = &environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"];
    let path = uri.strip_prefix(&format!("http://{}", server.address())).unwrap();
    assert!(server.get(path).1.contains(":role/ReadOnlyAccess"), "{path}");
    assert!(server.get("/slot").1.contains(ROLE));
    assert!(!environment.contains_key("AWS_CONTAINER_AUTHORIZATION_TOKEN"));
    assert_eq!(server.get("/").0, 404, "the default slot is left alone");
    drop(server);
    let unreachable = world.run(&exec(&["--shared"], &["touch", "ran"]));
    assert_eq!(unreachable.code, Some(4), "{}", unreachable.stderr);
    assert!(!world.home().join("ran").exists());
}

#[test]
fn a_default_profile_that_would_win_gets_a_warning() {
    let fake = fake();
    let world = signed_in(&fake);
    let keys = "[default]\naws_access_key_id = AKIA\naws_secret_access_key = x\n";
    world.write(".aws/credentials", keys);
    let told = world.run(&exec(&[], &["true"]));
    assert_eq!(told.code, Some(0));
    let warning = "before the command's endpoint, because it has aws_access_key_id";
    assert!(told.stderr.contains(warning), "{}", told.stderr);
    let silent = world.run(&exec(&["--static"], &["true"]));
    assert_eq!((silent.code, silent.stderr.as_str()), (Some(0), ""), "variables come first");
}

#[test]
fn a_command_has_the_limits_of_whoever_started_it() {
    let fake = fake();
    let world = signed_in(&fake);
    for flags in ["", "--static"] {
        let limits = "ulimit -Sc; ulimit -Hc; ulimit -Sn";
        let line = format!(
            "ulimit -Sc 7; ulimit -Sn 200; {limits}; {} exec -p {ROLE} {flags} -- sh -c '{limits}'",
            world.binary().display()
        );
        let mut command = world.command("sh");
        command.args(["-c", &line]);
        let shown = world.finish(command, "");
        let lines: Vec<_> = shown.stdout.lines().collect();
        assert_eq!(lines.len(), 6, "{}", shown.stderr);
        assert_eq!(lines[..3], lines[3..]);
    }
}

#[test]
fn the_tags_of_the_role_that_the_config_file_names_are_exported() {
    let fake = fake();
    let mut world = signed_in(&fake);
    let instance = instance("corp", &fake);
    let accounts = "    Accounts:\n      1111111:\n        Name: First\n        Tags: {Cost Center: 0042, Other: x}\n";
    let keys = "EnvVarTags: [Cost Center, Team, AccountName, Role]\n";
    world.write(".aws-sso/config.yaml", &(config(&(instance + accounts)) + keys));
    world.set("AWS_SSO_TAG_TEAM", "of an outer shell");
    for flags in [&["--static"][..], &[]] {
        let role = ["exec", "-p", "First:ReadOnlyAccess"];
        let shown = run(&world, &[&role[..], flags, &["--", "env", "-0"]].concat());
        assert_done(&shown);
        let environment = environment(&shown);
        let tags = environment.iter().filter(|(name, _)| name.starts_with("AWS_SSO_TAG_"));
        let tags: Vec<_> = tags.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            tags,
            [
                ("AWS_SSO_TAG_ACCOUNTNAME", "First"),
                ("AWS_SSO_TAG_COST_CENTER", "0042"),
                ("AWS_SSO_TAG_ROLE", "ReadOnlyAccess"),
            ]
        );
    }
}
