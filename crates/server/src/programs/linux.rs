//! Linux: `/proc/PID/fd` of the processes that we may inspect, which are those of our own user (proc(5)).
#![expect(clippy::disallowed_methods, reason = "/proc never blocks")]

use std::collections::HashSet;
use std::fs::{read_dir, read_link, read_to_string};
use std::path::{Path, PathBuf};

use super::Program;

pub(super) struct Processes {
    own_uid: u32,
    /// Processes whose sockets were found recently: many programs connect again for each request.
    recent: Vec<u32>,
}

impl Processes {
    pub(super) fn new() -> Self {
        Self { own_uid: rustix::process::geteuid().as_raw(), recent: Vec::new() }
    }

    /// Whether processes of that user can be inspected.
    pub(super) fn can_inspect(&self, uid: u32) -> bool {
        uid == self.own_uid || self.own_uid == 0
    }

    /// The holders of these sockets, among the newest processes and those that were found recently.
    pub(super) fn newest(&mut self, inodes: &HashSet<u32>) -> Vec<(u32, Program)> {
        let newest = newest_pid().map(|newest| newest.saturating_sub(MAX_NEWEST_IDS)..=newest);
        let newest = newest.into_iter().flatten().rev();
        let pids = self.recent.clone().into_iter().chain(newest).collect();
        self.find(pids, inodes)
    }

    /// The holders of these sockets, among all processes.
    pub(super) fn all(&mut self, inodes: &HashSet<u32>) -> Vec<(u32, Program)> {
        let entries = read_dir("/proc").into_iter().flatten();
        let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        self.find(pids.collect(), inodes)
    }

    fn find(&mut self, pids: Vec<u32>, inodes: &HashSet<u32>) -> Vec<(u32, Program)> {
        let (mut found, mut budget) = (Vec::new(), MAX_FILES);
        for pid in pids.into_iter().filter(|pid| !is_ours(*pid)) {
            if found.len() >= inodes.len() || budget == 0 {
                break;
            }
            inspect(pid, inodes, &mut found, &mut budget);
        }
        for (_, Program { pid, .. }) in &found {
            if !self.recent.contains(pid) {
                self.recent.insert(0, *pid);
            }
        }
        self.recent.truncate(MAX_RECENT);
        found
    }
}

/// The most recent process id: the fifth field of `/proc/loadavg` (proc(5)).
fn newest_pid() -> Option<u32> {
    let line = read_to_string("/proc/loadavg").ok()?;
    line.split_whitespace().nth(4)?.parse().ok()
}

/// Finds which of the sockets a process holds. Processes of other users, and protected ones, cannot be inspected.
fn inspect(pid: u32, inodes: &HashSet<u32>, found: &mut Vec<(u32, Program)>, budget: &mut usize) {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let Ok(files) = read_dir(process.join("fd")) else { return };
    for file in files.flatten() {
        if *budget == 0 {
            return;
        }
        *budget -= 1;
        let file = file.path();
        let Some(inode) = socket_at(&file).filter(|inode| inodes.contains(inode)) else { continue };
        if found.iter().any(|(other, _)| *other == inode) {
            continue;
        }
        let (Ok(exe), Some(pid)) = (read_link(process.join("exe")), leader(&process)) else {
            continue;
        };
        // The process still exists, so its id was not reused before its program was read.
        if socket_at(&file) == Some(inode) {
            let exe = exe.to_string_lossy().replace(char::is_control, "\u{fffd}");
            found.push((inode, Program::new(pid, exe)));
        }
    }
}

/// Whether it is one of our own threads. We are not a client of our server, and have many open files.
fn is_ours(thread: u32) -> bool {
    Path::new("/proc/self/task").join(thread.to_string()).exists()
}

/// The process of a thread: threads have ids and folders too.
fn leader(thread: &Path) -> Option<u32> {
    let status = read_to_string(thread.join("status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("Tgid:"))?.trim().parse().ok()
}

/// The inode of an open file, if it is a socket: `socket:[4711]`.
fn socket_at(file: &Path) -> Option<u32> {
    let link = read_link(file).ok()?;
    link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// Number of ids that are searched. Some of them belong to threads.
const MAX_NEWEST_IDS: u32 = 64;
/// Maximum number of open files for one search, about 20 ms.
const MAX_FILES: usize = 20_000;
const MAX_RECENT: usize = 8;

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::MetadataExt as _;
    use std::process::{Command, Stdio};

    use super::*;

    fn inode(stream: &TcpStream) -> u32 {
        let stream: OwnedFd = stream.try_clone().unwrap().into();
        std::fs::File::from(stream).metadata().unwrap().ino() as u32
    }

    #[test]
    fn a_process_that_holds_a_socket_is_found_until_it_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let wanted = inode(&stream);
        let mut command = Command::new("cat");
        command.stdin(OwnedFd::from(stream)).stdout(Stdio::null());
        let mut holder = command.spawn().unwrap();
        drop(command);
        let mut processes = Processes::new();
        let is_cat = |found: &[(u32, Program)]| {
            let [(inode, Program { pid, exe, .. })] = found else { return false };
            let is_right = (*inode, *pid) == (wanted, holder.id());
            is_right
                && exe
                    .rsplit('/')
                    .next()
                    .is_some_and(|name| name.contains("cat") || name == "coreutils")
        };
        // Waits until the child runs `cat`, and until a child of another test, which has our files, calls exec.
        while !is_cat(&processes.all(&[wanted, u32::MAX].into())) {
            std::thread::yield_now();
        }
        assert!(is_cat(&processes.newest(&[wanted].into())), "where it was found recently");
        assert!(is_cat(&Processes::new().newest(&[wanted].into())), "it is new");
        holder.kill().unwrap();
        holder.wait().unwrap();
        while !processes.all(&[wanted].into()).is_empty() {
            std::thread::yield_now();
        }
    }

    #[test]
    fn our_own_process_is_not_searched() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let found = Processes::new().all(&[inode(&stream)].into());
        assert!(found.iter().all(|(_, program)| program.pid != std::process::id()), "{found:?}");
    }
}
