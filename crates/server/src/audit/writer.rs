//! The thread that writes the log. Only this thread waits for the disk and inspects other processes. When it is slower
//! than the connections, lines are lost, but no answer is late.

use std::sync::Arc;
use std::time::{Duration, Instant};

use credentials::Clock;
use tracing::warn;

use super::file::{Failed, LogFile};
use super::flood::Allowance;
use super::line::{self, Lines};
use super::queue::{Queue, Woken};
use super::record::Record;
use crate::peer::Socket;
use crate::programs::Programs;

pub(super) struct Writer {
    log: LogFile,
    queue: Arc<Queue>,
    clock: Arc<dyn Clock>,
    /// The end of the line for each program.
    programs: Programs<String>,
    allowance: Allowance,
    lines: Lines,
    missing: Missing,
    /// Whether the trouble was already reported.
    is_warned: bool,
}

/// The number of decisions that could not be written, and why. The log reports it as soon as possible.
struct Missing {
    count: u64,
    why: &'static str,
    /// Reports are lines too, so their rate is limited.
    reported_at: Option<Instant>,
}

impl Writer {
    pub(super) fn new(log: LogFile, queue: Arc<Queue>, clock: Arc<dyn Clock>) -> Self {
        let now = Instant::now();
        Self {
            log,
            queue,
            clock,
            programs: Programs::new(now, |program| line::members(&program)),
            allowance: Allowance::new(now),
            lines: Lines::default(),
            missing: Missing { count: 0, why: "", reported_at: None },
            is_warned: false,
        }
    }

    /// Writes until the queue is stopped, and then the remaining records.
    pub(super) fn run(mut self) {
        let (mut batch, mut connected) =
            (Vec::with_capacity(super::queue::MAX_RECORDS), Vec::new());
        loop {
            let stops = self.wait(&mut connected);
            let overflowed = self.queue.take(&mut batch);
            self.write(&mut batch, overflowed, false);
            if stops {
                return self.write(&mut Vec::new(), 0, true);
            }
        }
    }

    /// Waits for a batch, and looks up new connections meanwhile. Returns whether it is the last batch.
    fn wait(&mut self, connected: &mut Vec<Socket>) -> bool {
        let mut gathering = None;
        loop {
            let woken = match gathering {
                None => self.queue.wait(self.wait_limit()),
                Some(limit) => self.queue.gather(limit),
            };
            self.queue.take_connected(connected);
            connected.drain(..).for_each(|socket| self.programs.connected(socket));
            self.programs.search_newest();
            match (woken, gathering) {
                (Woken::Stopped, _) => return true,
                (Woken::Connected, _) => {}
                (Woken::Due, None) => gathering = Some(Instant::now() + BATCH_INTERVAL),
                (Woken::Due, Some(_)) => return false,
            }
        }
    }

    /// When to wake up even if no record has arrived.
    fn wait_limit(&self) -> Option<Instant> {
        let now = Instant::now();
        let again = (self.missing.count > 0).then(|| now + REPORT_INTERVAL);
        again.into_iter().chain(self.programs.next_full_search()).min()
    }

    /// Writes a batch, and the number of missing decisions.
    pub(super) fn write(&mut self, batch: &mut Vec<Record>, overflowed: u64, is_last: bool) {
        let now = Instant::now();
        batch
            .iter()
            .filter_map(|record| record.requester.socket)
            .for_each(|socket| self.programs.want(socket));
        self.programs.search_all();
        self.allowance.renew(now);
        self.lines.clear();
        let reports = self.missing.is_report_due(now) || is_last && self.missing.count > 0;
        if reports {
            self.lines.push_lost(self.clock.now(), self.missing.count, self.missing.why);
        }
        let mut refused = 0;
        for record in batch.drain(..) {
            if line::is_refused(&record) && !self.allowance.take() {
                refused += 1;
                continue;
            }
            let program = record.requester.socket.and_then(|socket| self.programs.of(socket));
            self.lines.push(&record, program.map(String::as_str));
        }
        let outcome = self.append();
        let written = outcome.as_ref().map_or_else(|failed| failed.written, |()| u64::MAX);
        if reports && written > 0 {
            self.missing.count = 0;
            self.missing.reported_at = Some(now);
        }
        self.count(overflowed, refused, outcome.err(), reports);
    }

    fn append(&mut self) -> Result<(), Failed> {
        match self.lines.count() {
            0 => Ok(()),
            _ => self.log.append(self.lines.bytes()),
        }
    }

    /// Counts missing decisions. Warns once, until everything works again.
    fn count(&mut self, overflowed: u64, refused: u64, failed: Option<Failed>, reports: bool) {
        let unwritten = failed.as_ref().map_or(0, |failed| {
            // The line that reports losses is not a decision itself.
            self.lines.count() - failed.written.max(u64::from(reports))
        });
        let causes =
            [(overflowed, TOO_FAST), (refused, TOO_MANY_REFUSED), (unwritten, NOT_WRITTEN)];
        for (count, why) in causes.into_iter().filter(|(count, _)| *count > 0) {
            self.queue.count_missing(count);
            self.missing.count += count;
            self.missing.why = why;
        }
        if self.missing.count == 0 {
            self.is_warned = false;
        } else if !std::mem::replace(&mut self.is_warned, true) {
            let why = failed.map_or(self.missing.why.to_owned(), |failed| {
                format!("{}; free disk space or fix the file", failed.error)
            });
            warn!("decisions are missing in the audit log: {why}");
        }
    }
}

impl Missing {
    fn is_report_due(&self, now: Instant) -> bool {
        self.count > 0
            && self.reported_at.is_none_or(|reported_at| reported_at + REPORT_INTERVAL <= now)
    }
}

/// A write costs as much as tens of lines, so lines are collected for this time. People do not notice the delay.
const BATCH_INTERVAL: Duration = Duration::from_millis(20);
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

const TOO_FAST: &str = "they came faster than they could be written";
const TOO_MANY_REFUSED: &str = "too many requests were refused at once";
const NOT_WRITTEN: &str = "the file could not be written";
