//! Unix: resource limits, signals, process groups, and on Linux the dumpable flag.

#[path = "unix/child.rs"]
mod child;
#[path = "unix/core_dumps.rs"]
mod core_dumps;
#[path = "unix/signals.rs"]
mod signals;

use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process_group, setrlimit};
use tokio::process::Child;

pub(crate) use child::{ChildSignals, replace, spawn};
pub(crate) use core_dumps::protect_memory;
use signals::Signals;

/// Enough for every connection that the server takes, and its own files.
const FILES: u64 = 4096;

/// Raises the soft limit of open files, which is often as low as the number of connections we take.
pub(crate) fn allow_many_connections() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(FILES, |maximum| maximum.min(FILES));
    if limit.current.is_some_and(|current| current < wanted) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..limit }).ok();
    }
}

/// Takes over the signals, from now on; the future is ready at SIGINT or SIGTERM. SIGHUP means nothing:
/// closing a terminal stops no server.
pub(crate) fn stop_signals() -> std::io::Result<impl Future<Output = ()>> {
    Signals::take_over(&[Signal::HUP])?;
    Ok(one_of(Signals::take_over(&[Signal::INT, Signal::TERM])?))
}

/// The same for a command that a person waits for: closing the terminal ends it. What was ignored when we were started
/// (nohup(1)) stays so.
pub(crate) fn interruption() -> std::io::Result<impl Future<Output = ()>> {
    Ok(one_of(Signals::take_over_unless_ignored(&[Signal::INT, Signal::TERM, Signal::HUP])?))
}

async fn one_of(mut signals: Signals) {
    signals.next().await;
}

/// A line for the shell, in a process group of its own.
pub(crate) fn shell(line: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", line]).process_group(0);
    command
}

/// The process group that a [`shell`] leads: killed when this is dropped.
pub(crate) struct ChildGroup(Option<Pid>);

impl ChildGroup {
    pub(crate) fn of(leader: &Child) -> Self {
        let id = leader.id().and_then(|id| id.try_into().ok());
        Self(id.and_then(Pid::from_raw))
    }

    /// The leader has been waited for. What it left behind was left on purpose, and its id may be another's by now.
    pub(crate) fn has_ended(mut self) {
        self.0 = None;
    }
}

impl Drop for ChildGroup {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // None is left: so much the better.
            kill_process_group(group, Signal::KILL).ok();
        }
    }
}
