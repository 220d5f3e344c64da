//! The real clock. All other code gets the time passed in.

use credentials::{Clock, Timestamp};

/// The system's clock.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that all other code gets passed in"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
