//! The queue of records for the writer. A push allocates nothing, makes no system call except to wake the writer, and
//! waits at most for a swap of two vectors.

use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::record::Record;
use crate::peer::Socket;

/// The queue: the connections push, and one writer takes.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    /// The total number of decisions that the writer could not write.
    missing: AtomicU64,
}

struct State {
    records: Vec<Record>,
    lost: u64,
    connected: Vec<Socket>,
    stops: bool,
}

/// Why the writer woke up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woken {
    /// Records wait, or the time limit is reached.
    Due,
    /// A client has connected.
    Connected,
    /// The writer must stop.
    Stopped,
}

impl Default for Queue {
    fn default() -> Self {
        let state = State {
            records: Vec::with_capacity(MAX_RECORDS),
            lost: 0,
            connected: Vec::with_capacity(MAX_CONNECTED),
            stops: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new(), missing: AtomicU64::new(0) }
    }
}

impl Queue {
    /// Adds a record, or counts it as missing if the queue is full.
    pub(super) fn push(&self, record: Record) {
        let mut state = self.lock();
        if state.records.len() >= MAX_RECORDS {
            state.lost += 1;
            return;
        }
        let sleeps = state.records.is_empty();
        state.records.push(record);
        drop(state);
        if sleeps {
            self.changed.notify_one();
        }
    }

    /// Announces a new connection. If there are too many, some are looked up only at their first request.
    pub(super) fn announce(&self, socket: Socket) {
        let mut state = self.lock();
        if state.connected.len() >= MAX_CONNECTED {
            return;
        }
        let sleeps = state.connected.is_empty();
        state.connected.push(socket);
        drop(state);
        if sleeps {
            self.changed.notify_one();
        }
    }

    /// Tells the writer to stop: no more records will come.
    pub(super) fn stop(&self) {
        self.lock().stops = true;
        self.changed.notify_one();
    }

    /// Waits for records or connections, at most until `limit`.
    pub(super) fn wait(&self, limit: Option<Instant>) -> Woken {
        self.wait_while(limit, |state| state.records.is_empty())
    }

    /// Collects records until `limit`. Returns at once for a connection or the end.
    pub(super) fn gather(&self, limit: Instant) -> Woken {
        self.wait_while(Some(limit), |_| true)
    }

    /// Takes all records and the count of missing ones. The queue goes on with `empty`.
    pub(super) fn take(&self, empty: &mut Vec<Record>) -> u64 {
        let mut state = self.lock();
        mem::swap(&mut state.records, empty);
        mem::take(&mut state.lost)
    }

    /// Adds to the number of missing decisions.
    pub(super) fn count_missing(&self, count: u64) {
        self.missing.fetch_add(count, Ordering::Relaxed);
    }

    /// The number of decisions missing in the log since the server started.
    pub(super) fn missing(&self) -> u64 {
        self.missing.load(Ordering::Relaxed)
    }

    /// Takes the new connections.
    pub(super) fn take_connected(&self, into: &mut Vec<Socket>) {
        into.append(&mut self.lock().connected);
    }

    fn wait_while(&self, limit: Option<Instant>, waits: impl Fn(&State) -> bool) -> Woken {
        let mut state = self.lock();
        loop {
            if state.stops {
                return Woken::Stopped;
            }
            if !state.connected.is_empty() {
                return Woken::Connected;
            }
            if !waits(&state) {
                return Woken::Due;
            }
            state = match limit.map(|limit| limit.saturating_duration_since(Instant::now())) {
                Some(left) if left.is_zero() => return Woken::Due,
                Some(left) => {
                    let waited = self.changed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is one assignment or one push, so a panic leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As many as arrive in a tenth of a second at the highest measured rate.
pub(super) const MAX_RECORDS: usize = 8192;
const MAX_CONNECTED: usize = 1024;
