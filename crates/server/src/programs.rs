//! Which process is at the far end of a connection, for the audit log and the status alone: nothing is decided by it.
//!
//! The kernel tells a socket's inode; whose that is stands in the processes' tables of open files. Looking there takes
//! about a millisecond, so it is done on a thread of whoever wants to know, once for a connection, and never for more than
//! a small part of the time.

#[cfg(target_os = "linux")]
#[path = "programs/linux.rs"]
mod platform;
#[cfg(not(target_os = "linux"))]
#[path = "programs/unknown.rs"]
mod platform;

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use serde::Serialize;

use crate::peer::Socket;
use platform::Processes;

/// A process, as it was when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Program {
    pub(crate) pid: u32,
    /// Where its program lies, without control characters.
    pub(crate) exe: String,
}

/// What is known of connections, by their socket's inode; of each program a `T`.
pub(crate) struct Programs<T> {
    processes: Processes,
    keeps: fn(Program) -> T,
    known: HashMap<u32, Option<T>>,
    wanted: HashSet<u32>,
    /// Before these nothing is looked for.
    next_glance: Instant,
    next_look: Instant,
}

impl<T> Programs<T> {
    /// Nothing is known yet; of what will be found, this is kept.
    pub(crate) fn new(now: Instant, keeps: fn(Program) -> T) -> Self {
        Self {
            processes: Processes::new(),
            keeps,
            known: HashMap::new(),
            wanted: HashSet::new(),
            next_glance: now,
            next_look: now,
        }
    }

    /// Wants to know who that is. For somebody who has just connected, what was known of the inode is of an earlier
    /// socket.
    pub(crate) fn connected(&mut self, socket: Socket) {
        self.known.remove(&socket.inode);
        self.want(socket);
    }

    /// The same, if it isn't known already.
    pub(crate) fn want(&mut self, socket: Socket) {
        if self.processes.can_tell(socket.uid)
            && !self.known.contains_key(&socket.inode)
            && self.wanted.len() < MAX_WANTED
        {
            self.wanted.insert(socket.inode);
        }
    }

    /// Looks into the newest processes: who asks once and ends is among them, and not for long.
    pub(crate) fn glance(&mut self) {
        let began = Instant::now();
        if !self.wanted.is_empty() && began >= self.next_glance {
            let found = self.processes.newest(&self.wanted);
            self.keep(found);
            self.next_glance = began + began.elapsed() * GLANCES;
        }
    }

    /// Looks into all processes, for all that are wanted still.
    pub(crate) fn look(&mut self) {
        let began = Instant::now();
        if !self.wanted.is_empty() && began >= self.next_look {
            let found = self.processes.all(&self.wanted);
            self.keep(found);
            let gone = self.wanted.drain().map(|inode| (inode, None));
            self.known.extend(gone);
            self.next_look = began + began.elapsed() * LOOKS;
        }
    }

    fn keep(&mut self, found: Vec<(u32, Program)>) {
        if self.known.len() + self.wanted.len() > MAX_KNOWN {
            self.known.clear(); // who goes on asking is looked for again
        }
        for (inode, program) in found {
            self.wanted.remove(&inode);
            self.known.insert(inode, Some((self.keeps)(program)));
        }
    }

    pub(crate) fn of(&self, socket: Socket) -> Option<&T> {
        self.known.get(&socket.inode)?.as_ref()
    }

    /// When it is to look again, if it wants to.
    pub(crate) fn next_look(&self) -> Option<Instant> {
        (!self.wanted.is_empty()).then_some(self.next_look)
    }
}

/// More than there are connections.
const MAX_KNOWN: usize = 4096;
const MAX_WANTED: usize = 1024;
/// One part of so many of the time is spent glancing, or looking.
const GLANCES: u32 = 10;
const LOOKS: u32 = 20;
