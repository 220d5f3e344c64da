//! Signals that this process handles instead of their default action.

use std::fs;
use std::future::poll_fn;
use std::io;
use std::task::Poll;

use rustix::process::Signal;
use tokio::signal::unix::{self, SignalKind, signal};

/// The handled signals, with their streams.
pub(super) struct Signals(Vec<(Signal, unix::Signal)>);

impl Signals {
    /// Handles these signals for the rest of the process.
    pub(super) fn take_over(wanted: &[Signal]) -> io::Result<Self> {
        let take_over = |wanted: &Signal| {
            let told = signal(SignalKind::from_raw(wanted.as_raw()))?;
            Ok((*wanted, told))
        };
        wanted.iter().map(take_over).collect::<io::Result<_>>().map(Self)
    }

    /// Handles these signals, except those that were ignored at our start.
    pub(super) fn take_over_unless_ignored(wanted: &[Signal]) -> io::Result<Self> {
        let ignored = Ignored::read();
        let heeded = wanted.iter().copied().filter(|signal| !ignored.has(*signal));
        Self::take_over(&heeded.collect::<Vec<_>>())
    }

    /// Waits for the next signal.
    pub(super) async fn next(&mut self) -> Signal {
        poll_fn(|context| {
            let told = self.0.iter_mut().find_map(|(signal, stream)| {
                stream.poll_recv(context).is_ready().then_some(*signal)
            });
            told.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

/// The signals that were ignored when this process started. nohup(1) ignores SIGHUP. A shell without job control
/// ignores SIGINT and SIGQUIT in background commands. Child processes inherit this, unless we handle the signal.
struct Ignored(u64);

impl Ignored {
    /// Reads them from `/proc`; none where that does not exist.
    #[expect(clippy::disallowed_methods, reason = "/proc never keeps one waiting")]
    fn read() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        Self(mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default())
    }

    fn has(&self, signal: Signal) -> bool {
        self.0 >> (signal.as_raw() - 1) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn ignored_signals_are_known() {
        // std ignores SIGPIPE in every Rust program.
        assert!(Ignored::read().has(Signal::PIPE));
        assert!(!Ignored::read().has(Signal::USR1));
    }
}
