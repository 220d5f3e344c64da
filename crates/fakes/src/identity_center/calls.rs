//! The calls that the fake has received.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::operation::Operation;

/// A call that the fake has received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its operation.
    pub operation: Operation,
    /// The status of the answer. `None` without an answer, or before it.
    pub status: Option<u16>,
    /// Time of its arrival, since the start of the fake.
    pub at: Duration,
    /// Time of its answer, since the start of the fake.
    pub answered: Option<Duration>,
}

pub(super) struct Calls {
    started: Instant,
    list: Vec<Call>,
    /// Number of removed calls. An unfinished call keeps its number.
    forgotten: usize,
}

impl Calls {
    pub(super) fn new() -> Self {
        Self { started: Instant::now(), list: Vec::new(), forgotten: 0 }
    }

    /// Adds a call and returns its number.
    pub(super) fn begin(&mut self, operation: Operation) -> usize {
        let at = self.started.elapsed();
        self.list.push(Call { operation, status: None, at, answered: None });
        self.forgotten + self.list.len() - 1
    }

    pub(super) fn answered(&mut self, number: usize, status: u16) {
        let call = number.checked_sub(self.forgotten).and_then(|at| self.list.get_mut(at));
        if let Some(call) = call {
            call.status = Some(status);
            call.answered = Some(self.started.elapsed());
        }
    }

    pub(super) fn list(&self) -> &[Call] {
        &self.list
    }

    pub(super) fn forget(&mut self) {
        self.forgotten += self.list.len();
        self.list.clear();
    }

    /// Number of calls for each operation and each status, and the seconds from the first call to the last answer.
    pub(super) fn summary(&self) -> Value {
        let mut operations = BTreeMap::<String, u64>::new();
        let mut statuses = BTreeMap::<String, u64>::new();
        for call in &self.list {
            *operations.entry(call.operation.to_string()).or_default() += 1;
            let status = call.status.map_or("none".to_owned(), |status| status.to_string());
            *statuses.entry(status).or_default() += 1;
        }
        let first = self.list.first().map(|call| call.at).unwrap_or_default();
        let last = self.list.iter().filter_map(|call| call.answered).max().unwrap_or(first);
        let seconds = last.saturating_sub(first).as_secs_f64();
        json!({"operations": operations, "statuses": statuses, "seconds": seconds})
    }
}
