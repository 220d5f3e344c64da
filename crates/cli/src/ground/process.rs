//! The process: protection of its memory, limit of open files, signals; and the shells and programs that it starts.

#[cfg(unix)]
#[path = "process/unix.rs"]
mod platform;
#[cfg(not(unix))]
#[path = "process/other.rs"]
mod platform;

use tokio::sync::Notify;

pub(crate) use platform::{
    ChildGroup, ChildSignals, allow_many_connections, detached, interruption, protect_memory,
    replace, shell, spawn, stop_signals,
};

/// Set when signals are held.
static HOLD: Notify = Notify::const_new();

/// Holds signals: from now on [`interrupted`] reports an interruption, which no longer ends the process. Not called
/// earlier, so that Ctrl-C works at a prompt.
pub(crate) fn hold_signals() {
    HOLD.notify_one();
}

/// Waits for an interruption of the command.
pub(crate) async fn interrupted() {
    HOLD.notified().await;
    match platform::interruption() {
        Ok(interruption) => interruption.await,
        // Without a handler, a signal still ends the process.
        Err(_) => std::future::pending().await,
    }
}
