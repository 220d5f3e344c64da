//! `aws-sso setup profiles` changes a person's AWS config. (Unusual config files are in profile_blocks/tests.rs.)

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use fakes::{Finished, SmallDisk, Terminal, TestEnv};

use crate::catalogue::{self, FORMAT, configuration};
use crate::world;

/// A world with an instance, some roles with unusual names, and the AWS config of a person.
fn world_with_roles() -> TestEnv {
    let mut world = world();
    let path = format!("/usr/bin:/bin:{}", world.binary().parent().unwrap().display());
    world.set("PATH", &path);
    let config = format!("SSOConfig:\n{}{FORMAT}DefaultRegion: eu-west-1\n", configuration("corp"));
    world.write(".aws-sso/config.yaml", &config);
    let accounts: [(&str, &str, &[&str]); 4] = [
        ("000000000001", "prod", &["Admin", "ReadOnly"]),
        ("000000000002", "sand box", &["Admin"]),
        ("000000000003", "a]b", &["Admin"]),
        ("000000000004", "mine", &["Admin"]),
    ];
    catalogue::write(&world, "corp", &accounts);
    world.write(".aws/config", ORIGINAL);
    world
}

/// The AWS config of a person: a secret near the end, a profile with the name of a role, and no line end.
const ORIGINAL: &str =
    "[default]\nregion = us-east-1\n[profile mine:Admin]\naws_secret_access_key = CANARY-original";

fn config(world: &TestEnv) -> String {
    fs::read_to_string(world.home().join(".aws/config")).unwrap()
}

#[track_caller]
fn run(world: &TestEnv, arguments: &[&str]) -> Finished {
    let finished = world.run(&[&["setup", "profiles"], arguments].concat());
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    finished
}

