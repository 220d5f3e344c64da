//! A real process reports events: this test binary, which runs its ignored test with the files of a folder.

mod desktops;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use credentials::{InstanceName, ProfileName, SlotName};
use fakes::FakeClock;
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::*;

/// It ends a little more than 14 minutes after the time of the clock.
const ENDING: EventKind = EventKind::SessionEnding { ends: Timestamp::constant(1_795_383_060, 0) };
/// All kinds except `SessionEnding`, whose message depends on the clock.
const KINDS: [EventKind; 7] = [
    EventKind::SignInNeeded,
    EventKind::SignedIn,
    EventKind::Denied,
    EventKind::Misconfigured,
    EventKind::Unavailable,
    EventKind::ShortLived,
    EventKind::ClockOff,
];
/// Writes a file if it is not killed. It keeps stderr open until it ends, and a test waits for the end of stderr, so a
/// test that passes is short.
const SURVIVE: &str = "(sleep 5; : > survived) &";

fn event(kind: EventKind) -> Event {
    let slot = |name| SlotName::Named(ProfileName::parse(name).unwrap());
    let (message, hint) =
        ("look".to_owned(), Some("run <aws-sso login> & \u{1b}[1mwait".to_owned()));
    match kind {
        EventKind::ClockOff => Event { kind, instance: None, slots: vec![], message, hint },
        EventKind::SessionEnding { .. }
        | EventKind::SignInNeeded
        | EventKind::SignedIn
        | EventKind::Denied
        | EventKind::Misconfigured
        | EventKind::Unavailable
        | EventKind::ShortLived => Event {
            kind,
            instance: Some(InstanceName::parse("corp").unwrap()),
            slots: vec![slot("prod"), SlotName::Default, slot("a \"b\"")],
            message,
            hint,
        },
    }
}

/// The folder with the input and the output of the process.
struct Folder(TempDir);

impl Folder {
    fn with_hook(command: &str) -> Self {
        let folder = Self::empty();
        folder.write("hook", command);
        folder
    }

    fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, contents: &str) {
        fs::write(self.0.path().join(name), contents).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    fn has(&self, name: &str) -> bool {
        self.0.path().join(name).exists()
    }

    /// Makes a named pipe. Opening it waits for the other end.
    fn make_pipe(&self, name: &str) {
        assert!(Command::new("mkfifo").arg(self.0.path().join(name)).status().unwrap().success());
    }

    /// The process that reports events of these kinds.
    fn reporter(&self, program: &str, kinds: &[EventKind]) -> Command {
        self.write("events", &kinds.iter().map(|kind| format!("{kind:?}\n")).collect::<String>());
        let mut command = Command::new(program);
        command.current_dir(self.0.path()).stdin(Stdio::null());
        command.env("AWS_SSO_FILE_PASSWORD", "CANARY-password").env("HOOKS_MAY_SEE", "this");
        command
    }

    /// The stderr of the process after it has reported these events.
    fn report(&self, kinds: &[EventKind]) -> String {
        let mut reporter = self.reporter(std::env::current_exe().unwrap().to_str().unwrap(), kinds);
        stderr_of(&reporter.args(CHILD).output().unwrap())
    }
}

const CHILD: [&str; 4] =
    ["serve::events::tests::child_reports_events", "--exact", "--ignored", "--nocapture"];

fn stderr_of(output: &Output) -> String {
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && stdout.contains("1 passed"), "{stdout}{stderr}");
    assert!(!stdout.contains("hook"), "stdout is data: {stdout}");
    assert!(!stderr.contains("CANARY"), "{stderr}");
    stderr
}

fn warning(text: &str) -> String {
    format!("warning: {text}\n")
}

fn warning_of_event() -> String {
    warning("look. run <aws-sso login> & \u{fffd}[1mwait")
}

