//! The count and the readers of a slot, noted at each read under the lock that the read holds anyway.
//!
//! Pure: the time is passed in, and the programs are found elsewhere.

use std::time::Duration;

use credentials::Timestamp;
use tokio::time::Instant;

use super::Now;
use crate::peer::Socket;
use crate::programs::Program;
use crate::wire::ReaderObject;

/// The reads of one load of a slot.
#[derive(Default)]
pub(super) struct Reads {
    pub(super) count: u64,
    pub(super) last: Option<Timestamp>,
    reader: Option<Reader>,
    /// The last reader that forwards connections of others. Later reads of other programs do not hide it.
    forwarder: Option<Reader>,
}

/// The reader whose program is or was searched.
#[derive(Clone)]
struct Reader {
    socket: Socket,
    /// The time of its first read.
    since: Instant,
    /// The time of its last read.
    last: Timestamp,
    /// `None`: not found, or not found yet.
    program: Option<Program>,
}

impl Reads {
    /// Notes a read. Returns the socket if its program must be searched: for a new reader, at most once a second.
    pub(super) fn note(&mut self, socket: Option<Socket>, now: Now) -> Option<Socket> {
        self.count += 1;
        self.last = Some(now.wall);
        let socket = socket?;
        match &mut self.reader {
            Some(reader) if reader.socket == socket => {
                reader.last = now.wall;
                None
            }
            Some(reader)
                if now.steady.saturating_duration_since(reader.since) < READER_INTERVAL =>
            {
                None
            }
            _ => {
                let (since, last) = (now.steady, now.wall);
                self.reader = Some(Reader { socket, since, last, program: None });
                Some(socket)
            }
        }
    }

    /// Notes the program of a reader, unless another reader is searched by now.
    pub(super) fn found(&mut self, socket: Socket, program: Program) {
        if let Some(reader) = self.reader.as_mut().filter(|reader| reader.socket == socket) {
            let forwards = program.forwarder;
            reader.program = Some(program);
            if forwards {
                self.forwarder = Some(reader.clone());
            }
        }
    }

    /// The last reader that was searched, for the status.
    pub(super) fn reader(&self) -> Option<ReaderObject> {
        self.reader.as_ref().map(Reader::object)
    }

    /// The last reader that was found to forward connections of others, for the status.
    pub(super) fn forwarder(&self) -> Option<ReaderObject> {
        self.forwarder.as_ref().map(Reader::object)
    }
}

impl Reader {
    fn object(&self) -> ReaderObject {
        let Self { socket, last, program, .. } = self;
        ReaderObject {
            uid: socket.uid,
            pid: program.as_ref().map(|program| program.pid),
            exe: program.as_ref().map(|program| program.exe.clone()),
            time: last.as_second(),
        }
    }
}

/// Minimum time between two searches for readers of one slot.
const READER_INTERVAL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(inode: u32) -> Option<Socket> {
        Some(Socket { uid: 1000, inode })
    }

    fn program(pid: u32) -> Program {
        Program::new(pid, format!("/bin/{pid}"))
    }

    fn shown(reads: &Reads) -> (Option<u32>, i64) {
        let reader = reads.reader().unwrap();
        (reader.pid, reader.time)
    }

    #[test]
    fn a_new_reader_is_searched_once_and_at_most_one_a_second() {
        let start = Instant::now();
        let at = |milliseconds: i64| Now {
            wall: Timestamp::from_millisecond(milliseconds).unwrap(),
            steady: start + Duration::from_millis(milliseconds.unsigned_abs()),
        };
        let mut reads = Reads::default();
        assert_eq!(reads.note(None, at(0)), None, "a reader without a socket is not searched");
        assert!(reads.reader().is_none());
        assert_eq!(reads.note(socket(1), at(1_000)), socket(1));
        assert_eq!(shown(&reads), (None, 1), "it is not found yet");
        reads.found(socket(1).unwrap(), program(7));
        assert_eq!(reads.note(socket(1), at(1_900)), None);
        assert_eq!(reads.note(socket(2), at(1_999)), None, "not within a second");
        assert_eq!(shown(&reads), (Some(7), 1));
        assert_eq!(reads.note(socket(1), at(60_000)), None, "it is known");
        assert_eq!(shown(&reads), (Some(7), 60), "it has read again");
        assert_eq!(reads.note(socket(2), at(61_000)), socket(2));
        reads.found(socket(1).unwrap(), program(7));
        assert_eq!(shown(&reads), (None, 61), "the found program is another reader's");
        assert_eq!((reads.count, reads.last), (6, Some(at(61_000).wall)));
    }

    #[test]
    fn a_forwarder_is_still_shown_after_reads_of_other_programs() {
        let start = Instant::now();
        let at = |seconds: u64| Now {
            wall: Timestamp::UNIX_EPOCH + Duration::from_secs(seconds),
            steady: start + Duration::from_secs(seconds),
        };
        let mut reads = Reads::default();
        reads.note(socket(1), at(1));
        reads.found(socket(1).unwrap(), Program::new(7, "/usr/bin/socat".to_owned()));
        reads.note(socket(2), at(9));
        reads.found(socket(2).unwrap(), program(8));
        assert_eq!(shown(&reads), (Some(8), 9));
        let forwarder = reads.forwarder().unwrap();
        assert_eq!((forwarder.pid, forwarder.time), (Some(7), 1));
    }
}
