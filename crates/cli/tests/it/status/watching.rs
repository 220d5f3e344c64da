//! `--watch`, on a real terminal.

use std::process::Command;

use fakes::{Running, Terminal, TestEnv};
use regex_lite::Regex;
use rustix::process::Signal;

use super::loaded;
use crate::{upload, world};

fn command(world: &TestEnv, server: &Running) -> Command {
    let mut command = world.command(world.binary());
    command.args(["ecs", "status", "--watch", "--server", &server.address()]);
    command
}

/// The table on a screen, without empty lines and with `##` for the minutes: the same text in each run.
fn slots(screen: &vt100::Screen) -> String {
    let contents = screen.contents();
    let lines = contents.lines().skip_while(|line| !line.starts_with("  Slot"));
    let lines: Vec<&str> = lines.map(str::trim_end).filter(|line| !line.is_empty()).collect();
    Regex::new("1h [0-9]+m").unwrap().replace_all(&lines.join("\n"), "1h ##m").into_owned()
}

#[test]
fn the_screen_fits_at_every_size_and_q_restores_the_terminal() {
    let world = world();
    let server = loaded(&world, 0);
    let terminal = Terminal::start(command(&world, &server), 80, 24);
    let usual = terminal.wait_for("q leaves");
    assert!(usual.alternate_screen() && usual.hide_cursor());
    assert!(usual.contents().starts_with("aws-sso 0.1.0 at http://127.0.0.1:"), "{terminal:?}");
    let expected = [
        "  Slot            Role                Time left        State  Refresh  Last read",
        "+ (default) main  000000111111/Admin  ████████ 1h ##m  ready  -        never",
        "+ dev             000000111111/Admin  ████████ 1h ##m  ready  -        never",
        "+ prod            000000111111/Admin  ████████ 1h ##m  ready  -        never",
        "q leaves",
    ]
    .join("\n");
    assert_eq!(slots(&usual), expected);
    terminal.resize(120, 40);
    let is_whole = |screen: &vt100::Screen| screen.contents().trim_end().ends_with("q leaves");
    let wide = terminal.wait_until("all columns", |screen| {
        screen.contents().contains("Reads") && is_whole(screen)
    });
    let expected = [
            "  Slot            Role                Time left                                        State  Refresh  Reads  Last read",
            "+ (default) main  000000111111/Admin  ████████████████████████████████████████ 1h ##m  ready  -        0      never",
            "+ dev             000000111111/Admin  ████████████████████████████████████████ 1h ##m  ready  -        0      never",
            "+ prod            000000111111/Admin  ████████████████████████████████████████ 1h ##m  ready  -        0      never",
            "q leaves",
        ]
        .join("\n");
    assert_eq!(slots(&wide), expected);
    terminal.resize(10, 3);
    terminal.wait_until("three lines", |screen| {
        let lines = screen.contents();
        let lines: Vec<&str> = lines.lines().map(str::trim_end).collect();
        lines == ["aws-sso", "+ (defaul…", "q leaves …"]
    });
    terminal.resize(80, 24);
    let again = terminal.wait_until("the whole screen again", |screen| {
        screen.contents().contains("Time left") && is_whole(screen)
    });
    assert_eq!(slots(&again), slots(&usual));
    terminal.type_in("q");
    let (status, screen) = terminal.finish();
    assert_eq!(status.code(), Some(0));
    assert!(!screen.alternate_screen() && !screen.hide_cursor());
    assert_eq!(screen.contents(), "", "the screen is empty at the end");
}

