//! The selector on a real terminal: keys, clicks, sizes, and the end, which restores the terminal.

mod changing;
mod ending;

use std::fs::File;

use fakes::{FakeIdentityCenter, Running, Terminal, TestEnv};
use vt100::{Color, MouseProtocolMode, Screen};

use crate::identity_center::{config, fake, instance, signed_in, world_of};

/// `aws-sso ecs load` on a terminal.
fn open(world: &TestEnv, arguments: &[&str], columns: u16, rows: u16) -> Terminal {
    let mut command = world.command(world.binary());
    command.args(["ecs", "load"]).args(arguments);
    Terminal::start(command, columns, rows)
}

/// A world with a sign-in and a server.
fn serving(fake: &FakeIdentityCenter) -> (TestEnv, Running) {
    let mut world = signed_in(fake);
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    (world, server)
}

/// The line of the selected row.
fn marked(screen: &Screen) -> String {
    let contents = screen.contents();
    contents.lines().skip(1).find(|line| line.starts_with("> ")).unwrap_or_default().to_owned()
}

fn is_restored(screen: &Screen) -> bool {
    !screen.alternate_screen()
        && !screen.hide_cursor()
        && !screen.bracketed_paste()
        && screen.mouse_protocol_mode() == MouseProtocolMode::None
}

