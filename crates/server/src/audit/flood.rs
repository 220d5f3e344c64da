//! The limit for refusals in the log. Refused requests are free for the sender: without a limit, another user could
//! push everything else out of the log. A burst is written, then a fixed number a second; the others are only counted.

use std::time::{Duration, Instant};

/// The number of refusals that may still be written.
pub(super) struct Allowance {
    left: u32,
    counted: Instant,
}

impl Allowance {
    pub(super) fn new(now: Instant) -> Self {
        Self { left: MAX_AT_ONCE, counted: now }
    }

    /// Adds what the passed time allows.
    pub(super) fn renew(&mut self, now: Instant) {
        let more =
            now.saturating_duration_since(self.counted).as_millis() / RENEWAL_INTERVAL.as_millis();
        let more = u32::try_from(more).unwrap_or(MAX_AT_ONCE).min(MAX_AT_ONCE);
        self.counted = match self.left + more {
            // A fraction is kept for the next call; an allowance above the maximum is not.
            left if left < MAX_AT_ONCE => self.counted + RENEWAL_INTERVAL * more,
            _ => now,
        };
        self.left = (self.left + more).min(MAX_AT_ONCE);
    }

    /// Takes one, if one is left.
    pub(super) fn take(&mut self) -> bool {
        let is_left = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_left
    }
}

const MAX_AT_ONCE: u32 = 1000;
/// Ten a second fill the log and the older files in about six hours.
const RENEWAL_INTERVAL: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_limited_to_ten_a_second() {
        let began = Instant::now();
        let mut allowance = Allowance::new(began);
        let mut take = |seconds: f64| {
            allowance.renew(began + Duration::from_secs_f64(seconds));
            (0..5000).filter(|_| allowance.take()).count()
        };
        assert_eq!(take(0.0), 1000);
        assert_eq!(take(0.05), 0);
        assert_eq!(take(0.101), 1, "the fraction of a tenth is kept");
        assert_eq!(take(10.1), 100);
        assert_eq!(take(1e6), 1000);
    }
}
