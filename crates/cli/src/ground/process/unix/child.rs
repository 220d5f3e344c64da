//! A child program that this process represents: it gets our signals, and we return its exit code.

use std::fs::File;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitCode, ExitStatus};

use rustix::process::{Pid, Signal, getpgrp, kill_process};
use rustix::termios::tcgetpgrp;
use tokio::process::Child;

use super::core_dumps::with_usual_limits;
use super::signals::Signals;

/// Starts the program in our process group, so that a terminal stops and continues both together.
pub(crate) fn spawn(command: Command) -> io::Result<Child> {
    let mut command = tokio::process::Command::from(command);
    with_usual_limits(|| command.spawn())
}

/// Replaces this process with the program. Returns only if that fails.
pub(crate) fn replace(mut command: Command) -> io::Result<ExitCode> {
    Err(with_usual_limits(|| command.exec()))
}

/// The signals that are passed on.
pub(crate) struct ChildSignals(Signals);

impl ChildSignals {
    /// Handles the signals, so that they do not end this process. Signals that were ignored at our start stay ignored.
    pub(crate) fn take_over() -> io::Result<Self> {
        Signals::take_over_unless_ignored(&PASSED_ON).map(Self)
    }

    /// Waits until the program has ended, and passes signals on to it.
    pub(crate) async fn wait(mut self, mut child: Child) -> io::Result<ExitCode> {
        loop {
            tokio::select! {
                status = child.wait() => return status.map(exit_code),
                signal = self.0.next() => pass_on(signal, &child),
            }
        }
    }
}

fn pass_on(signal: Signal, child: &Child) {
    // The terminal sends Ctrl-C to all foreground processes. A second signal makes many programs end without a clean
    // shutdown.
    if TYPED.contains(&signal) && are_in_foreground() {
        return;
    }
    let id = child.id().and_then(|id| id.try_into().ok()).and_then(Pid::from_raw);
    if let Some(id) = id {
        // An error means that the program has ended.
        kill_process(id, signal).ok();
    }
}

#[expect(clippy::disallowed_methods, reason = "a terminal is no file")]
fn are_in_foreground() -> bool {
    let terminal = File::open("/dev/tty");
    terminal.is_ok_and(|terminal| tcgetpgrp(&terminal).is_ok_and(|group| group == getpgrp()))
}

/// The exit code that a shell would report.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| Some(128 + status.signal()?));
    code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}

const PASSED_ON: [Signal; 6] =
    [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM, Signal::USR1, Signal::USR2];
const TYPED: [Signal; 2] = [Signal::INT, Signal::QUIT];
