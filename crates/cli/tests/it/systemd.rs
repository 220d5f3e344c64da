//! The units of docs/units/: systemd accepts them, and a server under attack could reach little.

use std::fs;
use std::os::unix::fs::symlink;

use crate::world;

/// The limit of `systemd-analyze security` in tenths. The units have 2.4 now; a service without settings has 9.6.
const MAX_EXPOSURE: &str = "25";

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
    let threshold = format!("--threshold={MAX_EXPOSURE}");
    let secure =
        analyze(&["security", "--offline=true", "--no-pager", &threshold], "aws-sso.service");
    assert_eq!(secure.code, Some(0), "{}{}", secure.stdout, secure.stderr);
}
