//! The limit of calls to the portal per second: a token bucket.

use jiff::Timestamp;

pub(super) struct Quota {
    calls_per_second: f64,
    burst: f64,
    left: f64,
    at: Timestamp,
}

impl Quota {
    /// A full bucket. It contains the calls of a quarter of a second, and at least one call.
    pub(super) fn new(calls_per_second: f64, now: Timestamp) -> Self {
        let burst = (calls_per_second / 4.0).max(1.0);
        Self { calls_per_second, burst, left: burst, at: now }
    }

    /// Takes one call from the bucket. `false` if the bucket is empty.
    pub(super) fn take(&mut self, now: Timestamp) -> bool {
        let passed = now.duration_since(self.at).as_secs_f64().max(0.0);
        self.at = now;
        self.left = (self.left + passed * self.calls_per_second).min(self.burst);
        let answered = self.left >= 1.0;
        if answered {
            self.left -= 1.0;
        }
        answered
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn calls_are_limited_to_a_burst_and_then_to_the_rate() {
        let start: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let mut quota = Quota::new(20.0, start);
        let mut answered =
            |ms| (0..9).filter(|_| quota.take(start + Duration::from_millis(ms))).count();
        assert_eq!(answered(0), 5);
        assert_eq!(answered(100), 2);
        assert_eq!(answered(10_000), 5, "the bucket holds one burst at most");
    }
}
