//! The audit log: who used which role and when, and which requests were refused.
//!
//! A connection pushes a small [`Record`] of each decision into a queue. A separate thread finds the program and writes
//! the line, so only that thread waits. Nothing here may delay an answer: records that do not fit are counted, and the
//! log contains the count. No secret and no access key id gets here.

mod file;
mod flood;
mod line;
mod queue;
mod record;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use credentials::Clock;
use tokio::sync::oneshot;
use tracing::warn;

use crate::peer::Socket;
use file::LogFile;
use queue::Queue;
use writer::Writer;

pub use file::AuditError;
pub use line::AuditLine;
pub(crate) use record::{Record, Requester, Role};

/// An open audit log, locked for this process.
#[derive(Debug)]
pub struct AuditLog(LogFile);

/// The sender of decisions to the writer thread.
#[derive(Clone)]
pub(crate) struct Audit(Arc<Queue>);

/// The running writer thread.
pub(crate) struct WriterThread {
    queue: Arc<Queue>,
    done: oneshot::Receiver<()>,
}

impl AuditLog {
    /// Opens or creates the log and locks it for this process.
    ///
    /// # Errors
    /// Other users could read or change it, another server writes to it, or it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, AuditError> {
        LogFile::open(path).map(Self)
    }

    /// The files of the log at `path`: the current file, then the older ones, newest first. Not all of them need exist.
    pub fn files(path: &Path) -> Vec<PathBuf> {
        file::files(path)
    }

    pub(crate) fn start(self, clock: Arc<dyn Clock>) -> (Audit, WriterThread) {
        let queue = Arc::new(Queue::default());
        let (send_done, done) = oneshot::channel();
        let writer = Writer::new(self.0, Arc::clone(&queue), clock);
        let work = move || {
            writer.run();
            // The receiver may be gone.
            send_done.send(()).ok();
        };
        if let Err(error) = thread::Builder::new().name("audit".to_owned()).spawn(work) {
            warn!(%error, "the audit log is not written: its thread could not be started");
        }
        (Audit(Arc::clone(&queue)), WriterThread { queue, done })
    }
}

impl Audit {
    /// Records a decision.
    pub(crate) fn note(&self, record: Record) {
        self.0.push(record);
    }

    /// The number of decisions missing in the log since the server started.
    pub(crate) fn missing(&self) -> u64 {
        self.0.missing()
    }

    /// Announces a new connection, so that its program is looked up while it still runs.
    pub(crate) fn connected(&self, socket: Option<Socket>) {
        if let Some(socket) = socket {
            self.0.announce(socket);
        }
    }
}

impl WriterThread {
    /// Stops the thread after it has written all records, or after a timeout.
    pub(crate) async fn finish(self) {
        self.queue.stop();
        if tokio::time::timeout(LAST_LINES_TIMEOUT, self.done).await.is_err() {
            warn!("the last lines of the audit log could not be written in time");
        }
    }
}

const LAST_LINES_TIMEOUT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
