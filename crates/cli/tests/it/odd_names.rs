//! Names that an administrator of AWS chose, with what a terminal or a program would obey.

use fakes::{Terminal, TestEnv};

use crate::world;
use crate::{catalogue, catalogue::configuration};

/// Escape sequences (one fills the clipboard), 8-bit control characters, and characters that change the direction.
const HOSTILE: &str = "\u{1b}]52;c;eA==\u{7}\u{1b}[2J\u{9b}2J\u{202e}x\u{2066}=1+1";

fn world_with(account: &str, format: &str) -> TestEnv {
    let world = world();
    let config = format!("SSOConfig:\n{}ProfileFormat: '{format}'\n", configuration("corp"));
    world.write(".aws-sso/config.yaml", &config);
    let accounts: [(&str, &str, &[&str]); 2] =
        [("000000000001", account, &["Admin"]), ("000000000002", "prod", &["Admin"])];
    catalogue::write(&world, "corp", &accounts);
    world
}

#[test]
fn no_format_of_list_moves_the_cursor_and_programs_get_every_character() {
    let world = world_with(HOSTILE, "{{ .AccountId }}:{{ .RoleName }}");
    for format in ["table", "csv", "json"] {
        let arguments = ["list", "AccountAlias", "--output", format];
        let mut command = world.command(world.binary());
        command.args(arguments);
        let terminal = Terminal::start(command, 100, 10);
        terminal.wait_for("prod");
        let raw = String::from_utf8(terminal.raw()).unwrap();
        let obeyed =
            |c: char| c.is_control() && !"\r\n".contains(c) || "\u{202e}\u{2066}".contains(c);
        assert!(!raw.contains(obeyed), "{format}: {raw:?}");
        let piped = world.run(&arguments).stdout;
        match format {
            "csv" => assert!(piped.contains(HOSTILE), "{piped:?}"),
            "json" => {
                let rows: serde_json::Value = serde_json::from_str(&piped).unwrap();
                assert_eq!(rows[0]["AccountAlias"], HOSTILE);
                assert!(!piped.trim_end().contains(obeyed), "{piped:?}");
            }
            _ => {}
        }
    }
}

#[test]
fn no_account_becomes_the_profile_of_programs_that_name_none() {
    let world = world_with("default", "{{ .AccountAlias }}");
    let path = world.home().join(".aws/config");
    let written = world.run(&["setup", "profiles", "--yes"]);
    assert_eq!(written.code, Some(0), "{}", written.stderr);
    assert!(
        written.stderr.contains("`default`: left out, because programs use"),
        "{}",
        written.stderr
    );
    let config = std::fs::read_to_string(path).unwrap();
    assert!(config.contains("[profile prod]") && !config.contains("default"), "{config}");
}
