//! docs/reference/cli.md is what `--help` says. `UPDATE=1 cargo test` writes it anew.

use std::fmt::Write;

use crate::world;

#[test]
fn docs_cli_md_is_what_help_says() {
    let mut page = "# Commands\n\nWhat `--help` says, kept in step by a test.\n".to_owned();
    for command in [
        &[][..],
        &["ecs"],
        &["ecs", "run"],
        &["ecs", "load"],
        &["ecs", "status"],
        &["ecs", "audit"],
        &["ecs", "list"],
        &["ecs", "profile"],
        &["ecs", "unload"],
        &["ecs", "env"],
        &["ecs", "token"],
        &["ecs", "token", "create"],
        &["ecs", "token", "list"],
        &["ecs", "token", "revoke"],
        &["ecs", "trust"],
        &["setup"],
        &["setup", "profiles"],
        &["login"],
        &["logout"],
        &["whoami"],
        &["list"],
        &["cache"],
        &["exec"],
        &["process"],
        &["console"],
        &["completions"],
        &["man"],
        &["doctor"],
        &["eval"],
        &["tags"],
    ] {
        let shown = world().run(&[command, &["--help"]].concat());
        assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""));
        let is_group = shown.stdout.contains("\nCommands:\n") && command != ["setup"];
        assert!(is_group || shown.stdout.contains("\nExample"), "{command:?} has no example");
        let title = [&["aws-sso"], command].concat().join(" ");
        write!(page, "\n## {title}\n\n```text\n{}```\n", shown.stdout).unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/cli.md");
    if option_env!("UPDATE").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    assert!(
        std::fs::read_to_string(path).unwrap() == page,
        "docs/reference/cli.md is not what --help says"
    );
}

#[test]
fn wrong_usage_exits_with_2_and_says_what_is_missing() {
    for (arguments, said) in [
        (&["ecs", "load"][..], "Name a role: aws-sso ecs load --profile NAME, or --account ID"),
        (&["ecs", "load", "-p", "a", "--from-env"], "cannot be used with"),
        (&["ecs", "load", "-A", "1"], "--role <NAME>"),
        (&["ecs", "load", "-A", "x", "-R", "y"], "up to 12 digits"),
        (&["ecs", "load", "-p", ""], "1 to 512 bytes"),
        (&["ecs", "load", "-p", "x", "--server", "nowhere"], "HOST:PORT"),
        (&["ecs", "unload", "--all", "--profile", "x"], "cannot be used with"),
        (&["ecs", "run", "--port", "65536"], "65536"),
        (&["ecs", "run", "--on-event", ""], "a value is required"),
        (&["ecs", "status", "--watch", "--output", "json"], "cannot be used with"),
        (&["ecs", "env", "--format", "csh"], "[possible values: sh, fish"),
        (&["ecs", "trust", "--install", "--uninstall"], "cannot be used with"),
        (
            &["ecs", "token", "create"],
            "--slot <NAME>|--default-slot|--all-slots|--load-only|--admin",
        ),
        (&["ecs", "token", "create", "--admin", "--slot", "x"], "cannot be used with"),
        (&["ecs", "token", "create", "--admin", "--expires", "2y"], "1 minute to 1 year"),
        (&["ecs", "token", "revoke"], "SERIAL"),
        (&["ecs", "token", "revoke", "x"], "16 hexadecimal digits"),
        (&["exec", "--static", "--shared", "-p", "x"], "cannot be used with"),
        (&["exec", "-p", "x", "true"], "[-- <COMMAND>...]"),
        (&["process"], "<--profile <NAME>|--account <ID>|--arn <ARN>>"),
        (&["console", "-p", "x", "--duration", "13h"], "15 minutes to 12 hours"),
        (&["console", "-p", "x", "--destination", "http://x"], "https:// URL"),
        (&["setup", "profiles", "--print", "--diff"], "cannot be used with"),
        (&["setup", "profiles", "--print", "--yes"], "cannot be used with"),
        (&["setup", "--region", "eu-west-1", "profiles"], "cannot be used with"),
        (&["completions", "tcsh"], "[possible values: bash, zsh, fish, powershell, nushell]"),
        (&["man"], "<FOLDER>"),
        (&["ecs", "frobnicate"], "unrecognized subcommand"),
    ] {
        let shown = world().run(arguments);
        assert_eq!((shown.code, shown.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(shown.stderr.contains(said), "{arguments:?}: {}", shown.stderr);
    }
}
