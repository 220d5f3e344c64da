//! What waits to be written. Pushing takes no memory, makes no system call but to wake a writer that sleeps, and never
//! waits for more than a swap of two vectors.

use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::record::Record;
use crate::peer::Socket;

/// Shared by the connections, which push, and the one writer, which takes.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    /// How many decisions the writer could not write, in all.
    missing: AtomicU64,
}

struct State {
    records: Vec<Record>,
    lost: u64,
    connected: Vec<Socket>,
    stops: bool,
}

/// Why the writer is awake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woken {
    /// Records wait, or it has been long enough.
    Due,
    /// Somebody has connected.
    Connected,
    /// It is to end.
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
    /// Adds a record, or counts it if there are too many.
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

    /// Somebody has connected. Of too many at once, some are looked for only when they ask for something.
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

    /// No more will come.
    pub(super) fn stop(&self) {
        self.lock().stops = true;
        self.changed.notify_one();
    }

    /// Waits for records or connections; at last until `limit`, if there is one.
    pub(super) fn wait(&self, limit: Option<Instant>) -> Woken {
        self.wait_while(limit, |state| state.records.is_empty())
    }

    /// Lets records gather until `limit`; connections and the end are told at once.
    pub(super) fn gather(&self, limit: Instant) -> Woken {
        self.wait_while(Some(limit), |_| true)
    }

    /// Takes everything; what is lent is what the next records will be put in.
    pub(super) fn take(&self, empty: &mut Vec<Record>) -> u64 {
        let mut state = self.lock();
        mem::swap(&mut state.records, empty);
        mem::take(&mut state.lost)
    }

    /// So many decisions are not written.
    pub(super) fn count_missing(&self, count: u64) {
        self.missing.fetch_add(count, Ordering::Relaxed);
    }

    /// How many decisions are missing in the log since the server started.
    pub(super) fn missing(&self) -> u64 {
        self.missing.load(Ordering::Relaxed)
    }

    /// Takes those who have connected.
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
        // Every change is one assignment or one push: nothing is ever half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A tenth of a second of the fastest reading that was measured.
pub(super) const MAX_RECORDS: usize = 8192;
const MAX_CONNECTED: usize = 1024;