#[test]
#[ignore = "a child of other tests"]
fn child_reports_events() {
    let input = |name| fs::read_to_string(name).ok();
    let Some(names) = input("events") else { return };
    let find =
        |name| [ENDING].into_iter().chain(KINDS).find(|kind| format!("{kind:?}") == name).unwrap();
    let message = input("message");
    let all: Vec<_> = names
        .lines()
        .map(|name| event(find(name)))
        .map(|event| match message.clone() {
            Some(message) => Event { message, hint: None, ..event },
            None => event,
        })
        .collect();
    let limit = |name, default| input(name).map_or(default, |text| seconds(&text));
    let reporting = Reporting {
        notify: input("notify").map(|text| seconds(&text)),
        hook: input("hook").map(|command| Hook { command, timeout: limit("limit", HOOK_TIMEOUT) }),
        clock: Arc::new(FakeClock::at("2026-11-22T21:16:31.987Z")),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (sender, events) = mpsc::channel(1);
        let task = tokio::spawn(report(events, reporting));
        for event in all {
            sender.send(event).await.unwrap();
        }
        // There is room in the channel, so the last event has been received.
        drop(sender.reserve().await.unwrap());
        if Path::new("all-reported").exists() {
            tokio::task::spawn_blocking(|| fs::write("all-reported", "")).await.unwrap().unwrap();
        }
        if Path::new("stop").exists() {
            tokio::task::spawn_blocking(|| fs::read("stop")).await.unwrap().unwrap();
            return;
        }
        drop(sender);
        task.await.unwrap();
    });
    runtime.shutdown_background();
}

fn seconds(text: &str) -> Duration {
    Duration::from_secs_f32(text.parse().unwrap())
}

#[test]
fn each_event_is_a_line_that_moves_no_cursor() {
    for kind in KINDS {
        let stderr = Folder::empty().report(&[kind]);
        match kind {
            EventKind::SignedIn => assert_eq!(format!("warning: {stderr}"), warning_of_event()),
            EventKind::SessionEnding { .. }
            | EventKind::SignInNeeded
            | EventKind::Denied
            | EventKind::Misconfigured
            | EventKind::Unavailable
            | EventKind::ShortLived
            | EventKind::ClockOff => assert_eq!(stderr, warning_of_event(), "{kind:?}"),
        }
    }
}

