//! Whatever the umask is, files and folders of ours are for their user alone, and a config file that others can change runs
//! no command.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use fakes::{Finished, TestEnv};

use crate::identity_center::{assert_done, config, fake, instance, world_of};

/// Runs a command of ours with this umask.
fn run_with(umask: &str, world: &TestEnv, arguments: &[&str]) -> Finished {
    let mut command = world.command("sh");
    command.args(["-c", "umask $0; exec \"$@\"", umask]).arg(world.binary()).args(arguments);
    world.finish(command, "")
}

/// Checks every file and folder below this one.
fn assert_private(folder: &Path, umask: &str) -> usize {
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = path.symlink_metadata().unwrap();
        let right = if metadata.is_dir() { 0o700 } else { 0o600 };
        let mode = metadata.mode() & 0o7777;
        assert_eq!(mode, right, "{} is {mode:o} with umask {umask}", path.display());
        count += 1;
        if metadata.is_dir() {
            count += assert_private(&path, umask);
        }
    }
    count
}

#[test]
fn a_first_run_works_and_is_private_with_every_umask() {
    for umask in ["002", "000", "022", "077"] {
        let fake = fake();
        let mut world = world_of(&fake);
        world.set("AWS_SSO_FILE_PASSWORD", "CANARY-passphrase");
        let run = |arguments: &[&str]| run_with(umask, &world, arguments);
        let setup = ["setup", "--start-url", fake.start_url(), "--region", fake.region()];
        assert_done(&run(&setup));
        assert_done(&run(&["login", "--device-code"]));
        let listed = run(&["list", "Profile", "--output", "csv"]);
        assert_done(&listed);
        let name = listed.stdout.lines().nth(1).unwrap();
        assert_done(&run(&["exec", "--profile", name, "--", "true"]));
        assert_done(&run(&["exec", "--static", "--profile", name, "--", "true"]));
        assert_done(&run(&["ecs", "token", "create", "--default-slot", "--file", "token"]));
        assert_done(&run(&["setup", "profiles", "--yes"]));
        let doctor = run(&["doctor"]);
        assert!(!doctor.stdout.contains("other users"), "{}", doctor.stdout);
        assert!(assert_private(world.home(), umask) > 10);
    }
}

#[test]
fn no_command_of_a_config_file_that_others_can_change_is_run() {
    let fake = fake();
    let world = world_of(&fake);
    let text = config(&instance("corp", &fake));
    let text = text.lines().filter(|line| !line.starts_with("UrlExec")).collect::<Vec<_>>();
    let run = "UrlExecCommand: [sh, -c, 'touch ran', '%s']\n";
    let path = world.home().join(".aws-sso/config.yaml");
    let folder = path.parent().unwrap();
    let try_it = |said: &str, solution: &str| {
        let login = world.run(&["login", "--device-code", "--url-action", "exec"]);
        assert_done(&login);
        assert!(
            login.stderr.contains(&format!("UrlExecCommand is not run: {said}")),
            "{}",
            login.stderr
        );
        assert!(login.stderr.contains(solution), "{}", login.stderr);
        assert!(!world.home().join("ran").exists(), "the command was run");
        let doctor = world.run(&["doctor"]).stdout;
        assert!(doctor.contains(said) && doctor.contains(solution), "{doctor}");
        assert_done(&world.run(&["logout"]));
    };
    let write = || world.write(".aws-sso/config.yaml", &format!("{}\n{run}", text.join("\n")));
    write();
    let shown = path.canonicalize().unwrap().display().to_string();
    for mode in [0o666, 0o620] {
        fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        try_it(&format!("{shown} can be changed by other users"), &format!("chmod go-w {shown}"));
    }
    write();
    fs::set_permissions(folder, PermissionsExt::from_mode(0o777)).unwrap();
    let shown_folder = folder.canonicalize().unwrap().display().to_string();
    try_it(&format!("{shown_folder} is a folder"), &format!("chmod go-w {shown_folder}"));
    write();
    if fakes::needs_root() {
        chown(&path, Some(65534), None).unwrap();
        try_it(&format!("{shown} belongs to another user"), "sudo chown");
        chown(&path, Some(0), None).unwrap();
    }
    assert_done(&world.run(&["login", "--device-code", "--url-action", "exec"]));
    // The command is not waited for.
    while !world.home().join("ran").exists() {
        std::thread::yield_now();
    }
}
