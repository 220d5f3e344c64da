//! The units of docs/units/: that systemd takes them, and how much they leave to whoever takes the server over.

use std::fs;
use std::os::unix::fs::symlink;

use crate::world;

/// In tenths, by `systemd-analyze security`: 2.4 at present, of 9.6 for a service that says nothing.
const EXPOSURE: &str = "25";

#[test]
fn the_units_are_valid_and_expose_little() {
    if !fakes::needs_program("systemd-analyze") {
        return;
    }
    let mut world = world();
    let units = world.home().join("units");
    fs::create_dir_all(world.home().join(".cargo/bin")).unwrap();
    fs::create_dir(&units).unwrap();
    symlink(world.binary(), world.home().join(".cargo/bin/aws-sso")).unwrap();
    for unit in ["aws-sso.socket", "aws-sso.service"] {
        let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/units");
        fs::copy(format!("{docs}/{unit}"), units.join(unit)).unwrap();
    }
    let home = world.home().to_str().unwrap().to_owned();
    world.set("XDG_RUNTIME_DIR", &home);
    let analyze = |arguments: &[&str], unit: &str| {
        let mut command = world.command("systemd-analyze");
        command.args(arguments).arg(units.join(unit));
        world.finish(command, "")
    };
    for unit in ["aws-sso.socket", "aws-sso.service"] {
        let verified = analyze(&["verify", "--user"], unit);
        assert_eq!((verified.code, verified.stderr.as_str()), (Some(0), ""), "{unit}");
    }
    let threshold = format!("--threshold={EXPOSURE}");
    let secure =
        analyze(&["security", "--offline=true", "--no-pager", &threshold], "aws-sso.service");
    assert_eq!(secure.code, Some(0), "{}{}", secure.stdout, secure.stderr);
}
