//! Whole screens, as text.

use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::*;
use crate::commands::ecs::status::words::tests::{NOW, slot, status};

fn slots() -> Vec<Value> {
    let read = json!({"Reads": 12, "LastRead": NOW - 130, "NextRefresh": NOW + 1200, "LastReader":
        {"Uid": 1000, "Pid": 4242, "Exe": "/usr/bin/python3", "Time": NOW - 130}});
    let (reason, hint) =
        ("the SSO session is over for `other`", "Sign in: aws-sso login --sso other");
    vec![
        slot("payments-prod:Admin", 2460, "ready", read),
        slot("dev", 1080, "unavailable", json!({"LastRead": NOW - 4, "Reads": 3})),
        slot("日本:Admin", 240, "sign-in-needed", json!({"Reason": reason, "Hint": hint})),
        slot("old", 0, "expired", json!({"Expires": "Expired"})),
    ]
}

fn watched(slots: &[Value]) -> Watched {
    Watched::new(&status(slots), Instant::now())
}

fn terminal(watched: &Watched, has_colour: bool, width: u16, height: u16) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(watched, has_colour, frame)).unwrap();
    terminal
}

fn screen(watched: &Watched, width: u16, height: u16) -> String {
    let terminal = terminal(watched, true, width, height);
    let rows = terminal.backend().buffer().content.chunks(usize::from(width));
    let lines = rows.map(|cells| {
        let (mut line, mut hidden) = (String::new(), 0);
        for cell in cells {
            if hidden == 0 {
                line.push_str(cell.symbol());
                hidden = cell.symbol().width().max(1);
            }
            hidden -= 1;
        }
        line.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_usual_screen_shows_who_reads() {
    let expected = [
        "aws-sso 0.1.0 at http://127.0.0.1:4144 and http://[::1]:4144: pid 4242 of user",
        "1000, since 2026-11-22T19:16:31Z",
        "plain HTTP, your own programs need no token, slots are refreshed, no audit log,",
        "2 connections",
        "SSO sessions: corp (ends in 12m)",
        "  Slot                      Time left       State           Last read",
        "+ (default) payments-prod…  █████░ 41m      ready           2m ago by python3 (…",
        "~ dev                       ██░░░░ 18m      unavailable     just now",
        "! 日本:Admin                █░░░░░ 4m       sign-in-needed  never",
        "! old                       ░░░░░░ Expired  expired         never",
        "",
        "",
        "! the SSO session is over for `other`. Sign in: aws-sso login --sso other",
        "q leaves",
    ]
    .join("\n");
    assert_eq!(screen(&watched(&slots()), 80, 14), expected);
}

#[test]
fn a_wide_screen_shows_everything() {
    let expected = [
            "aws-sso 0.1.0 at http://127.0.0.1:4144 and http://[::1]:4144: pid 4242 of user 1000, since 2026-11-22T19:16:31Z",
            "plain HTTP, your own programs need no token, slots are refreshed, no audit log, 2 connections",
            "SSO sessions: corp (ends in 12m)",
            "  Slot                           Role                Time left                            State           Refresh  Reads  Last read",
            "+ (default) payments-prod:Admin  000001111111/Admin  ███████████████████░░░░░░░░ 41m      ready           in 20m   12     2m ago by python3 (pid 4242)",
            "~ dev                            000001111111/Admin  █████████░░░░░░░░░░░░░░░░░░ 18m      unavailable     -        3      just now",
            "! 日本:Admin                     000001111111/Admin  ██░░░░░░░░░░░░░░░░░░░░░░░░░ 4m       sign-in-needed  -        0      never",
            "! old                            000001111111/Admin  ░░░░░░░░░░░░░░░░░░░░░░░░░░░ Expired  expired         -        0      never",
            "",
            "",
            "! the SSO session is over for `other`. Sign in: aws-sso login --sso other",
            "q leaves",
        ]
        .join("\n");
    assert_eq!(screen(&watched(&slots()), 150, 12), expected);
}

#[test]
fn the_smallest_screen_shows_one_slot_and_how_to_quit() {
    assert_eq!(screen(&watched(&slots()), 10, 3), "aws-sso\n+ (defaul…\nq leaves …");
}

#[test]
fn an_old_status_is_marked_as_old() {
    let mut watched = watched(&slots());
    let why = "no server is running at localhost:4144: \u{1b}]0;x".to_owned();
    watched.trouble = Some(Trouble { why, age: Duration::from_secs(7) });
    let first = screen(&watched, 80, 14).lines().next().unwrap().to_owned();
    assert_eq!(
        first,
        "! 7s old, trying again: no server is running at localhost:4144: \u{fffd}]0;x"
    );
    assert!(screen(&watched, 10, 3).starts_with("! 7s old,…\n+ (defaul…\n"));
}

#[test]
fn more_slots_than_lines_are_reached_by_keys() {
    let slots: Vec<_> = (0..40).map(|n| slot(&format!("s{n}"), 60, "ready", json!({}))).collect();
    let mut watched = watched(&slots);
    watched.first = 38;
    let screen = screen(&watched, 80, 12);
    assert!(screen.contains("\n~ s39 ") && !screen.contains("s30 "), "{screen}");
    assert!(screen.ends_with("q leaves   Up Down PgUp PgDn   slots 33-40 of 40"), "{screen}");
}

#[test]
fn without_slots_the_screen_shows_how_to_load_one() {
    let screen = screen(&watched(&[]), 40, 10);
    assert!(screen.contains("Nothing is loaded. Load a role: aws-sso\necs load"), "{screen}");
}

#[test]
fn every_size_can_be_drawn() {
    let watched = watched(&slots());
    for (width, height) in (0..40).flat_map(|width| (0..24).map(move |height| (width * 5, height)))
    {
        terminal(&watched, true, width, height);
    }
}

#[test]
fn without_colour_the_text_is_the_same() {
    let watched = watched(&slots());
    let [with, without] = [true, false].map(|has| terminal(&watched, has, 80, 14));
    assert_eq!(with.backend().to_string(), without.backend().to_string());
    let colours = |terminal: &Terminal<TestBackend>| {
        let mut colours: Vec<_> =
            terminal.backend().buffer().content.iter().map(|c| c.fg).collect();
        colours.sort_by_key(|colour| format!("{colour:?}"));
        colours.dedup();
        colours
    };
    assert_eq!(colours(&with), [Color::Green, Color::Red, Color::Reset, Color::Yellow]);
    assert_eq!(colours(&without), [Color::Reset]);
}