fn files(world: &TestEnv) -> Vec<String> {
    let entries = fs::read_dir(world.home().join(".aws")).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn profiles_are_written_once_and_removed_without_a_trace() {
    let world = world_with_roles();
    let written = run(&world, &["--yes"]);
    assert!(written.stderr.contains("Wrote 3 profiles into"), "{}", written.stderr);
    assert!(written.stderr.contains("config.aws-sso-original"), "{}", written.stderr);
    let binary = world.binary().display();
    let new = config(&world);
    let section = |name: &str, account: &str, role: &str| {
        format!(
            "[profile {name}]\ncredential_process = {binary} process --arn \
             arn:aws:iam::{account}:role/{role}\nregion = eu-west-1\n"
        )
    };
    assert!(new.starts_with(&format!("{ORIGINAL}\n# BEGIN_AWS_SSO_CLI_corp\n")), "{new}");
    assert!(new.ends_with("# END_AWS_SSO_CLI_corp\n"), "{new}");
    for section in [
        section("prod:Admin", "000000000001", "Admin"),
        section("prod:ReadOnly", "000000000001", "ReadOnly"),
        section("\"sand box:Admin\"", "000000000002", "Admin"),
    ] {
        assert!(new.contains(&section), "{section} is not in {new}");
    }
    let again = run(&world, &["--yes"]);
    assert!(again.stderr.contains("Nothing to do"), "{}", again.stderr);
    assert_eq!((config(&world), files(&world).len()), (new, 2));
    let removed = run(&world, &["--remove", "--yes"]);
    assert!(removed.stderr.contains("Removed the profiles from"), "{}", removed.stderr);
    assert_eq!(config(&world), ORIGINAL);
    assert_eq!(files(&world), ["config", "config.aws-sso-backup", "config.aws-sso-original"]);
    assert!(run(&world, &["--remove"]).stderr.contains("has no such profiles"));
}

#[test]
fn names_that_do_not_fit_are_left_out_and_named() {
    let printed = run(&world_with_roles(), &["--print"]);
    for warning in [
        "`a]b:Admin`: left out, because such a name is not allowed",
        "`mine:Admin`: left out, because",
        "`sand box:Admin`: only for the AWS CLI and boto3",
    ] {
        assert!(printed.stderr.contains(warning), "{}", printed.stderr);
    }
    assert!(printed.stdout.contains("[profile prod:Admin]"), "{}", printed.stdout);
    assert!(!printed.stdout.contains("mine") && !printed.stdout.contains("a]b"));
}

#[test]
fn a_change_is_shown_without_secrets_and_nothing_is_written() {
    let world = world_with_roles();
    let shown = run(&world, &["--diff"]);
    assert!(shown.stdout.contains("+[profile prod:Admin]"), "{}", shown.stdout);
    assert!(shown.stdout.contains("aws_secret_access_key = (not shown)"), "{}", shown.stdout);
    let asked = world.run(&["setup", "profiles"]);
    assert_eq!((asked.code, asked.stdout.as_str()), (Some(2), ""));
    assert!(
        asked.stderr.contains("Add --yes to write it without asking, or --diff"),
        "{}",
        asked.stderr
    );
    assert_eq!((config(&world).as_str(), files(&world).len()), (ORIGINAL, 1));
}

#[test]
fn a_person_sees_the_change_and_is_asked() {
    let world = world_with_roles();
    for (answer, is_written) in [("\r", false), ("n\r", false), ("y\r", true)] {
        let mut command = world.command(world.binary());
        command.args(["setup", "profiles"]);
        let terminal = Terminal::start(command, 120, 40);
        let screen = terminal.wait_for("[y/N]").contents();
        assert!(screen.contains("+[profile prod:Admin]"), "{screen}");
        terminal.type_in(answer);
        let (status, screen) = terminal.finish();
        assert!(status.success());
        assert_eq!(screen.contents().contains("Nothing was changed."), !is_written);
        assert_eq!(config(&world) != ORIGINAL, is_written);
    }
}

#[test]
fn each_instance_has_its_own_block_and_is_named_in_it() {
    let world = world_with_roles();
    let instances = configuration("corp") + &configuration("Default");
    world.write(".aws-sso/config.yaml", &format!("SSOConfig:\n{instances}{FORMAT}"));
    let accounts: [(&str, &str, &[&str]); 1] = [("000000000009", "prod", &["Admin", "Ops"])];
    catalogue::write(&world, "default", &accounts);
    let written = run(&world, &["--yes"]);
    // The profiles of the default instance come first.
    assert!(written.stderr.contains("`mine:Admin`: left out, because /"), "{}", written.stderr);
    assert!(
        written.stderr.contains("`prod:Admin`: left out, because another"),
        "{}",
        written.stderr
    );
    let new = config(&world);
    assert!(new.contains("--sso Default --arn arn:aws:iam::000000000009:role/Admin"), "{new}");
    assert!(new.contains("--sso corp --arn arn:aws:iam::000000000001:role/ReadOnly"), "{new}");
    assert!(!new.contains("arn:aws:iam::000000000001:role/Admin"), "{new}");
    run(&world, &["--remove", "--sso", "default", "--yes"]);
    let left = config(&world);
    assert!(!left.contains("CLI\n") && left.contains("_CLI_corp\n"), "{left}");
    run(&world, &["--remove", "--yes"]);
    assert_eq!(config(&world), ORIGINAL);
}

#[test]
fn an_instance_without_known_roles_keeps_its_block() {
    let world = world_with_roles();
    run(&world, &["--yes"]);
    let before = config(&world);
    fs::remove_file(world.home().join(".cache/aws-sso/corp.json")).unwrap();
    let refused = world.run(&["setup", "profiles", "--yes"]);
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
    assert!(refused.stderr.contains("aws-sso login"), "{}", refused.stderr);
    assert_eq!(config(&world), before);
}

#[test]
fn the_file_of_aws_config_file_is_written_and_its_profiles_name_our_config_file() {
    let mut world = world_with_roles();
    let moved = world.home().join("my config.yaml");
    fs::rename(world.home().join(".aws-sso/config.yaml"), &moved).unwrap();
    let other: PathBuf = world.home().join("other/config");
    world.set("AWS_CONFIG_FILE", "~/other/config").set("AWS_SSO_CONFIG", "my config.yaml");
    run(&world, &["--yes"]);
    let new = fs::read_to_string(&other).unwrap();
    let process = format!("process --config '{}' --arn", moved.display());
    assert!(new.starts_with("# BEGIN_AWS_SSO_CLI_corp\n") && new.contains(&process), "{new}");
    assert_eq!(config(&world), ORIGINAL);
}

#[test]
fn profiles_have_the_variables_and_the_program_of_the_config_file() {
    let world = world_with_roles();
    let path = world.home().join(".aws-sso/config.yaml");
    let config = fs::read_to_string(&path).unwrap();
    let variables = "ConfigVariables: {sts_regional_endpoints: regional, cli_pager: '', output: json, region: us-east-1}\n";
    for (program, written) in [
        ("~/my tools/aws-sso", format!("'{}/my tools/aws-sso'", world.home().display())),
        ("aws-sso", "aws-sso".to_owned()),
    ] {
        let of_file = format!("{config}{variables}ConfigProfilesBinaryPath: {program}\n");
        fs::write(&path, of_file).unwrap();
        let shown = run(&world, &["--print"]);
        let section = format!(
            "[profile prod:Admin]\ncredential_process = {written} process --arn \
             arn:aws:iam::000000000001:role/Admin\nregion = eu-west-1\noutput = json\n\
             sts_regional_endpoints = regional\n\n"
        );
        assert!(shown.stdout.contains(&section), "{section} is not in {}", shown.stdout);
    }
}

#[test]
fn unmatched_markers_and_special_files_are_refused() {
    let world = world_with_roles();
    world.write(".aws/config", "[default]\n# BEGIN_AWS_SSO_CLI\n");
    for arguments in [&["--yes"][..], &["--remove", "--yes"], &["--diff"], &["--print"]] {
        let refused = world.run(&[&["setup", "profiles"], arguments].concat());
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(refused.stderr.contains("line 2 begins a block"), "{}", refused.stderr);
    }
    assert_eq!(files(&world), ["config"]);
    let refused = world.run(&["setup", "profiles", "--aws-config", "/dev/null"]);
    assert!(refused.stderr.contains("/dev/null is not a plain file"), "{}", refused.stderr);
}

#[test]
fn a_full_disk_loses_nothing() {
    let world = world_with_roles();
    let Some(disk) = SmallDisk::mount(world.home().join("disk")) else { return };
    let path = disk.path().join("config");
    fs::write(&path, ORIGINAL).unwrap();
    let link = world.home().join(".aws/config");
    fs::remove_file(&link).unwrap();
    symlink(&path, &link).unwrap();
    disk.fill();
    let refused = world.run(&["setup", "profiles", "--yes"]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert!(refused.stderr.contains("cannot be written"), "{}", refused.stderr);
    assert_eq!(fs::read_to_string(&path).unwrap(), ORIGINAL);
    let left = fs::read_dir(disk.path()).unwrap().count();
    assert_eq!(left, 2, "the config and what fills the disk");
    disk.make_room();
    run(&world, &["--yes"]);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&path).unwrap().contains("[profile prod:Admin]"));
}
