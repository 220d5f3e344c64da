//! What tests stand on: a clock moved by hand, credentials that are canaries, a sealed world for the real
//! binary. A dev-dependency only.
#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test, what is unexpected must be loud")]

mod canary;
mod clock;
mod running;
mod test_env;

pub use canary::{CANARY, arn, profile};
pub use clock::FakeClock;
pub use running::Running;
pub use test_env::{Finished, TestEnv};