/// Compares a screen with a file. `UPDATE=1 cargo test` writes the files.
fn assert_shows(screen: &Screen, name: &str) {
    let path = format!("{}/tests/it/selector/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let contents = screen.contents() + "\n";
    if option_env!("UPDATE").is_some() {
        std::fs::write(&path, &contents).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(contents == expected, "the screen differs from {path}:\n{contents}");
}

#[test]
fn the_selector_is_drawn_at_three_sizes() {
    let fake = fake();
    let world = signed_in(&fake);
    let terminal = open(&world, &["--server", "127.0.0.1:9"], 80, 24);
    let screen = terminal.wait_until("the note that nothing is loaded", |screen| {
        let contents = screen.contents();
        contents.contains("Esc leave") && contents.contains("not loaded")
    });
    assert_shows(&screen, "80x24");
    for (columns, rows, name) in [(200, 50, "200x50"), (10, 3, "10x3"), (80, 24, "80x24")] {
        terminal.resize(columns, rows);
        // The preview is to the right of the list, below it, or absent.
        let shows = |screen: &Screen| {
            let contents = screen.contents();
            let is_whole = contents.contains("Esc leave") && contents.contains("not loaded");
            match rows {
                3 => contents.lines().count() == 3 && contents.contains("> Team1De…"),
                50 => is_whole && contents.contains('│'),
                _ => is_whole && contents.contains('─'),
            }
        };
        assert_shows(&terminal.wait_until(name, shows), name);
    }
    terminal.type_in("\x1b");
    assert_eq!(terminal.finish().0.code(), Some(130));
}

#[test]
fn a_role_that_is_typed_is_found_loaded_and_first_the_next_time() {
    let fake = fake();
    let (world, server) = serving(&fake);
    let stdout = world.home().join("stdout");
    let mut command = world.command(world.binary());
    command.args(["ecs", "load", "--slotted"]);
    let terminal = Terminal::start_with_stdout(command, File::create(&stdout).unwrap(), 100, 30);
    terminal.wait_for("Esc leave");
    terminal.type_in("readonly büro");
    let found = terminal.wait_for(" 1/6");
    assert!(marked(&found).starts_with("> ZürichBüro:ReadOnlyAccess"), "{}", found.contents());
    assert!(found.contents().contains("arn:aws:iam::100000000002:role/ReadOnlyAccess"));
    terminal.type_in("\r");
    let (status, screen) = terminal.finish();
    let contents = screen.contents();
    assert!(status.success() && is_restored(&screen), "{contents}");
    let next_command = format!(
        "aws-sso ecs load --slotted --server {} --profile 'ZürichBüro:ReadOnlyAccess'",
        server.address()
    );
    assert!(contents.replace('\n', "").contains(&next_command), "{contents}");
    let printed = std::fs::read_to_string(&stdout).unwrap();
    assert!(printed.starts_with("export AWS_CONTAINER_CREDENTIALS_FULL_URI=http://"), "{printed}");
    assert!(!printed.contains('\x1b') && printed.lines().count() == 1, "{printed}");
    assert_eq!(server.get("/slot/Z%C3%BCrichB%C3%BCro:ReadOnlyAccess").0, 200);

    let terminal = open(&world, &[], 100, 30);
    let screen = terminal.wait_for("loaded in the slot `ZürichBüro:ReadOnlyAccess`");
    assert!(marked(&screen).starts_with("> ZürichBüro:ReadOnlyAccess"), "{}", screen.contents());
    assert!(marked(&screen).ends_with("now"), "{}", screen.contents());
    terminal.type_in("\r");
    assert!(terminal.finish().0.success());
}

#[test]
fn arrows_clicks_the_wheel_and_tab_change_the_list() {
    let fake = fake();
    let (world, server) = serving(&fake);
    let terminal = open(&world, &[], 100, 30);
    terminal.wait_for("Esc leave");
    let press_and_wait = |keys: &str, name: &str| {
        terminal.type_in(keys);
        terminal.wait_until(name, |screen| marked(screen).starts_with(&format!("> {name} ")))
    };
    press_and_wait("\x1b[B\x1b[B", "ZürichBüro:AdministratorAccess");
    press_and_wait("\x0e", "ZürichBüro:ReadOnlyAccess");
    press_and_wait("\x1b[<65;5;5M", "payments-prod:AdministratorAccess");
    press_and_wait("\x1b[H", "Team1Dev:AdministratorAccess");
    press_and_wait("\x1b[<0;5;5M\x1b[<0;5;5m", "ZürichBüro:ReadOnlyAccess");
    terminal.type_in("\t");
    let narrowed = terminal.wait_for("> [account Zürich Büro]");
    assert!(narrowed.contents().contains(" 2/6"), "{}", narrowed.contents());
    assert!(marked(&narrowed).starts_with("> ZürichBüro:ReadOnlyAccess"));
    terminal.type_in("\x7f");
    terminal.wait_for(" 6/6");
    press_and_wait("\x1b[F", "payments-prod:ReadOnlyAccess");
    // The sixth row is on the seventh line. A click on the selected row chooses it.
    terminal.type_in("\x1b[<0;5;7M");
    assert!(terminal.finish().0.success());
    assert!(server.get("/profile").1.contains("payments-prod:ReadOnlyAccess"));
}

#[test]
fn a_chosen_role_is_loaded_from_its_own_instance() {
    let fake = fake();
    let mut world = world_of(&fake);
    let both = instance("alice", &fake) + &instance("bob", &fake);
    world.write(".aws-sso/config.yaml", &(config(&both) + "DefaultSSO: alice\n"));
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    for user in ["alice", "bob"] {
        fake.set_user(user);
        crate::identity_center::assert_done(&world.run(&["login", "--sso", user]));
    }
    let terminal = open(&world, &[], 120, 30);
    terminal.wait_for(" 12/12");
    terminal.type_in("^bob$ payments admin");
    terminal.wait_for(" 1/12");
    terminal.type_in("\r");
    let (status, screen) = terminal.finish();
    assert!(status.success(), "{}", screen.contents());
    let said = screen.contents().replace('\n', "");
    assert!(said.contains("--profile payments-prod:AdministratorAccess --sso bob"), "{said}");
    let body: serde_json::Value = serde_json::from_str(&server.get("/").1).unwrap();
    assert_eq!(fake.issued(body["AccessKeyId"].as_str().unwrap()).unwrap().user, "bob");
}

#[test]
fn the_list_has_tags_chains_and_profiles_of_the_aws_config() {
    let fake = fake();
    let mut world = world_of(&fake);
    let accounts = "    DefaultRegion: eu-west-3\n    Accounts:\n      \"000001111111\":\n        Name: Dev\n\
                    \x20       Tags: {env: dev}\n        Roles:\n          Deploy:\n            \
                    Via: arn:aws:iam::000001111111:role/ReadOnlyAccess\n            Tags: {team: \"web\"}\n";
    let instance = instance("corp", &fake) + accounts;
    world.write(".aws-sso/config.yaml", &config(&instance));
    world.write(
        ".aws/config",
        "[profile static]\naws_access_key_id = AKIA\n[profile region]\nregion = x\n",
    );
    world.set("COLUMNS", "120");
    crate::identity_center::assert_done(&world.run(&["login"]));
    let terminal = open(&world, &[], 120, 30);
    terminal.wait_for(" 8/8");
    terminal.type_in("team=web");
    let screen = terminal.wait_for(" 1/8").contents();
    for said in [
        "000001111111/ReadOnlyAccess > 000001111111/Deploy",
        "eu-west-3",
        "env=dev team=web",
        "Dev (Team 1 Dev)",
    ] {
        assert!(screen.contains(said), "{said}: {screen}");
    }
    terminal.type_in("\x15static");
    let screen = terminal.wait_for("a profile of the AWS config");
    assert!(marked(&screen).starts_with("> static "), "{}", screen.contents());
    terminal.type_in("\x07");
    assert_eq!(terminal.finish().0.code(), Some(130));
}

#[test]
fn without_colour_the_selected_row_is_still_marked() {
    let fake = fake();
    let mut world = signed_in(&fake);
    for (no_colour, is_coloured) in [("1", false), ("", true)] {
        world.set("NO_COLOR", no_colour);
        let terminal = open(&world, &[], 80, 24);
        terminal.wait_for("Esc leave");
        terminal.type_in("payments admin");
        let screen = terminal.wait_for(" 1/6");
        let cells: Vec<_> =
            (0..24).flat_map(|row| (0..80).map(move |column| (row, column))).collect();
        let colours = cells.iter().filter_map(|(row, column)| screen.cell(*row, *column));
        let has_colour = |cell: &vt100::Cell| {
            cell.fgcolor() != Color::Default || cell.bgcolor() != Color::Default
        };
        // The only row is selected, and its matches are underlined, so only the chip can have a colour.
        terminal.type_in("\t");
        let narrowed = terminal.wait_for("[account payments-prod]");
        let chip = narrowed.cell(0, 3).unwrap();
        assert_eq!((has_colour(chip), chip.bold()), (is_coloured, true));
        assert!(!colours.into_iter().any(has_colour));
        assert!(screen.cell(1, 2).unwrap().inverse() && screen.cell(1, 2).unwrap().bold());
        terminal.type_in("\x03");
        assert_eq!(terminal.finish().0.code(), Some(130));
    }
}
