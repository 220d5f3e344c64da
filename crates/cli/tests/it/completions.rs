//! Completions, in the shells themselves and as their scripts ask for them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use fakes::{Finished, Terminal, TestEnv, needs_program};

use crate::catalogue::{self, FORMAT, configuration};
use crate::{upload, world};

/// Two instances, with names of roles that shells find hard.
fn world_with_roles() -> TestEnv {
    let mut world = world();
    let path =
        format!("{}:/usr/local/bin:/usr/bin:/bin", world.binary().parent().unwrap().display());
    world.set("PATH", &path).set("TERM", "xterm").set("LANG", "C.UTF-8");
    let instances = configuration("corp") + &configuration("Default");
    world.write(".aws-sso/config.yaml", &format!("SSOConfig:\n{instances}{FORMAT}"));
    let default: [(&str, &str, &[&str]); 3] = [
        ("000000000001", "Sand Box", &["Admin", "Read"]),
        ("000000000002", "It's $HOME", &["Admin"]),
        ("100000000003", "Zürich", &["Ops"]),
    ];
    catalogue::write(&world, "default", &default);
    let corp: [(&str, &str, &[&str]); 1] = [("000000000009", "corp", &["Only"])];
    catalogue::write(&world, "corp", &corp);
    world.write(".aws/config", "[profile own]\nregion = eu-west-1\n");
    world
}

/// What fish is answered for these words, the last of which is unfinished.
fn asked(world: &TestEnv, words: &[&str]) -> Finished {
    let mut command = world.command(world.binary());
    command.env("_AWS_SSO_COMPLETE", "fish").args(["--", "aws-sso"]).args(words);
    let answered = world.finish(command, "");
    assert_eq!((answered.code, answered.stderr.as_str()), (Some(0), ""), "{words:?}");
    answered
}

/// The same without what describes them.
fn values(world: &TestEnv, words: &[&str]) -> Vec<String> {
    let lines = asked(world, words).stdout;
    let value = |line: &str| line.split('\t').next().unwrap().to_owned();
    lines.lines().map(value).collect()
}

#[test]
fn values_are_those_of_the_instance_and_account_that_the_line_names() {
    let mut world = world_with_roles();
    let all = ["Sand Box:Admin", "Sand Box:Read", "corp:Only", "own"];
    let profiles = values(&world, &["ecs", "load", "-p", ""]);
    assert!(all.iter().all(|name| profiles.contains(&(*name).to_owned())), "{profiles:?}");
    for (words, expected) in [
        (&["ecs", "load", "-p", "Sand Box:A"][..], &["Sand Box:Admin"][..]),
        (&["ecs", "load", "--profile=corp"], &["--profile=corp:Only"]),
        (&["ecs", "load", "--sso", "corp", "-p", ""], &["corp:Only", "own"]),
        (&["ecs", "load", "-Scorp", "-A", ""], &["000000000009"]),
        (&["ecs", "load", "-A", "1"], &["100000000003"]),
        (&["ecs", "load", "-A", "000000000001", "-R", ""], &["Admin", "Read"]),
        (&["ecs", "load", "--account=1", "--role", "R"], &["Read"]),
        (&["ecs", "load", "-R", "O"], &["Only", "Ops"]),
        (&["ecs", "load", "-a", "arn:aws:iam::1"], &["arn:aws:iam::100000000003:role/Ops"]),
        (&["ecs", "load", "-S", ""], &["corp", "Default"]),
        (&["list", "--sso", "c"], &["corp"]),
        (&["-S", "c"], &["corp"]),
        (&["-S", "corp", "ecs", "load", "-A", ""], &["000000000009"]),
        (&["ecs", "run", "--load", "corp"], &["corp:Only"]),
        (&["ecs", "load", "-p", "none"], &[]),
        (&["setup", "pro"], &["profiles"]),
    ] {
        assert_eq!(values(&world, words), expected, "{words:?}");
    }
    world.set("AWS_SSO", "corp");
    assert_eq!(values(&world, &["ecs", "load", "-R", ""]), ["Only"]);
    assert_eq!(values(&world, &["ecs", "load", "--sso", "default", "-R", "R"]), ["Read"]);
}

