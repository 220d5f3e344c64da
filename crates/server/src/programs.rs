//! The process at the other end of a connection, only for the audit log and the status: it decides nothing.
//!
//! The kernel gives a socket's inode. The tables of open files show which process holds it. A search takes about a
//! millisecond, so it runs on the caller's own thread, once for each connection, and only for a small part of the time.

mod forwarder;
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

/// A process, as it was at the time of the search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Program {
    pub(crate) pid: u32,
    /// The path of its program, without control characters.
    pub(crate) exe: String,
    /// Whether it forwards connections of others.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) forwarder: bool,
}

impl Program {
    pub(crate) fn new(pid: u32, exe: String) -> Self {
        Self { pid, forwarder: forwarder::is_forwarder(&exe), exe }
    }
}

/// The known programs by the inode of their socket, each as a `T`.
pub(crate) struct Programs<T> {
    processes: Processes,
    keeps: fn(Program) -> T,
    known: HashMap<u32, Option<T>>,
    wanted: HashSet<u32>,
    /// The earliest times for the next searches.
    next_newest_search: Instant,
    next_full_search: Instant,
}

impl<T> Programs<T> {
    /// Knows no program yet. `keeps` converts each one that is found.
    pub(crate) fn new(now: Instant, keeps: fn(Program) -> T) -> Self {
        Self {
            processes: Processes::new(),
            keeps,
            known: HashMap::new(),
            wanted: HashSet::new(),
            next_newest_search: now,
            next_full_search: now,
        }
    }

    /// Requests a search for a new connection. What is known about its inode belongs to an earlier socket.
    pub(crate) fn connected(&mut self, socket: Socket) {
        self.known.remove(&socket.inode);
        self.want(socket);
    }

    /// Requests a search, unless the program is known already.
    pub(crate) fn want(&mut self, socket: Socket) {
        if self.processes.can_inspect(socket.uid)
            && !self.known.contains_key(&socket.inode)
            && self.wanted.len() < MAX_WANTED
        {
            self.wanted.insert(socket.inode);
        }
    }

    /// Searches the newest processes. A program that makes one request and ends is among them for a short time.
    pub(crate) fn search_newest(&mut self) {
        let began = Instant::now();
        if !self.wanted.is_empty() && began >= self.next_newest_search {
            let found = self.processes.newest(&self.wanted);
            self.keep(found);
            self.next_newest_search = began + began.elapsed() * NEWEST_SEARCH_SHARE;
        }
    }

    /// Searches all processes for the remaining sockets.
    pub(crate) fn search_all(&mut self) {
        let began = Instant::now();
        if !self.wanted.is_empty() && began >= self.next_full_search {
            let found = self.processes.all(&self.wanted);
            self.keep(found);
            let gone = self.wanted.drain().map(|inode| (inode, None));
            self.known.extend(gone);
            self.next_full_search = began + began.elapsed() * FULL_SEARCH_SHARE;
        }
    }

    fn keep(&mut self, found: Vec<(u32, Program)>) {
        if self.known.len() + self.wanted.len() > MAX_KNOWN {
            self.known.clear(); // active programs are searched again
        }
        for (inode, program) in found {
            self.wanted.remove(&inode);
            self.known.insert(inode, Some((self.keeps)(program)));
        }
    }

    pub(crate) fn of(&self, socket: Socket) -> Option<&T> {
        self.known.get(&socket.inode)?.as_ref()
    }

    /// When the next search may begin, if one is needed.
    pub(crate) fn next_full_search(&self) -> Option<Instant> {
        (!self.wanted.is_empty()).then_some(self.next_full_search)
    }
}

/// More than the number of connections.
const MAX_KNOWN: usize = 4096;
const MAX_WANTED: usize = 1024;
/// At most one part in this many of the time is spent on searches of the newest, or of all processes.
const NEWEST_SEARCH_SHARE: u32 = 10;
const FULL_SEARCH_SHARE: u32 = 20;
