//! Limits the rate of calls to the portal: to its quota, lower after it throttles us, and then slowly up again.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Calls a second. AWS allows 20 for each account. We stay a little below, as its clock differs from ours.
const MAX_RATE: f64 = 19.8;
/// Calls a second, however often AWS throttles us.
const MIN_RATE: f64 = 0.5;
/// The rate is multiplied by this after AWS has throttled us.
const THROTTLE_FACTOR: f64 = 0.7;
/// This many calls a second are added to the rate after a second without throttling.
const RATE_STEP: f64 = 1.0;
/// Calls that come late may follow each other at once, as many as belong into this time.
const MAX_CATCH_UP: Duration = Duration::from_millis(100);
/// The pause of all calls after one that failed because the portal is not available.
const UNAVAILABLE_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause that we make when the portal asks for one.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Makes each call wait for its turn. All calls of an instance in this process share it, as they share the quota.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    schedule: Mutex<Schedule>,
    /// One call waits for its instant and the others for that call. So the others have no instant yet when the portal asks for a
    /// pause.
    queue: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Schedule {
    /// Calls a second.
    rate: f64,
    next: Instant,
    changed_at: Instant,
}

impl RateLimiter {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        let schedule = Schedule { rate: MAX_RATE, next: now, changed_at: now };
        Self { schedule: Mutex::new(schedule), queue: tokio::sync::Mutex::new(()) }
    }

    /// Waits until the next call may be made.
    pub(crate) async fn wait_for_turn(&self) {
        let _first = self.queue.lock().await;
        while let Err(at) = self.schedule(|schedule, now| schedule.take_turn(now)) {
            sleep_until(at).await;
        }
    }

    /// The earliest instant of the next call.
    pub(crate) fn next_turn(&self) -> Instant {
        self.schedule(|schedule, _| schedule.next)
    }

    /// Notes that the portal throttled a call: the rate sinks, and all calls wait for `retry_after`.
    pub(crate) fn throttled(&self, retry_after: Option<Duration>) {
        self.schedule(|schedule, now| schedule.throttled(now, retry_after));
    }

    /// Notes that the portal is not available: all calls wait for a second.
    pub(crate) fn unavailable(&self) {
        self.schedule(Schedule::unavailable);
    }

    fn schedule<T>(&self, change: impl FnOnce(&mut Schedule, Instant) -> T) -> T {
        change(&mut self.schedule.lock().unwrap_or_else(PoisonError::into_inner), Instant::now())
    }
}

impl Schedule {
    /// Takes a turn now, or returns the instant of the next one.
    fn take_turn(&mut self, now: Instant) -> Result<(), Instant> {
        if now.duration_since(self.changed_at) >= Duration::from_secs(1) && self.rate < MAX_RATE {
            self.rate = (self.rate + RATE_STEP).min(MAX_RATE);
            self.changed_at = now;
        }
        if self.next > now {
            return Err(self.next);
        }
        let at = self.next.max(now.checked_sub(MAX_CATCH_UP).unwrap_or(now));
        self.next = at + Duration::from_secs_f64(1.0 / self.rate);
        Ok(())
    }

    fn throttled(&mut self, now: Instant, retry_after: Option<Duration>) {
        // All calls that are under way get the same answer. Only the first one lowers the rate.
        if now.duration_since(self.changed_at) >= Duration::from_millis(500)
            || self.rate >= MAX_RATE
        {
            self.rate = (self.rate * THROTTLE_FACTOR).max(MIN_RATE);
            self.changed_at = now;
        }
        let pause = retry_after.unwrap_or_default().min(MAX_PAUSE);
        self.next = self.next.max(now + pause + Duration::from_secs_f64(1.0 / self.rate));
    }

    /// The rate stays: AWS did not ask for a lower one.
    fn unavailable(&mut self, now: Instant) {
        self.next = self.next.max(now + UNAVAILABLE_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(now: Instant) -> Schedule {
        Schedule { rate: MAX_RATE, next: now, changed_at: now }
    }

    /// Takes the next turn, at its earliest.
    fn next_turn(schedule: &mut Schedule, mut now: Instant) -> Instant {
        while let Err(later) = schedule.take_turn(now) {
            now = later;
        }
        now
    }

    #[test]
    fn calls_are_made_at_the_quota_and_no_faster() {
        let start = Instant::now();
        let mut schedule = schedule(start);
        let last = (0..=198).fold(start, |now, _| next_turn(&mut schedule, now));
        let took = last.duration_since(start).as_secs_f64();
        assert!((9.99..10.01).contains(&took), "198 calls in {took} s");
    }

    #[test]
    fn after_a_pause_there_is_no_burst_of_calls() {
        let start = Instant::now();
        let mut schedule = schedule(start);
        let later = start + Duration::from_secs(10);
        let early = (0..100).take_while(|_| schedule.take_turn(later).is_ok()).count();
        assert!(early <= 3, "{early} calls at once");
    }

    #[test]
    fn throttling_lowers_the_rate_once_and_makes_the_pause_that_aws_asks_for() {
        let start = Instant::now();
        let mut schedule = schedule(start);
        for _ in 0..10 {
            schedule.throttled(start, Some(Duration::from_secs(3)));
        }
        assert!((schedule.rate - MAX_RATE * THROTTLE_FACTOR).abs() < 0.01, "{}", schedule.rate);
        assert!(next_turn(&mut schedule, start) >= start + Duration::from_secs(3));
    }

    #[test]
    fn after_an_unavailable_portal_there_is_a_pause_of_a_second_and_then_the_same_rate() {
        let start = Instant::now();
        let mut schedule = schedule(start);
        for _ in 0..10 {
            schedule.unavailable(start);
        }
        let after = start + Duration::from_secs(1);
        assert_eq!(next_turn(&mut schedule, start), after);
        let last = (0..198).fold(after, |now, _| next_turn(&mut schedule, now));
        let took = last.duration_since(after).as_secs_f64();
        assert!((9.99..10.01).contains(&took), "198 calls in {took} s");
    }

    #[test]
    fn a_pause_that_the_portal_asks_for_is_not_shortened_when_it_becomes_unavailable() {
        let start = Instant::now();
        let mut schedule = schedule(start);
        schedule.throttled(start, Some(Duration::from_secs(3)));
        schedule.unavailable(start);
        assert!(next_turn(&mut schedule, start) >= start + Duration::from_secs(3));
    }

    #[tokio::test]
    async fn a_pause_also_holds_for_calls_that_wait_already() {
        let rate_limiter = RateLimiter::new();
        for _ in 0..3 {
            rate_limiter.wait_for_turn().await;
        }
        let waiting = async {
            futures_util::future::join_all((0..3).map(|_| rate_limiter.wait_for_turn())).await;
            Instant::now()
        };
        let throttled = async {
            tokio::task::yield_now().await;
            rate_limiter.throttled(Some(Duration::from_secs(1)));
            Instant::now()
        };
        let (went, throttled) = tokio::join!(waiting, throttled);
        assert!(went - throttled >= Duration::from_secs(1));
    }

    #[test]
    fn seconds_without_throttling_restore_the_rate() {
        let start = Instant::now();
        let mut schedule = schedule(start);
        schedule.throttled(start, None);
        for second in 1..20 {
            schedule.take_turn(start + Duration::from_secs(second)).unwrap();
        }
        assert!((schedule.rate - MAX_RATE).abs() < 0.01, "{}", schedule.rate);
    }
}
