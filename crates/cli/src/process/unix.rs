//! Unix: resource limits, signals, and on Linux the dumpable flag.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

/// Enough for every connection that the server takes, and its own files.
const FILES: u64 = 4096;

/// Keeps secrets out of core dumps, and on Linux out of reach of the user's other processes (ptrace(2),
/// `/proc/PID/mem`). What fails here leaves us as open as any other program, which is no reason to stop.
pub(crate) fn protect_memory() {
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// Raises the soft limit of open files, which is often as low as the number of connections we take.
pub(crate) fn allow_many_connections() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(FILES, |maximum| maximum.min(FILES));
    if limit.current.is_some_and(|current| current < wanted) {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..limit });
    }
}

/// Takes over the signals, from now on; the future is ready at SIGINT or SIGTERM. SIGHUP means nothing:
/// closing a terminal stops no server.
pub(crate) fn stop_signals() -> std::io::Result<impl Future<Output = ()>> {
    signals(false)
}

/// The same for a command that a person waits for: closing the terminal ends it.
pub(crate) fn interruption() -> std::io::Result<impl Future<Output = ()>> {
    signals(true)
}

fn signals(hang_up_counts: bool) -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => return,
                _ = terminate.recv() => return,
                _ = hang_up.recv() => if hang_up_counts { return },
            }
        }
    })
}
