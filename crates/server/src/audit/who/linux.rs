//! Linux: `/proc/PID/fd` of the processes that we may look into, which are our own user's (proc(5)).

use std::collections::HashSet;
use std::fs::{read_dir, read_link};
use std::path::{Path, PathBuf};

use super::Program;

pub(super) struct Processes {
    own_uid: u32,
    own_pid: u32,
    /// Where sockets were found of late: many programs connect anew for each request.
    recent: Vec<u32>,
}

impl Processes {
    pub(super) fn new() -> Self {
        let own_uid = rustix::process::geteuid().as_raw();
        Self { own_uid, own_pid: std::process::id(), recent: Vec::new() }
    }

    /// Whether processes of that user can be looked into at all.
    pub(super) fn can_tell(&self, uid: u32) -> bool {
        uid == self.own_uid || self.own_uid == 0
    }

    /// The holders of these sockets, as far as they are still there. The newest processes come first: who asks once and
    /// ends is among them.
    pub(super) fn find(&mut self, inodes: &HashSet<u32>) -> Vec<(u32, Program)> {
        let mut found: Vec<(u32, Program)> = Vec::new();
        let mut budget = MOST_FILES;
        for pid in std::mem::take(&mut self.recent) {
            look_into(pid, inodes, &mut found, &mut budget);
        }
        let mut others = match found.len() < inodes.len() {
            true => self.processes(),
            false => Vec::new(),
        };
        others.sort_unstable_by(|a, b| b.cmp(a));
        for pid in others {
            if found.len() >= inodes.len() || budget == 0 {
                break;
            }
            look_into(pid, inodes, &mut found, &mut budget);
        }
        for (_, Program { pid, .. }) in found.iter().rev() {
            if !self.recent.contains(pid) && self.recent.len() < MOST_RECENT {
                self.recent.push(*pid);
            }
        }
        found
    }

    fn processes(&self) -> Vec<u32> {
        let Ok(entries) = read_dir("/proc") else { return Vec::new() };
        let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        pids.filter(|pid| *pid != self.own_pid).collect()
    }
}

/// Looks which of the sockets a process holds. One who is not ours, or keeps itself to itself, can't be looked into.
fn look_into(pid: u32, inodes: &HashSet<u32>, found: &mut Vec<(u32, Program)>, budget: &mut usize) {
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
        let Ok(exe) = read_link(process.join("exe")) else { continue };
        // If the process was still there after its program was looked at, it was no other that got its number.
        if socket_at(&file) == Some(inode) {
            let exe = exe.to_string_lossy().replace(char::is_control, "\u{fffd}");
            found.push((inode, Program { pid, exe }));
        }
    }
}

/// The inode of the socket that an open file is, if it is one: `socket:[4711]`.
fn socket_at(file: &Path) -> Option<u32> {
    let link = read_link(file).ok()?;
    link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// How many open files are looked at in one go: some 20 ms.
const MOST_FILES: usize = 20_000;
const MOST_RECENT: usize = 8;

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
    fn the_process_that_holds_a_socket_is_found_and_one_that_is_gone_is_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let wanted = inode(&stream);
        let mut command = Command::new("cat");
        command.stdin(OwnedFd::from(stream)).stdout(Stdio::null());
        let mut holder = command.spawn().unwrap();
        drop(command);
        let mut processes = Processes::new();
        let is_cat = |found: &[(u32, Program)]| {
            let [(inode, Program { pid, exe })] = found else { return false };
            let is_right = (*inode, *pid) == (wanted, holder.id());
            is_right
                && exe
                    .rsplit('/')
                    .next()
                    .is_some_and(|name| name.contains("cat") || name == "coreutils")
        };
        // Until it has become `cat`.
        while !is_cat(&processes.find(&[wanted, u32::MAX].into())) {
            std::thread::yield_now();
        }
        assert!(is_cat(&processes.find(&[wanted].into())), "where it was found of late");
        holder.kill().unwrap();
        holder.wait().unwrap();
        assert_eq!(processes.find(&[wanted].into()), []);
    }

    #[test]
    fn we_ourselves_are_not_looked_into() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert_eq!(Processes::new().find(&[inode(&stream)].into()), []);
    }
}
