//! What tests stand on: a clock moved by hand, credentials that are canaries, a sealed world for the real
//! binary, an IAM Identity Center without AWS. A dev-dependency only.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "in a test, what is unexpected must be loud"
)]

mod canary;
mod clock;
pub mod identity_center;
mod running;
mod small_disk;
mod test_env;

pub use canary::{CANARY, arn, profile};
pub use clock::FakeClock;
pub use identity_center::FakeIdentityCenter;
pub use running::Running;
pub use small_disk::SmallDisk;
pub use test_env::{Finished, TestEnv};

/// Lets this process open as many files as it ever may.
pub fn allow_many_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
}

/// Whether the tests run as root, and so can be other users too; prints why a test is left out.
pub fn is_root() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        eprintln!("left out: this test needs root, to be two users or two networks");
    }
    is_root
}
