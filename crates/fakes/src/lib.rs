//! Fakes for tests: a clock that a test moves, credentials with canaries, a sealed environment for the real binary, a terminal
//! for it, and an IAM Identity Center without AWS. Only a dev-dependency.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test must fail loudly")]
#![expect(clippy::disallowed_methods, reason = "tests write files of their own")]

mod canary;
mod clock;
pub mod identity_center;
mod needs;
mod running;
mod small_disk;
mod terminal;
mod test_env;

pub use canary::{CANARY, arn, instance, profile, profile_source};
pub use clock::FakeClock;
pub use identity_center::FakeIdentityCenter;
pub use needs::{is_root, needs, needs_program, needs_root};
pub use running::{Finished, Running};
pub use small_disk::SmallDisk;
pub use terminal::Terminal;
pub use test_env::TestEnv;

use std::io::{self, ErrorKind, Read};
use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

/// Raises this process's limit of open files to its maximum.
pub fn allow_many_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
}

/// Reads once, and again if a signal interrupts it.
///
/// # Errors
/// As [`Read::read`], but never [`ErrorKind::Interrupted`].
pub fn read_once(mut from: impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match from.read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// A free port for a server that is restarted on it. Linux gives it to no other program, because it is below the range of ports
/// for programs that take any port.
pub fn port_of_our_own() -> u16 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let first = std::process::id() * 31;
    loop {
        let number = first.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % 20_000;
        let port = 10_000 + u16::try_from(number).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
