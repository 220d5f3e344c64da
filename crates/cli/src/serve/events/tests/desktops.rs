//! Notifications on a real session bus, with a desktop of the test.
#![cfg(target_os = "linux")]

use std::os::unix::net::UnixListener;
use std::thread;

use futures_util::StreamExt;
use zbus::zvariant::OwnedValue;
use zbus::{Connection, MessageStream};

use super::*;

/// What Notify is called with.
type Notify = (
    String,
    u32,
    String,
    String,
    String,
    Vec<String>,
    std::collections::HashMap<String, OwnedValue>,
    i32,
);

#[test]
#[ignore = "a child of other tests"]
fn child_is_the_desktop() {
    if !Path::new("events").exists() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let bus = Connection::session().await.unwrap();
        let calls = MessageStream::from(&bus);
        bus.request_name("org.freedesktop.Notifications").await.unwrap();
        let reporter = tokio::task::spawn_blocking(|| {
            Command::new(std::env::current_exe().unwrap()).args(CHILD).output().unwrap()
        });
        tokio::select! {
            () = serve(&bus, calls) => {}
            output = reporter => print!("{}", stderr_of(&output.unwrap())),
        }
    });
}

/// Writes each notification into the file `shown`, or refuses it.
async fn serve(bus: &Connection, mut calls: MessageStream) {
    let mut shown = String::new();
    while let Some(Ok(call)) = calls.next().await {
        let header = call.header();
        if header.member().is_none_or(|member| member != "Notify") {
            continue;
        }
        if Path::new("refuses").exists() {
            bus.reply_error(&header, "org.example.Refused", &"not\nnow").await.unwrap();
            continue;
        }
        let (app, replaces, icon, title, body, actions, hints, expires): Notify =
            call.body().deserialize().unwrap();
        assert_eq!((app.as_str(), replaces, icon.as_str(), expires), ("aws-sso", 0, "", -1));
        assert!(actions.is_empty() && hints.is_empty());
        shown += &format!("{title}: {body}\n");
        fs::write("shown", &shown).unwrap();
        bus.reply(&header, &1_u32).await.unwrap();
    }
}

/// The output with a desktop on a bus for this folder alone. `None` without `dbus-run-session`.
fn report_on_a_bus(folder: &Folder, child: &str, kinds: &[EventKind]) -> Option<String> {
    if !fakes::needs_program("dbus-run-session") {
        return None;
    }
    folder.write("notify", "5");
    let mut command = folder.reporter("dbus-run-session", kinds);
    command.arg("--").arg(std::env::current_exe().unwrap()).arg(child).args(&CHILD[1..]);
    // The bus must not start a desktop of this machine.
    for variable in ["HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_DATA_DIRS"] {
        command.env(variable, folder.0.path());
    }
    let output = command.output().unwrap();
    Some(String::from_utf8_lossy(&output.stdout).into_owned() + &stderr_of(&output))
}

/// The stderr with this address as the bus.
fn report_with_bus(folder: &Folder, address: &str) -> String {
    let exe = std::env::current_exe().unwrap();
    let mut reporter = folder.reporter(exe.to_str().unwrap(), &[EventKind::Denied; 2]);
    stderr_of(&reporter.args(CHILD).env("DBUS_SESSION_BUS_ADDRESS", address).output().unwrap())
}

const NO_NOTIFICATIONS: &str = "warning: desktop notifications cannot be shown: ";

#[test]
fn events_that_need_the_person_are_shown_by_the_desktop_as_plain_text() {
    let folder = Folder::empty();
    let desktop = "serve::events::tests::desktops::child_is_the_desktop";
    let Some(output) = report_on_a_bus(&folder, desktop, &[&[ENDING], &KINDS[..]].concat()) else {
        return;
    };
    assert!(!output.contains(NO_NOTIFICATIONS), "{output}");
    let ending = "Your AWS sign-in ends soon: the SSO session of `corp` ends in 14m. Sign in again: \
                  aws-sso login --force --sso corp\n";
    let body = "look. run &lt;aws-sso login&gt; &amp; \u{fffd}[1mwait\n";
    let titles =
        ["AWS needs you to sign in", "AWS refuses a role", "A role's configuration is wrong"];
    let others = titles.map(|title| format!("{title}: {body}")).concat();
    assert_eq!(folder.read("shown"), format!("{ending}{others}"));
}

#[test]
fn a_desktop_that_refuses_causes_one_warning_on_one_line() {
    let folder = Folder::empty();
    folder.write("refuses", "");
    let desktop = "serve::events::tests::desktops::child_is_the_desktop";
    let Some(output) = report_on_a_bus(&folder, desktop, &[&[ENDING], &KINDS[..]].concat()) else {
        return;
    };
    let expected = format!("{NO_NOTIFICATIONS}org.example.Refused: not\u{fffd}now\n");
    assert_eq!(output.matches(&expected).count(), 1, "{output}");
    assert_eq!(output.matches(NO_NOTIFICATIONS).count(), 1, "{output}");
}

#[test]
fn a_bus_without_a_desktop_causes_one_warning() {
    let Some(output) = report_on_a_bus(&Folder::empty(), CHILD[0], &KINDS) else { return };
    let expected = format!("{NO_NOTIFICATIONS}org.freedesktop.DBus.Error.ServiceUnknown");
    assert_eq!(output.matches(&expected).count(), 1, "{output}");
    assert_eq!(output.matches(NO_NOTIFICATIONS).count(), 1, "{output}");
}

#[test]
fn a_missing_bus_causes_one_warning_and_all_else_is_reported() {
    let folder = Folder::with_hook("echo >> got");
    folder.write("notify", "5");
    let output = report_with_bus(&folder, "unix:path=/nowhere/bus");
    assert_eq!(output.matches(NO_NOTIFICATIONS).count(), 1, "{output}");
    assert_eq!(output.matches(&warning_of_event()).count(), 2, "{output}");
    assert_eq!(folder.read("got").len(), 2);
}

#[test]
fn a_bus_that_never_answers_delays_nothing() {
    let folder = Folder::with_hook("echo by the hook");
    folder.write("notify", "1");
    let socket = folder.0.path().join("bus");
    let bus = UnixListener::bind(&socket).unwrap();
    // Each connection is accepted and kept open, without an answer.
    thread::spawn(move || {
        let mut silent = Vec::new();
        for connection in bus.incoming() {
            silent.push(connection);
        }
    });
    let output = report_with_bus(&folder, &format!("unix:path={}", socket.display()));
    let gave_up = format!("{NO_NOTIFICATIONS}no answer within 1 seconds\n");
    let (before, after) = output.split_once(&gave_up).unwrap();
    assert_eq!(before.matches(&warning_of_event()).count(), 2, "{output}");
    assert_eq!(before.matches("by the hook\n").count(), 2, "{output}");
    assert_eq!(after, "", "there is one warning");
}