#[test]
fn values_are_described_and_nothing_in_a_description_moves_a_cursor() {
    let world = world_with_roles();
    let profiles = asked(&world, &["ecs", "load", "-p", "corp"]).stdout;
    assert_eq!(profiles, "corp:Only\tOnly in 000000000009\n");
    let odd: [(&str, &str, &[&str]); 1] = [("000000000001", "Z\u{1b}[31m\t\nrich", &["Admin"])];
    catalogue::write(&world, "default", &odd);
    let accounts = asked(&world, &["ecs", "load", "-A", ""]).stdout;
    assert_eq!(accounts, "000000000001\tZ\u{fffd}[31m\u{fffd}\u{fffd}rich\n000000000009\tcorp\n");
}

#[test]
fn slots_come_from_the_server_and_a_hanging_server_is_not_waited_for() {
    let mut world = world_with_roles();
    let server = world.serve(&[]);
    for name in ["dev", "prod admin"] {
        let target = format!("/slot/{}", name.replace(' ', "%20"));
        assert_eq!(server.request("PUT", &target, &[], &upload(name, "ASIA1")).0, 200);
    }
    let address = server.address();
    // On a busy machine the server may be too slow for a completion, which waits for 100 ms.
    let slots = |world: &TestEnv, words: &[&str]| {
        let tries = std::iter::repeat_with(|| values(world, words)).take(20);
        tries.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
    };
    let unload = ["ecs", "unload", "--server", &address, "-p", ""];
    assert_eq!(slots(&world, &unload), ["dev", "prod admin"]);
    world.set("AWS_SSO_ECS_SERVER", &address);
    assert_eq!(slots(&world, &["ecs", "env", "-p", "p"]), ["prod admin"]);
    // It takes connections, and never answers.
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    world.set("AWS_SSO_ECS_SERVER", &mute.local_addr().unwrap().to_string());
    assert!(values(&world, &["ecs", "unload", "-p", ""]).is_empty());
    drop(mute);
    assert!(values(&world, &["ecs", "unload", "-p", ""]).is_empty());
}

#[test]
fn tokens_are_completed_by_their_serials() {
    let world = world_with_roles();
    assert!(values(&world, &["ecs", "token", "revoke", ""]).iter().all(|it| it.starts_with('-')));
    crate::tokens::token(&world, &["--admin"]);
    let serials = values(&world, &["ecs", "token", "revoke", ""]);
    assert_eq!(serials.iter().filter(|serial| serial.len() == 16).count(), 1, "{serials:?}");
}

#[test]
fn completion_prints_no_errors() {
    let mut world = world_with_roles();
    world.write(".aws-sso/config.yaml", "SSOConfig: [");
    for words in [
        &["ecs", "load", "-p", ""][..],
        &["ecs", "load", "-A", ""],
        &["ecs", "load", "--config", "/none", "-S", ""],
        &["ecs", "load", "-A", "x", "-R", ""],
        &["ecs", "unload", "--server", "x", "-p", ""],
        &["none", ""],
        &["ecs", "load", "--token-file", "/none", "--", "-"],
    ] {
        assert!(!asked(&world, words).stdout.contains("Admin"), "{words:?}");
    }
    let folder = world.home().join(".cache/aws-sso");
    fs::set_permissions(folder, Permissions::from_mode(0o000)).unwrap();
    asked(&world, &["ecs", "load", "-p", ""]);
    // A shell that we don't know is no reason not to work.
    world.set("_AWS_SSO_COMPLETE", "tcsh");
    assert_eq!(world.run(&["--version"]).stderr, "");
}

#[test]
fn nushell_and_powershell_are_answered_in_their_own_ways() {
    let world = world_with_roles();
    let mut command = world.command(world.binary());
    command.env("_AWS_SSO_COMPLETE", "nushell");
    command.args(["--", "aws-sso", "ecs", "load", "-p", "\"Sand Box:A"]);
    let answer: serde_json::Value =
        serde_json::from_str(&world.finish(command, "").stdout).unwrap();
    assert_eq!(answer[0]["value"], "\"Sand Box:Admin\"");
    assert_eq!(answer[0]["description"], "Admin in 000000000001");
    let mut command = world.command(world.binary());
    command.env("_AWS_SSO_COMPLETE", "powershell");
    command.env("_AWS_SSO_WORDS", "aws-sso\necs\nload\n-A\n000000000001\n-R\n");
    assert_eq!(world.finish(command, "").stdout, "Admin\nRead\n");
}

