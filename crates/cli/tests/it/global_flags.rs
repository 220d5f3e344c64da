//! Flags that stand before or after the command, as lines for aws-sso-cli have them.

use std::os::unix::fs::PermissionsExt;

use fakes::{Finished, TestEnv};

use crate::catalogue::{self, configuration};
use crate::identity_center::{
    assert_done, assert_fails, config, fake, instance, signed_in, world_of,
};
use crate::world;

/// Two instances, each with one role.
fn two_instances() -> TestEnv {
    let world = world();
    let instances = configuration("corp") + &configuration("lab");
    world.write(".aws-sso/config.yaml", &format!("DefaultSSO: lab\nSSOConfig:\n{instances}"));
    for name in ["corp", "lab"] {
        let accounts: [(&str, &str, &[&str]); 1] = [("000000000001", name, &["Admin"])];
        catalogue::write(&world, name, &accounts);
    }
    world
}

#[test]
fn an_instance_is_chosen_before_or_after_the_command_and_the_later_wins() {
    let mut world = two_instances();
    let listed = |world: &TestEnv, line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let listed = world.run(&words);
        assert_eq!((listed.code, listed.stderr.as_str()), (Some(0), ""), "{line}");
        listed.stdout.lines().last().unwrap().trim_end().to_owned()
    };
    for (line, last) in [
        ("list Profile --filter SSO=corp", "corp:Admin"),
        ("-S corp list Profile", "corp:Admin"),
        ("list Profile -S corp", "corp:Admin"),
        ("--sso=corp list Profile", "corp:Admin"),
        ("-S lab list Profile -S corp", "corp:Admin"),
        ("-S corp list Profile --sso lab", "lab:Admin"),
        ("-S corp -L error list Profile --level error", "corp:Admin"),
        ("-S corp -b firefox list -u print Profile", "corp:Admin"),
    ] {
        assert_eq!(listed(&world, line), last, "{line}");
    }
    world.set("AWS_SSO", "lab");
    assert_eq!(listed(&world, "-S corp list Profile"), "corp:Admin", "a flag beats a variable");
    world.set("AWS_SSO", "");
    assert!(world.run(&["list"]).stdout.contains("corp:Admin"), "an empty variable is not set");
}

#[test]
fn a_command_takes_a_global_flag_that_means_nothing_to_it_and_does_not_show_it() {
    let world = world();
    for line in [
        &["-S", "corp", "--config", "/none", "-u", "print", "ecs", "list"][..],
        &["ecs", "-S", "corp", "list", "-b", "firefox"],
        &["--lines", "ecs", "--threads", "3", "list", "--sts-refresh", "--no-config-check"],
    ] {
        let words = [line, &["--server", "127.0.0.1:1"]].concat();
        assert_fails(&world.run(&words), 4, &["no server is running"]);
    }
    for flag in ["--sso", "--config", "--url-action", "--browser", "--lines", "--threads"] {
        let help = world.run(&["ecs", "list", "--help"]).stdout;
        assert!(!help.contains(flag), "{flag}: {help}");
    }
    assert_fails(&world.run(&["-S", "", "list"]), 2, &["invalid value"]);
    assert_fails(&world.run(&["list", "-u", "shout"]), 2, &["must be one of clip"]);
}

