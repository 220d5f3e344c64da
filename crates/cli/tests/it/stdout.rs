//! Data that cannot be written to stdout: an error, unless the reader has stopped reading.

use std::fs::File;
use std::io::pipe;
use std::process::{Command, Stdio};

use fakes::TestEnv;

use crate::catalogue::{self, configuration};
use crate::world;

const COMMANDS: [&[&str]; 5] = [
    &["list"],
    &["list", "--output", "json"],
    &["setup", "profiles", "--print"],
    &["setup", "profiles", "--diff"],
    &["completions", "bash"],
];

fn world_with_roles() -> TestEnv {
    let world = world();
    world.write(".aws-sso/config.yaml", &format!("SSOConfig:\n{}", configuration("corp")));
    catalogue::write(&world, "corp", &[("000000000001", "prod", &["Admin"])]);
    world
}

fn finish(world: &TestEnv, arguments: &[&str], stdout: Stdio) -> (Option<i32>, String) {
    let mut command: Command = world.command(world.binary());
    let output = command.args(arguments).stdout(stdout).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_reported() {
    let world = world_with_roles();
    for arguments in COMMANDS {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let (code, stderr) = finish(&world, arguments, full.into());
        let expected = "error: stdout cannot be written: No space left on device (os error 28)\n";
        assert_eq!((code, stderr.as_str()), (Some(1), expected), "{arguments:?}");
    }
}

#[test]
fn a_reader_that_stops_reading_causes_no_error() {
    let world = world_with_roles();
    for arguments in COMMANDS {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let finished = finish(&world, arguments, writer.into());
        assert_eq!(finished, (Some(0), String::new()), "{arguments:?}");
    }
}
