//! Signals that are taken over: once they are, they do nothing by themselves any more.

use std::fs;
use std::future::poll_fn;
use std::io;
use std::task::Poll;

use rustix::process::Signal;
use tokio::signal::unix::{self, SignalKind, signal};

/// Those that are taken over, with what tells of them.
pub(super) struct Signals(Vec<(Signal, unix::Signal)>);

impl Signals {
    /// From now on, and for as long as the process runs.
    pub(super) fn take_over(wanted: &[Signal]) -> io::Result<Self> {
        let take_over = |wanted: &Signal| {
            let told = signal(SignalKind::from_raw(wanted.as_raw()))?;
            Ok((*wanted, told))
        };
        wanted.iter().map(take_over).collect::<io::Result<_>>().map(Self)
    }

    /// The same, but for those that were ignored when we were started: they stay so.
    pub(super) fn take_over_unless_ignored(wanted: &[Signal]) -> io::Result<Self> {
        let ignored = Ignored::read();
        let heeded = wanted.iter().copied().filter(|signal| !ignored.has(*signal));
        Self::take_over(&heeded.collect::<Vec<_>>())
    }

    /// The next of them.
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

/// Which signals who started us had ignored: nohup(1) does that with SIGHUP, and a shell without job control with SIGINT
/// and SIGQUIT of what it runs in the background. A program that we start inherits it, unless we take the signal over.
struct Ignored(u64);

impl Ignored {
    /// Where there is no `/proc`, nobody tells.
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
    fn what_is_ignored_is_known() {
        // As std has it in every Rust program.
        assert!(Ignored::read().has(Signal::PIPE));
        assert!(!Ignored::read().has(Signal::USR1));
    }
}