/// Completes what is typed in a shell, and shows the words that the shell makes of the line then.
struct Shell(Terminal);

impl Shell {
    fn start(world: &TestEnv, program: &str, arguments: &[&str], load: &str) -> Self {
        let mut command = world.command(program);
        command.args(arguments);
        let terminal = Terminal::start(command, 150, 50);
        terminal.type_in(&format!("{load}; echo load''ed\r"));
        terminal.wait_for("loaded");
        Self(terminal)
    }

    /// `Tab` after what is typed; then the line is made the arguments of `printf`.
    #[track_caller]
    fn assert_completes(&self, typed: &str, word: &str) {
        self.0.type_in(&format!("aws-sso {typed}\t\u{1}printf '<%s>\\n' \r"));
        self.0.wait_for(&format!("<{word}>"));
        self.0.type_in("clear\r");
        self.0.wait_until("an empty screen", |screen| !screen.contents().contains('<'));
    }

    /// `Tab` twice after what is typed, which has several ends.
    fn assert_lists(&self, typed: &str, shown: &[&str]) {
        self.0.type_in(&format!("aws-sso {typed}\t\t"));
        for shown in shown {
            self.0.wait_for(shown);
        }
        self.0.type_in("\u{3}");
        self.0.type_in("clear\r");
    }
}

/// What every shell must get right.
fn assert_completes_all(shell: &Shell) {
    for (typed, word) in [
        ("ecs lo", "load"),
        ("ecs load --slo", "--slotted"),
        ("ecs load -p corp", "corp:Only"),
        ("ecs load -p corp:O", "corp:Only"),
        ("ecs load --profile=corp:O", "--profile=corp:Only"),
        (r"ecs load -p Sand\ Box:A", "Sand Box:Admin"),
        ("ecs load -p 'Sand Box:A", "Sand Box:Admin"),
        ("ecs load -p \"Sand Box:R", "Sand Box:Read"),
        ("ecs load -p It", "It's $HOME:Admin"),
        ("ecs load -p \"It", "It's $HOME:Admin"),
        ("ecs load -p Z", "Zürich:Ops"),
        ("ecs load -S corp -R O", "Only"),
        ("ecs load -A 000000000001 -R R", "Read"),
        ("ecs load -a arn:aws:iam::1", "arn:aws:iam::100000000003:role/Ops"),
        ("ecs load --config .aws-sso/con", ".aws-sso/config.yaml"),
    ] {
        shell.assert_completes(typed, word);
    }
}

#[test]
fn bash_completes() {
    if !needs_program("bash") {
        return;
    }
    let world = world_with_roles();
    let load = "eval \"$(aws-sso completions bash)\"";
    let shell = Shell::start(&world, "bash", &["--norc", "--noprofile", "-i"], load);
    assert_completes_all(&shell);
    shell.assert_lists("ecs load -p Sand\\ Box:", &["Admin  Read"]);
}

#[test]
fn zsh_completes() {
    if !needs_program("zsh") {
        return;
    }
    let world = world_with_roles();
    let load = "autoload -U compinit; compinit -u -D; source <(aws-sso completions zsh)";
    let shell = Shell::start(&world, "zsh", &["-f", "-i"], load);
    assert_completes_all(&shell);
    shell.assert_lists("ecs load -A 0", &["000000000001", "-- Sand Box"]);
}

#[test]
fn fish_completes() {
    if !needs_program("fish") {
        return;
    }
    let world = world_with_roles();
    let load = "aws-sso completions fish | source";
    let shell = Shell::start(&world, "fish", &["--no-config", "-i"], load);
    assert_completes_all(&shell);
    shell.assert_lists("ecs load -A 0", &["000000000001", "(Sand Box)"]);
}