#[test]
fn a_flag_without_effect_is_told_at_the_level_info_alone() {
    let world = two_instances();
    let line = ["--lines", "list", "--threads", "5"];
    assert_eq!(world.run(&line).stderr, "");
    let told = world.run(&[&line[..], &["-L", "info"]].concat()).stderr;
    insta::assert_snapshot!(told, @r"
    INFO --lines is a flag of aws-sso-cli that has no effect here
    INFO --threads is a flag of aws-sso-cli that has no effect here
    ");
}

#[test]
fn the_browser_of_the_flag_opens_wherever_the_flag_stands() {
    let fake = fake();
    let mut world = world_of(&fake);
    world.write(".aws-sso/config.yaml", &config(&instance("corp", &fake)));
    world.write(
        "browser",
        "#!/bin/sh\necho \"$0\" >> opened\nexec python3 -c \
        'import urllib.request,sys;urllib.request.urlopen(sys.argv[1])' \"$1\"\n",
    );
    let browser = world.home().join("browser");
    std::fs::set_permissions(&browser, PermissionsExt::from_mode(0o755)).unwrap();
    let browser = browser.to_str().unwrap();
    world.set("AWS_SSO_BROWSER", "/no/such/browser");
    for line in [
        &["-b", browser, "login", "--pkce", "-u", "open"][..],
        &["-u", "open", "login", "--force", "--pkce", "--browser", browser],
        &["--url-action", "open", "--browser", browser, "login", "-f", "--pkce"],
    ] {
        assert_done(&world.run(line));
    }
    let opened = std::fs::read_to_string(world.home().join("opened")).unwrap();
    assert_eq!(opened.lines().count(), 3, "{opened}");
}

#[test]
fn a_line_that_aws_sso_cli_wrote_into_an_aws_config_goes_on_working() {
    let fake = fake();
    let world = signed_in(&fake);
    const ARN: &str = "arn:aws:iam::000001111111:role/ReadOnlyAccess";
    let file = world.home().join(".aws-sso/config.yaml");
    let file = file.to_str().unwrap();
    for words in [
        &["-S", "corp", "process", "--arn", ARN][..],
        &["-u", "open", "-S", "corp", "process", "--arn", ARN],
        &["--level", "error", "-S", "corp", "process", "--arn", ARN, "--sts-refresh"],
        &["--config", file, "process", "-S", "corp", "-a", ARN],
        &["process", "--arn", ARN, "--config", file, "-L", "error", "--lines"],
    ] {
        let mut command = world.command(world.binary());
        // Secrets belong into this output.
        let answered = Finished::from(command.args(words).output().unwrap());
        assert_eq!((answered.code, answered.stderr.as_str()), (Some(0), ""), "{words:?}");
        assert!(answered.stdout.starts_with("{\"Version\":1,"), "{words:?}");
    }
    assert_fails(&world.run(&["-S", "none", "process", "-a", ARN]), 1, &["there is no instance"]);
}

#[test]
fn without_a_command_the_roles_are_listed() {
    let world = two_instances();
    let (bare, listed) = (world.run(&[]), world.run(&["list"]));
    assert_eq!((bare.code, &bare.stdout, &bare.stderr), (Some(0), &listed.stdout, &listed.stderr));
    let (bare, listed) = (world.run(&["-S", "corp"]), world.run(&["list", "-S", "corp"]));
    assert_eq!((bare.code, bare.stdout), (Some(0), listed.stdout));
}

#[test]
fn without_a_command_and_a_configuration_it_says_what_to_type_and_asks_nothing() {
    let nothing = world().run(&[]);
    assert_eq!((nothing.code, nothing.stdout.as_str()), (Some(1), ""));
    insta::assert_snapshot!(nothing.stderr, @r"
    error: no instance of IAM Identity Center is configured
    hint: Configure an instance: aws-sso setup
    All commands: aws-sso --help
    ");
    let world = world();
    world.write(".aws-sso/config.yaml", &format!("SSOConfig:\n{}", configuration("corp")));
    let configured = world.run(&[]);
    assert_eq!((configured.code, configured.stdout.as_str()), (Some(0), ""));
    insta::assert_snapshot!(configured.stderr, @r"
    The roles of `corp` are not known yet. Sign in to fetch them: aws-sso login
    There are no roles to list.
    ");
}

#[test]
fn a_global_flag_may_stand_between_the_words_of_a_command() {
    let world = two_instances();
    let between = world.run(&["setup", "-S", "corp", "profiles", "--print"]);
    assert_eq!((between.code, between.stderr.as_str()), (Some(0), ""));
    assert!(between.stdout.contains("[profile corp:Admin]"), "{}", between.stdout);
    assert!(!between.stdout.contains("lab:Admin"), "{}", between.stdout);
}
