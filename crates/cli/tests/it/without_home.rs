//! Without HOME, no file of the current folder is taken for one of the home folder.

use std::path::Path;

use fakes::{Finished, TestEnv};

use crate::{session, world};

/// A checkout of somebody else (no real home folder has its names), with a folder called `~` and config files whose commands write the file `ran`.
fn hostile_checkout(world: &TestEnv) {
    let run = "sh -c 'touch ran; exit 1'";
    let config = format!("[profile of-the-checkout]\ncredential_process = {run}\n");
    let yaml = "SSOConfig:\n  OfTheCheckout:\n    SSORegion: us-east-1\n    StartUrl: https://x.awsapps.com/start\n\
                UrlAction: exec\nUrlExecCommand: [sh, -c, 'touch ran', '%s']\n";
    for home in ["~", "."] {
        world.write(&format!("checkout/{home}/.aws/config"), &config);
        world.write(&format!("checkout/{home}/.config/aws-sso/config.yaml"), yaml);
        world.write(&format!("checkout/{home}/.aws-sso/config.yaml"), yaml);
    }
}

fn run_in_checkout(world: &TestEnv, arguments: &[&str]) -> Finished {
    let mut command = world.command(world.binary());
    command.args(arguments).current_dir(world.home().join("checkout"));
    world.finish(command, "")
}

#[test]
fn without_home_no_command_of_the_current_folder_is_run() {
    for home in [None, Some(""), Some("."), Some("~")] {
        let mut world = world();
        hostile_checkout(&world);
        match home {
            Some(home) => world.set("HOME", home),
            None => world.unset("HOME"),
        };
        for xdg in [None, Some("."), Some("~/.config")] {
            match xdg {
                Some(folder) => world.set("XDG_CONFIG_HOME", folder),
                None => world.unset("XDG_CONFIG_HOME"),
            };
            for arguments in [
                &["ecs", "load", "--profile", "of-the-checkout", "--server", "127.0.0.1:1"][..],
                &["process", "--profile", "of-the-checkout", "--server", "127.0.0.1:1"],
                &["login", "--device-code", "--sso", "OfTheCheckout"],
                &["list", "--sso", "OfTheCheckout"],
            ] {
                let ended = run_in_checkout(&world, arguments);
                assert_ne!(ended.code, Some(0), "{home:?} {arguments:?}");
                assert!(!ended.stderr.contains("x.awsapps.com"), "{}", ended.stderr);
                if home.is_some_and(|home| !home.is_empty()) {
                    assert!(
                        ended.stderr.contains("HOME is not an absolute path"),
                        "{}",
                        ended.stderr
                    );
                    assert!(ended.stderr.contains("unset HOME"), "{}", ended.stderr);
                }
            }
        }
        assert!(!world.home().join("checkout/ran").exists(), "{home:?}");
    }
}

#[test]
fn without_home_the_password_database_names_the_home_folder() {
    let mut world = world();
    let mut command = world.command("sh");
    command.args(["-c", "getent passwd \"$(id -u)\" | cut -d: -f6"]);
    let home = world.finish(command, "").stdout;
    if !fakes::needs(Path::new(home.trim()).is_absolute(), "a user with a home folder") {
        return;
    }
    // Nothing is written into the real home folder.
    for variable in ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"] {
        let folder = world.home().to_str().unwrap().to_owned();
        world.set(variable, &folder);
    }
    world.write("session", &session("ASIA1"));
    let path = |name: &str| world.home().join(name).to_str().unwrap().to_owned();
    world
        .write("config", &format!("[profile dev]\ncredential_process = cat {}\n", path("session")));
    let config = path("config");
    world.set("AWS_CONFIG_FILE", &config);
    for unset in [true, false] {
        match unset {
            true => world.unset("HOME"),
            false => world.set("HOME", ""),
        };
        // A child sees the same home folder.
        let exec = ["exec", "--static", "--profile", "dev", "--", "sh", "-c", "echo $HOME"];
        let ended = world.run(&exec);
        assert_eq!(ended.stdout, home, "{}", ended.stderr);
    }
}
