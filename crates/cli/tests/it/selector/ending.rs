//! The end of the selector: the terminal is restored in every case. Without a terminal there is no selector.

use fakes::Terminal;
use rustix::process::Signal;

use super::{is_restored, open};
use crate::identity_center::{fake, signed_in, world_of};

#[test]
fn leaving_exits_with_130_and_restores_the_terminal() {
    let fake = fake();
    let world = signed_in(&fake);
    for leave in ["\x1b", "\x03", "\x07", "\x04"] {
        // The shell prints the terminal's modes after the end of the command.
        let mut command = world.command("sh");
        let binary = world.binary().display();
        command.args(["-c", &format!("'{binary}' ecs load; echo \"code $?\"; stty -a; echo end")]);
        let terminal = Terminal::start(command, 100, 30);
        terminal.wait_for("Esc leave");
        terminal.type_in(leave);
        let screen = terminal.wait_for("end");
        let contents = screen.contents();
        assert!(is_restored(&screen), "{leave:?}: {contents}");
        for said in ["error: no role was chosen", "code 130", " icanon", " echo "] {
            assert!(contents.contains(said), "{said:?} after {leave:?}: {contents}");
        }
    }
}

#[test]
fn a_signal_restores_the_terminal() {
    let fake = fake();
    let world = signed_in(&fake);
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let terminal = open(&world, &[], 100, 30);
        assert!(terminal.wait_for("Esc leave").alternate_screen());
        terminal.signal(signal);
        let (status, screen) = terminal.finish();
        assert_eq!(status.code(), Some(130), "{signal:?}");
        assert!(is_restored(&screen), "{signal:?}: {}", screen.contents());
    }
}

#[test]
fn without_a_terminal_the_error_names_the_flags() {
    let fake = fake();
    let mut world = world_of(&fake);
    let usage = "no role is named";
    let piped = world.run(&["ecs", "load"]);
    assert_eq!((piped.code, piped.stdout.as_str()), (Some(2), ""));
    assert!(piped.stderr.contains(usage), "{}", piped.stderr);
    world.set("TERM", "dumb");
    let terminal = open(&world, &[], 100, 30);
    let (status, screen) = terminal.finish();
    assert_eq!(status.code(), Some(2));
    assert!(screen.contents().contains(usage), "{}", screen.contents());
    world.set("TERM", "xterm");
    let (status, screen) = open(&world, &[], 100, 30).finish();
    assert_eq!(status.code(), Some(1));
    assert!(screen.contents().contains("aws-sso setup"), "{}", screen.contents());
}
