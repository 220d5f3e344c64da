//! The current time on both clocks.

use std::time::Duration;

use credentials::{Clock, Timestamp};
use tokio::time::Instant;

/// The current time on both clocks: the wall clock, which people set, and the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) wall: Timestamp,
    pub(crate) steady: Instant,
}

impl Now {
    pub(crate) fn by(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), steady: Instant::now() }
    }

    /// A later time on the wall clock, with the same distance from now on the monotonic clock.
    pub(crate) fn until(self, wall: Timestamp) -> Self {
        let wait: Duration = wall.duration_since(self.wall).try_into().unwrap_or_default();
        Self { wall, steady: self.steady + wait }
    }

    /// The time since `earlier`, by the clock with the smaller difference. Never negative.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        let by_wall: Duration =
            self.wall.duration_since(earlier.wall).try_into().unwrap_or_default();
        by_wall.min(self.steady.saturating_duration_since(earlier.steady))
    }
}
