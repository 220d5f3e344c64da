//! Unix: resource limits, signals, process groups, and on Linux the dumpable flag.

#[path = "unix/child.rs"]
mod child;
#[path = "unix/core_dumps.rs"]
mod core_dumps;
#[path = "unix/signals.rs"]
mod signals;

use std::os::unix::process::CommandExt;
use std::process::Command;

use providers::child as children;
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process_group, setrlimit};
use tokio::process::Child;

pub(crate) use child::{ChildSignals, replace, spawn};
pub(crate) use core_dumps::protect_memory;
use signals::Signals;

/// Enough for all connections that the server accepts, and for its own files.
const FILES: u64 = 4096;

/// Raises the soft limit of open files, which is often as low as the number of connections we take.
pub(crate) fn allow_many_connections() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(FILES, |maximum| maximum.min(FILES));
    if limit.current.is_some_and(|current| current < wanted) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..limit }).ok();
    }
}

/// Takes over the signals that stop a server. The future is ready at SIGINT or SIGTERM. SIGHUP is ignored, so that
/// closing a terminal stops no server.
pub(crate) fn stop_signals() -> std::io::Result<impl Future<Output = ()>> {
    Signals::take_over(&[Signal::HUP])?;
    Ok(one_of(Signals::take_over(&[Signal::INT, Signal::TERM])?))
}

/// Takes over the signals that stop a command in the foreground. SIGHUP is one of them. Signals that were ignored at
/// our start (nohup(1)) stay ignored.
pub(crate) fn interruption() -> std::io::Result<impl Future<Output = ()>> {
    Ok(one_of(Signals::take_over_unless_ignored(&[Signal::INT, Signal::TERM, Signal::HUP])?))
}

async fn one_of(mut signals: Signals) {
    signals.next().await;
}

/// A shell that runs the line, in its own process group.
pub(crate) fn shell(line: &str) -> Command {
    let mut command = children::command("sh");
    command.args(["-c", line]).process_group(0);
    command
}

/// The command in its own process group, so that Ctrl-C in our terminal does not reach it.
pub(crate) fn detached(mut command: Command) -> Command {
    command.process_group(0);
    command
}

/// The process group of a [`shell`], killed when this is dropped.
pub(crate) struct ChildGroup(Option<Pid>);

impl ChildGroup {
    pub(crate) fn of(leader: &Child) -> Self {
        let id = leader.id().and_then(|id| id.try_into().ok());
        Self(id.and_then(Pid::from_raw))
    }

    /// Disarms the guard after the shell has ended. Its background processes stay, and its id may belong to another
    /// process.
    pub(crate) fn has_ended(mut self) {
        self.0 = None;
    }
}

impl Drop for ChildGroup {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // An error means that no process is left.
            kill_process_group(group, Signal::KILL).ok();
        }
    }
}
