//! The audit log: who used which role, when, and who was told no.
//!
//! A decision is noted by pushing a small [`Record`] into a queue; a thread of its own finds out which program that was,
//! writes it down, and does all the waiting. Nothing here may hold up an answer: what doesn't fit is counted, and the
//! count is told in the log. No secret and no access key id gets here.

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

/// An audit log that is open, and nobody else's while it is.
#[derive(Debug)]
pub struct AuditLog(LogFile);

/// Where decisions are noted.
#[derive(Clone)]
pub(crate) struct Audit(Arc<Queue>);

/// The thread that writes.
pub(crate) struct Writing {
    queue: Arc<Queue>,
    done: oneshot::Receiver<()>,
}

impl AuditLog {
    /// Opens the log, or makes it, and takes it for this process.
    ///
    /// # Errors
    /// Others could read or change it, another server writes it, or it can't be opened.
    pub fn open(path: &Path) -> Result<Self, AuditError> {
        LogFile::open(path).map(Self)
    }

    /// Where the log at `path` is: the file itself, then the older ones, the newest first. Not all need be there.
    pub fn files(path: &Path) -> Vec<PathBuf> {
        file::files(path)
    }

    pub(crate) fn start(self, clock: Arc<dyn Clock>) -> (Audit, Writing) {
        let queue = Arc::new(Queue::default());
        let (tell_done, done) = oneshot::channel();
        let writer = Writer::new(self.0, Arc::clone(&queue), clock);
        let work = move || {
            writer.run();
            // Nobody may wait for it any more.
            tell_done.send(()).ok();
        };
        if let Err(error) = thread::Builder::new().name("audit".to_owned()).spawn(work) {
            warn!(%error, "nothing is written to the audit log: there is no thread for it");
        }
        (Audit(Arc::clone(&queue)), Writing { queue, done })
    }
}

impl Audit {
    /// Notes a decision.
    pub(crate) fn note(&self, record: Record) {
        self.0.push(record);
    }

    /// How many decisions are missing in the log since the server started.
    pub(crate) fn missing(&self) -> u64 {
        self.0.missing()
    }

    /// Somebody has connected: who that is can be found out now, and perhaps not much later.
    pub(crate) fn connected(&self, socket: Option<Socket>) {
        if let Some(socket) = socket {
            self.0.announce(socket);
        }
    }
}

impl Writing {
    /// Ends it, when all that was noted is written, or when that takes too long.
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
