//! The programs that read the slots, for the status. A separate thread finds them. It sleeps unless there is a new
//! reader, and ends with the server.
//!
//! No request waits for it. If there are too many new readers at once, some are skipped.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Instant;

use credentials::SlotName;
use tracing::warn;

use crate::programs::Programs;
use crate::slots::{NewReader, Slots};

/// The sender of new readers to the thread.
pub(crate) struct Readers {
    slots: Arc<Slots>,
    /// Started for the first reader. `None`: the thread could not be started.
    thread: OnceLock<Option<SyncSender<Wanted>>>,
}

/// A reader to find, and the slot that it has read.
struct Wanted {
    slot: SlotName,
    new_reader: NewReader,
}

impl Readers {
    /// No thread runs yet.
    pub(crate) fn new(slots: Arc<Slots>) -> Self {
        Self { slots, thread: OnceLock::new() }
    }

    /// Requests the search for the reader of a slot.
    pub(crate) fn find_reader(&self, slot: SlotName, new_reader: NewReader) {
        if let Some(thread) = self.thread.get_or_init(|| start(&self.slots)) {
            thread.try_send(Wanted { slot, new_reader }).ok();
        }
    }
}

fn start(slots: &Arc<Slots>) -> Option<SyncSender<Wanted>> {
    let (wanted, received) = sync_channel(MAX_WAITING);
    let slots = Arc::clone(slots);
    let work = move || search(&received, &slots);
    match thread::Builder::new().name("readers".to_owned()).spawn(work) {
        Ok(_) => Some(wanted),
        Err(error) => {
            warn!(%error, "the status does not show readers: the thread could not be started");
            None
        }
    }
}

/// Searches for all readers until the sender is gone.
fn search(received: &Receiver<Wanted>, slots: &Slots) {
    let mut programs = Programs::new(Instant::now(), |program| program);
    let mut waiting: Vec<Wanted> = Vec::new();
    loop {
        match next(received, programs.next_full_search()) {
            Ok(wanted) => {
                let others = received.try_iter();
                for wanted in [wanted].into_iter().chain(others) {
                    programs.connected(wanted.new_reader.socket);
                    waiting.push(wanted);
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        programs.search_newest();
        programs.search_all();
        waiting.retain(|Wanted { slot, new_reader }| match programs.of(new_reader.socket) {
            Some(program) => {
                slots.found(slot, *new_reader, program.clone());
                false
            }
            // Stays wanted until all processes were searched.
            None => programs.next_full_search().is_some(),
        });
    }
}

/// The next reader, or an error at `limit`.
fn next(received: &Receiver<Wanted>, limit: Option<Instant>) -> Result<Wanted, RecvTimeoutError> {
    match limit {
        None => received.recv().map_err(|_| RecvTimeoutError::Disconnected),
        Some(limit) => received.recv_timeout(limit.saturating_duration_since(Instant::now())),
    }
}

const MAX_WAITING: usize = 64;

#[cfg(test)]
mod tests {
    use credentials::Generation;

    use super::*;
    use crate::peer::{Socket, own_uid};

    #[test]
    fn the_thread_starts_when_needed_and_ends_with_the_server() {
        let slots = Arc::new(Slots::new(false, 1));
        let readers = Readers::new(Arc::clone(&slots));
        assert_eq!(Arc::strong_count(&slots), 2, "no slot was read, so no thread runs");
        let socket = Socket { uid: own_uid().unwrap_or(0), inode: u32::MAX };
        for _ in 0..1000 {
            let generation = Generation::default();
            readers.find_reader(SlotName::Default, NewReader { socket, generation });
        }
        assert_eq!(Arc::strong_count(&slots), 3);
        drop(readers);
        while Arc::strong_count(&slots) > 1 {
            thread::yield_now();
        }
    }
}
