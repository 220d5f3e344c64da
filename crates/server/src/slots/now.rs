//! The present, by both clocks.

use std::time::Duration;

use credentials::{Clock, Timestamp};
use tokio::time::Instant;

/// The present, on both clocks: the one that people set, and the one that only ever goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) wall: Timestamp,
    pub(crate) steady: Instant,
}

impl Now {
    pub(crate) fn by(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), steady: Instant::now() }
    }

    /// A later instant by the clock that people set, and by the other one as far from now.
    pub(crate) fn until(self, wall: Timestamp) -> Self {
        let wait: Duration = wall.duration_since(self.wall).try_into().unwrap_or_default();
        Self { wall, steady: self.steady + wait }
    }

    /// How long after an earlier instant this is, by the clock that is nearer to it; zero when either has passed it.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        let by_wall: Duration =
            self.wall.duration_since(earlier.wall).try_into().unwrap_or_default();
        by_wall.min(self.steady.saturating_duration_since(earlier.steady))
    }
}