#[test]
fn the_end_of_a_session_is_reported_with_the_time_left() {
    let now: Timestamp = "2026-11-22T21:16:31Z".parse().unwrap();
    let ending = Event { message: String::new(), hint: None, ..event(ENDING) };
    let said =
        "the SSO session of `corp` ends in 14m. Sign in again: aws-sso login --force --sso corp";
    assert_eq!(line(&ending, now), format!("warning: {said}"));
    let record = record::line(&ending, now);
    assert!(record.starts_with(r#"{"Event":"SessionEnding","Time""#), "{record}");
    assert!(record.contains(&format!(r#""Message":"{said}""#)), "{record}");
}

#[test]
fn a_command_is_given_each_event_as_a_line_of_json_one_after_the_other() {
    let folder = Folder::with_hook("echo begins >> got; cat >> got; echo ends >> got");
    folder.report(&KINDS);
    let rest = r#""DefaultSlot":true,"Slots":["prod","a \"b\""],"Message":"look. run <aws-sso login> & \u001b[1mwait"}"#;
    let without =
        r#""DefaultSlot":false,"Slots":[],"Message":"look. run <aws-sso login> & \u001b[1mwait"}"#;
    let expected = KINDS.map(|kind| {
        let head = format!(r#"{{"Event":"{kind:?}","Time":"2026-11-22T21:16:31Z","#);
        let line = match kind {
            EventKind::ClockOff => format!("{head}{without}"),
            EventKind::SessionEnding { .. }
            | EventKind::SignInNeeded
            | EventKind::SignedIn
            | EventKind::Denied
            | EventKind::Misconfigured
            | EventKind::Unavailable
            | EventKind::ShortLived => format!(r#"{head}"Instance":"corp",{rest}"#),
        };
        format!("begins\n{line}\nends\n")
    });
    assert_eq!(folder.read("got"), expected.concat());
}

#[test]
fn a_command_has_our_environment_without_the_password() {
    let folder = Folder::with_hook("env > got");
    assert_eq!(folder.report(&[EventKind::Denied]), warning_of_event());
    let environment = folder.read("got");
    assert!(environment.contains("HOOKS_MAY_SEE=this\n"), "{environment}");
    assert!(!environment.contains("AWS_SSO_FILE_PASSWORD"), "{environment}");
}

#[test]
fn what_a_command_prints_goes_to_stderr() {
    let stderr = Folder::with_hook("echo by the hook").report(&[EventKind::Denied]);
    assert_eq!(stderr, warning_of_event() + "by the hook\n");
}

#[test]
fn a_command_that_takes_too_long_is_killed_with_all_that_it_started() {
    let hook = format!("if mkdir first 2> /dev/null; then {SURVIVE} wait; else : > second; fi");
    let folder = Folder::with_hook(&hook);
    folder.write("limit", "1.5");
    let stderr = folder.report(&[EventKind::Denied, EventKind::Denied]);
    let killed = warning("the command of --on-event was killed after 1.5 seconds");
    assert_eq!(stderr, warning_of_event() + &warning_of_event() + &killed);
    assert!(!folder.has("survived"));
    assert!(folder.has("second"), "the command runs for the next event");
}

#[test]
fn a_command_that_runs_when_the_server_stops_is_killed() {
    let folder = Folder::with_hook(&format!("{SURVIVE} : > stop; wait"));
    folder.make_pipe("stop");
    assert_eq!(folder.report(&[EventKind::Denied]), warning_of_event());
    assert!(!folder.has("survived"));
}

#[test]
fn background_processes_of_a_command_keep_running() {
    let folder = Folder::with_hook(&SURVIVE.replace("sleep 5", "sleep 0.3"));
    assert_eq!(folder.report(&[EventKind::Denied]), warning_of_event());
    assert!(folder.has("survived"));
}

#[test]
fn a_command_that_reads_nothing_has_not_failed() {
    // This does not fit into a pipe.
    let long = "x".repeat(200_000);
    for hook in ["true", "exec <&-; echo closed > /dev/null"] {
        let folder = Folder::with_hook(hook);
        folder.write("message", &long);
        assert!(folder.report(&[EventKind::Denied]) == warning(&long), "{hook}");
    }
}

#[test]
fn a_command_that_fails_is_a_warning_with_its_status() {
    for (hook, status) in [
        ("exit 3", "exit status: 3"),
        ("kill -TERM $$", "signal: 15 (SIGTERM)"),
        ("exec 2> /dev/null; /no/such/command", "exit status: 127"),
    ] {
        let stderr = Folder::with_hook(hook).report(&[EventKind::Denied]);
        assert_eq!(
            stderr,
            warning_of_event()
                + &warning(&format!("the command of --on-event ended with {status}"))
        );
    }
}

#[test]
fn without_a_shell_there_is_a_warning() {
    let folder = Folder::with_hook("true");
    let exe = std::env::current_exe().unwrap();
    let mut reporter = folder.reporter(exe.to_str().unwrap(), &[EventKind::Denied]);
    let stderr = stderr_of(&reporter.args(CHILD).env("PATH", "/nowhere").output().unwrap());
    let expected =
        "the command of --on-event cannot be run: No such file or directory (os error 2)";
    assert_eq!(stderr, warning_of_event() + &warning(expected));
}

#[test]
fn events_beyond_a_full_queue_are_dropped_with_one_warning() {
    // The first command waits until all events have been reported.
    let folder = Folder::with_hook("mkdir first 2> /dev/null && cat all-reported; echo >> got");
    folder.make_pipe("all-reported");
    let stderr = folder.report(&[EventKind::ShortLived; 300]);
    let full = warning("256 events wait for --on-event. It misses further events.");
    assert_eq!(stderr.matches(&full).count(), 1, "{stderr}");
    assert_eq!(
        stderr.len(),
        300 * warning_of_event().len() + full.len(),
        "all are on stderr: {stderr}"
    );
    assert_eq!(folder.read("got").len(), 1 + 256);
}
