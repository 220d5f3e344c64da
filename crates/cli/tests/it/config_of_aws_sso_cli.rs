//! The config file of aws-sso-cli as its setup writes it: every key is honoured or silently left alone.

use fakes::{Finished, Terminal, TestEnv};
use serde_json::Value;

use crate::catalogue::{self, configuration};
use crate::identity_center::{config, fake, instance, signed_in};
use crate::world;

/// What the setup of aws-sso-cli writes, with the questions for experts answered.
const WRITTEN: &str = "\
DefaultSSO: corp
DefaultRegion: us-west-2
CacheRefresh: 0
Threads: 5
MaxBackoff: 5
MaxRetry: 10
AutoConfigCheck: true
FullTextSearch: true
UrlAction: open
ConfigProfilesUrlAction: open
ConsoleDuration: 720
LogLevel: error
LogLines: false
HistoryLimit: 10
HistoryMinutes: 1440
SecureStore: json
ListFields:
    - AccountIdPad
    - AccountAlias
    - RoleName
    - Profile
    - Expires
PromptColors:
    descriptionbgcolor: Turquoise
    descriptiontextcolor: Black
    prefixtextcolor: Blue
ProfileFormat: '{{ FirstItem .AccountName (.AccountAlias | nospace) }}:{{ .RoleName }}'
";

fn world_with(more: &str) -> TestEnv {
    let world = world();
    let config = format!("SSOConfig:\n{}{more}", configuration("corp"));
    world.write(".aws-sso/config.yaml", &config);
    catalogue::write(&world, "corp", &[("000000000001", "prod", &["Admin", "ReadOnly"])]);
    world
}

#[test]
fn the_file_that_the_other_setup_writes_gets_no_warning() {
    let world = world_with(WRITTEN);
    let listed = world.run(&["list"]);
    assert_eq!((listed.code, listed.stderr.as_str()), (Some(0), ""));
    let columns = "AccountIdPad | AccountAlias | RoleName | Profile       | Expires\n";
    assert!(listed.stdout.starts_with(columns), "{}", listed.stdout);
    let shown = world.run(&["doctor", "--output", "json"]);
    let report: Value = serde_json::from_str(&shown.stdout).unwrap();
    let findings = report["Findings"].as_array().unwrap().iter();
    let of_file: Vec<_> = findings
        .filter(|finding| finding["Finding"].as_str().unwrap().contains("config.yaml"))
        .map(|finding| finding["Level"].as_str().unwrap())
        .collect();
    assert_eq!(of_file, ["ok"], "{}", shown.stdout);
}

#[test]
fn the_columns_and_the_order_come_from_variables_too() {
    let mut world = world_with("");
    world.set("AWS_SSO_FIELDS", "RoleName,AccountIdStr");
    world.set("AWS_SSO_FIELD_SORT", "RoleName").set("AWS_SSO_FIELD_SORT_REVERSE", "true");
    let listed = world.run(&["list", "--output", "csv"]);
    let rows = "RoleName,AccountIdPad\nReadOnly,000000000001\nAdmin,000000000001\n";
    assert_eq!((listed.stdout.as_str(), listed.stderr.as_str()), (rows, ""));
    let listed = world.run(&["list", "Id", "RoleName", "--output", "csv"]);
    assert_eq!(listed.stdout, "Id,RoleName\n1,ReadOnly\n0,Admin\n");
}

#[test]
fn a_column_that_does_not_exist_is_told_once_and_left_out() {
    let world = world_with("ListFields: [Profile, Size, \"a\\e[31m\"]\n");
    let listed = world.run(&["list"]);
    assert_eq!((listed.code, listed.stdout.starts_with("Profile")), (Some(0), true));
    let told = "config.yaml, ListFields: there is no column `Size`, `a\u{fffd}[31m`.\n";
    assert!(listed.stderr.ends_with(told), "{}", listed.stderr);
    assert_eq!(listed.stderr.lines().count(), 1);
}

#[test]
fn the_list_shows_until_when_the_server_has_credentials_of_a_role() {
    let fake = fake();
    let mut world = signed_in(&fake);
    let columns =
        ["list", "RoleName", "Expires,ExpiresEpoch", "--sort", "Expires", "--output", "csv"];
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    let loaded = world.run(&["ecs", "load", "-p", "Team1Dev:ReadOnlyAccess", "--slotted"]);
    assert_eq!(loaded.code, Some(0), "{}", loaded.stderr);
    let listed = world.run(&columns);
    let mut rows = listed.stdout.lines().skip(1);
    let first: Vec<&str> = rows.next().unwrap().split(',').collect();
    let [role, expires, epoch] = first[..] else { panic!("{first:?}") };
    assert!(role == "ReadOnlyAccess" && expires.ends_with('m'), "{}", listed.stdout);
    assert!(epoch.parse::<i64>().unwrap() > 1_700_000_000, "{epoch}");
    assert!(rows.all(|row| row.ends_with(",,")), "the server has no other role: {}", listed.stdout);
    let found = world.run(&["list", "RoleName", "--filter", "Expires=*m", "--output", "csv"]);
    assert_eq!(found.stdout, "RoleName\nReadOnlyAccess\n");
    drop(server);
    let listed = world.run(&columns);
    assert_eq!((listed.code, listed.stderr.as_str()), (Some(0), ""));
    assert!(listed.stdout.lines().skip(1).all(|row| row.ends_with(",,")), "{}", listed.stdout);
}

#[test]
fn changed_roles_remind_of_the_aws_config_on_a_terminal_only() {
    let fake = fake();
    let world = signed_in(&fake);
    let reminder = "aws-sso setup profiles --diff";
    for (check, is_told) in [("true", true), ("false", false)] {
        let file = config(&instance("corp", &fake)) + &format!("AutoConfigCheck: {check}\n");
        world.write(".aws-sso/config.yaml", &file);
        let update = || {
            let mut command = world.command(world.binary());
            command.arg("cache");
            let (status, screen) = Terminal::start(command, 120, 30).finish();
            assert!(status.success(), "{}", screen.contents());
            screen.contents().contains(reminder)
        };
        let forget = || {
            let file = world.home().join(".cache/aws-sso/corp.json");
            std::fs::remove_file(file).unwrap();
        };
        forget();
        assert_eq!(update(), is_told, "{check}");
        assert!(!update(), "nothing has changed since");
        forget();
        let without_terminal = world.run(&["cache"]);
        assert!(!without_terminal.stderr.contains(reminder), "{}", without_terminal.stderr);
    }
}

#[test]
fn eval_exports_tags_and_unsets_them_again() {
    let fake = fake();
    let world = signed_in(&fake);
    let more = "    Accounts: {1111111: {Tags: {Team: \"it's $(id)\"}}}\n";
    let file = config(&(instance("corp", &fake) + more)) + "EnvVarTags: [Team]\n";
    world.write(".aws-sso/config.yaml", &file);
    let aws_sso = world.binary().display();
    let line = format!(
        "eval \"$({aws_sso} eval --format sh -p Team1Dev:ReadOnlyAccess)\"; echo \"$AWS_SSO_TAG_TEAM\"; \
         eval \"$({aws_sso} eval --format sh -c)\"; env | grep -c AWS_SSO_TAG"
    );
    let mut shell = world.command("sh");
    let shown = Finished::from(shell.args(["-c", &line]).output().unwrap());
    assert_eq!((shown.stdout.as_str(), shown.stderr.as_str()), ("it's $(id)\n0\n", ""));
}
