//! Changes while the list is on the screen: of the catalogue, at AWS, and by a paste.

use fakes::identity_center::Options;
use fakes::{FakeIdentityCenter, TestEnv};

use super::{marked, open};
use crate::identity_center::{config, fake, instance, signed_in, world_of};

/// A world with a catalogue of these accounts, with two roles each, and without a sign-in.
fn world_with(fake: &FakeIdentityCenter, names: &[&str]) -> TestEnv {
    let world = world_of(fake);
    world.write(".aws-sso/config.yaml", &config(&instance("corp", fake)));
    write_catalogue(&world, fake, names);
    world
}

/// Replaces the file of the catalogue, as an update does.
fn write_catalogue(world: &TestEnv, fake: &FakeIdentityCenter, names: &[&str]) {
    let account = |(number, name): (usize, &&str)| {
        let id = format!("{}", 100_000_000_001 + number);
        serde_json::json!({"id": id, "name": name, "email": null, "roles": ["Admin", "ReadOnly"], "fetched_at": 1})
    };
    let catalogue = serde_json::json!({
        "version": 1, "start_url": fake.start_url(), "region": fake.region(),
        "refreshed_at": 1_795_000_000_000_i64, "refreshing_since": null,
        "accounts": names.iter().enumerate().map(account).collect::<Vec<_>>(),
    });
    world.write(".cache/aws-sso/new", &catalogue.to_string());
    let folder = world.home().join(".cache/aws-sso");
    std::fs::rename(folder.join("new"), folder.join("corp.json")).unwrap();
}

#[test]
fn a_changed_catalogue_is_shown_and_the_query_and_selected_row_stay() {
    let fake = fake();
    let world = world_with(&fake, &["one", "two", "three"]);
    let terminal = open(&world, &[], 80, 24);
    terminal.wait_for(" 6/6");
    terminal.type_in("adm\x1b[B");
    terminal.wait_until("the second row", |screen| marked(screen).starts_with("> three:Admin"));
    write_catalogue(&world, &fake, &["one", "two", "three", "a fourth"]);
    let screen = terminal.wait_for(" 4/8");
    assert!(screen.contents().starts_with("> adm "), "{}", screen.contents());
    assert!(marked(&screen).starts_with("> three:Admin"), "{}", screen.contents());
    write_catalogue(&world, &fake, &[]);
    terminal.wait_for("You have no roles. Ctrl-R updates the list from AWS.");
    terminal.type_in("\r\x1b");
    assert_eq!(terminal.finish().0.code(), Some(130));
}

#[test]
fn ctrl_r_updates_the_list_from_aws() {
    let fake = fake();
    let world = signed_in(&fake);
    let terminal = open(&world, &[], 100, 24);
    terminal.wait_for(" 6/6");
    fake.add_account("100000000099", "Brand New", &["Admin"]);
    terminal.type_in("brand\x12");
    terminal.wait_for(" 1/7");
    let screen = terminal.wait_for("`corp` is updated: 4 accounts, 7 roles");
    assert!(marked(&screen).starts_with("> BrandNew:Admin"), "{}", screen.contents());
    fake.end_sessions();
    crate::identity_center::end_access_token(&world, &fake);
    terminal.type_in("\x12");
    let screen = terminal.wait_for("Not updated:");
    assert!(screen.contents().contains("aws-sso login"), "{}", screen.contents());
    terminal.type_in("\x1b");
    assert_eq!(terminal.finish().0.code(), Some(130));
}

#[test]
fn without_known_roles_the_screen_says_what_to_do() {
    let fake = FakeIdentityCenter::start(Options::default());
    let world = world_of(&fake);
    world.write(".aws-sso/config.yaml", &config(&instance("corp", &fake)));
    let terminal = open(&world, &[], 100, 24);
    terminal
        .wait_for("The roles of `corp` are not known yet. Sign in to fetch them: aws-sso login");
    terminal.type_in("\x12");
    terminal.wait_for("Not updated: nobody is signed in to `corp`");
    terminal.type_in("\r\t\x1b[B\x1b");
    assert_eq!(terminal.finish().0.code(), Some(130));
}

#[test]
fn a_long_paste_is_text_and_is_cut() {
    let fake = fake();
    let world = world_with(&fake, &["one"]);
    let terminal = open(&world, &[], 80, 24);
    terminal.wait_for(" 2/2");
    let pasted = "one admin\r\n\x03".repeat(1000);
    terminal.type_in(&format!("\x1b[200~{pasted}\x1b[201~"));
    terminal.wait_for("one admin  one admin");
    terminal.type_in("\x15read");
    terminal.wait_until("another role", |screen| marked(screen).starts_with("> one:ReadOnly"));
    terminal.type_in("\x1b");
    assert_eq!(terminal.finish().0.code(), Some(130));
}

#[test]
fn names_that_a_terminal_would_obey_are_shown_as_text() {
    let fake = fake();
    let world = world_of(&fake);
    let tags = "    Accounts:\n      \"100000000001\":\n        Tags: {\"k\\e[2J\": \"\\e]0;owned\\a\\u202e\"}\n";
    let profile_format = "ProfileFormat: \"{{ .AccountIdPad }}:{{ .RoleName }}\"\n";
    let config = config(&(instance("corp", &fake) + tags)) + profile_format;
    world.write(".aws-sso/config.yaml", &config);
    write_catalogue(&world, &fake, &["\u{1b}[31m\u{9b}2J\u{7}\r\n\u{202e}evil", "שלום 東京 👨‍👩‍👧 é"]);
    let terminal = open(&world, &[], 120, 30);
    let screen = terminal.wait_for("Esc leave");
    terminal.type_in("\t");
    terminal.wait_for("] instead");
    let ids: Vec<usize> = screen
        .contents()
        .lines()
        .filter_map(|line| {
            line.split_once(" 10000000000").map(|(before, _)| before.chars().count())
        })
        .collect();
    assert!(ids.len() >= 4, "{}", screen.contents());
    let raw = terminal.raw();
    for escape in [&b"\x1b[31m"[..], "\u{9b}".as_bytes(), b"\x07", b"\x1b]0", "\u{202e}".as_bytes()]
    {
        assert!(!raw.windows(escape.len()).any(|window| window == escape), "{escape:?}");
    }
    terminal.type_in("\x1b");
    assert_eq!(terminal.finish().0.code(), Some(130));
}