#[test]
fn more_slots_than_lines_are_reached_by_keys() {
    let world = world();
    let server = world.serve(&[]);
    for slot in 0..40 {
        let name = format!("slot-{slot:02}");
        let target = format!("/slot/{name}");
        assert_eq!(server.request("PUT", &target, &[], &upload(&name, "ASIA1")).0, 200);
    }
    let terminal = Terminal::start(command(&world, &server), 80, 24);
    terminal.wait_for("slot-00");
    terminal.type_in("\u{1b}[6~\u{1b}[6~\u{1b}[6~");
    assert!(!terminal.wait_for("slot-39").contents().contains("slot-00"));
    terminal.type_in("\u{1b}[5~\u{1b}[5~\u{1b}[5~\u{1b}[B\u{1b}[B\u{1b}[A");
    terminal.wait_until("the second slot in the first line", |screen| {
        screen.contents().contains("slot-01") && !screen.contents().contains("slot-00")
    });
    terminal.type_in("x\u{1b}[H");
    terminal.wait_for("slot-00");
    terminal.type_in("\u{3}");
    let (status, screen) = terminal.finish();
    assert_eq!(status.code(), Some(130));
    assert!(!screen.alternate_screen());
}

#[test]
fn the_screen_waits_for_a_server_that_stops_and_starts_again() {
    let world = world();
    let port = fakes::port_of_our_own();
    let server = loaded(&world, port);
    let terminal = Terminal::start(command(&world, &server), 80, 24);
    terminal.wait_for("(default) main");
    drop(server);
    let gone = terminal.wait_for("trying again: no server is running at 127.0.0.1:");
    assert!(gone.contents().contains("(default) main"), "{terminal:?}");
    let server = world.serve_on(port, &[]);
    let back = terminal.wait_for("Nothing is loaded.");
    assert!(!back.contents().contains("trying again"), "{terminal:?}");
    assert_eq!(server.request("PUT", "/", &[], &upload("other", "ASIA1")).0, 200);
    terminal.wait_for("(default) other");
    terminal.type_in("\u{1b}");
    assert_eq!(terminal.finish().0.code(), Some(0));
}

#[test]
fn a_signal_restores_the_terminal() {
    let world = world();
    let server = loaded(&world, 0);
    let terminal = Terminal::start(command(&world, &server), 80, 24);
    terminal.wait_for("q leaves");
    terminal.signal(Signal::TERM);
    let (status, screen) = terminal.finish();
    assert_eq!(status.code(), Some(130));
    assert!(!screen.alternate_screen() && !screen.hide_cursor());
    assert!(screen.contents().contains("interrupted"), "{}", screen.contents());
}

#[test]
fn without_colour_the_words_remain() {
    let mut world = world();
    let server = loaded(&world, 0);
    let coloured = Regex::new("\u{1b}\\[[0-9;]*(3[0-7]|38;[0-9;]+)m").unwrap();
    for (value, has_colour) in [("", true), ("1", false)] {
        world.set("NO_COLOR", value);
        let terminal = Terminal::start(command(&world, &server), 80, 24);
        assert!(terminal.wait_for("q leaves").contents().contains("+ dev"), "{terminal:?}");
        let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
        assert_eq!(coloured.is_match(&raw), has_colour, "{raw:?}");
    }
}

#[test]
fn without_a_server_watch_fails_with_a_hint() {
    let world = world();
    let mut command = world.command(world.binary());
    command.args(["ecs", "status", "--watch", "--server", "127.0.0.1:1"]);
    let (status, screen) = Terminal::start(command, 80, 24).finish();
    assert_eq!(status.code(), Some(4));
    assert!(screen.contents().contains("hint: Start it: aws-sso ecs run"), "{}", screen.contents());
}

/// Closes the terminal of a program that ignores SIGHUP, and exits with its exit code.
const HANG_UP: &str = "import os,pty,signal,sys
pid, terminal = pty.fork()
if pid == 0:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.execv(sys.argv[1], sys.argv[1:])
os.read(terminal, 1)
os.close(terminal)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))";

#[test]
fn a_closed_terminal_ends_watch_even_if_sighup_is_ignored() {
    let mut world = world();
    let server = world.serve(&[]);
    world.set("TERM", "xterm");
    let python = std::process::Command::new("sh").args(["-c", "command -v python3"]).output();
    let python = String::from_utf8(python.unwrap().stdout).unwrap();
    let mut command = world.command("timeout");
    command.args(["20", python.trim(), "-c", HANG_UP]).arg(world.binary());
    command.args(["ecs", "status", "--watch", "--server", &server.address()]);
    assert_eq!(command.status().unwrap().code(), Some(1));
}
