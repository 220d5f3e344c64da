//! The process itself: what others may see of its memory, how many files it may open, who tells it to stop; and the shells
//! and the programs that it starts.

#[cfg(unix)]
#[path = "process/unix.rs"]
mod platform;
#[cfg(not(unix))]
#[path = "process/other.rs"]
mod platform;

use tokio::sync::Notify;

pub(crate) use platform::{
    ChildGroup, ChildSignals, allow_many_connections, interruption, protect_memory, replace, shell,
    spawn, stop_signals,
};

/// Told when signals are to be held.
static HOLD: Notify = Notify::const_new();

/// From now on an interruption is told by [`interrupted`], and doesn't end the process by itself. Until then nothing is
/// under way that must not be cut off, and a person may be at a prompt.
pub(crate) fn hold_signals() {
    HOLD.notify_one();
}

/// Ready when somebody wants a command to end.
pub(crate) async fn interrupted() {
    HOLD.notified().await;
    match platform::interruption() {
        Ok(interruption) => interruption.await,
        // As before: a signal ends the process by itself.
        Err(_) => std::future::pending().await,
    }
}
