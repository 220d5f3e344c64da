//! How fast the portal is asked: as fast as its quota allows, slower when it says so, and faster again after.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Calls a second. AWS gives 20 for each account that is asked; a little below, because its clock isn't ours.
const QUOTA: f64 = 19.8;
const SLOWEST: f64 = 0.5;
/// What a throttled second leaves of the rate, and what a good one adds, in calls a second.
const DECREASE: f64 = 0.7;
const INCREASE: f64 = 1.0;
/// Calls that could not be made in time are caught up with, but no more of them than these make.
const CATCH_UP: Duration = Duration::from_millis(100);
/// So long nobody asks after the portal was not reached.
const PAUSE_WHEN_UNAVAILABLE: Duration = Duration::from_secs(1);

/// Gives each call its instant. One for all calls of an instance in this process: the quota is theirs together.
pub(crate) struct Pace {
    schedule: Mutex<Schedule>,
    /// One call waits for its instant and the others for that call, so that none of them has an instant yet when the
    /// portal asks for a pause.
    queue: tokio::sync::Mutex<()>,
}

struct Schedule {
    /// Calls a second.
    rate: f64,
    next: Instant,
    changed_at: Instant,
}

impl Pace {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        let schedule = Schedule { rate: QUOTA, next: now, changed_at: now };
        Self { schedule: Mutex::new(schedule), queue: tokio::sync::Mutex::new(()) }
    }

    /// Waits for the next call's turn.
    pub(crate) async fn turn(&self) {
        let _first = self.queue.lock().await;
        while let Err(at) = self.schedule(|schedule, now| schedule.turn(now)) {
            sleep_until(at).await;
        }
    }

    /// The portal said that it is asked too often; nobody asks before the seconds it gave are over.
    pub(crate) fn throttled(&self, retry_after: Option<u64>) {
        self.schedule(|schedule, now| schedule.throttled(now, retry_after));
    }

    /// The portal was not reached; nobody asks in the second after.
    pub(crate) fn unavailable(&self) {
        self.schedule(Schedule::unavailable);
    }

    fn schedule<T>(&self, change: impl FnOnce(&mut Schedule, Instant) -> T) -> T {
        change(&mut self.schedule.lock().unwrap_or_else(PoisonError::into_inner), Instant::now())
    }
}

impl Schedule {
    /// Takes a turn now, or says when to come again.
    fn turn(&mut self, now: Instant) -> Result<(), Instant> {
        if now.duration_since(self.changed_at) >= Duration::from_secs(1) && self.rate < QUOTA {
            self.rate = (self.rate + INCREASE).min(QUOTA);
            self.changed_at = now;
        }
        if self.next > now {
            return Err(self.next);
        }
        let at = self.next.max(now.checked_sub(CATCH_UP).unwrap_or(now));
        self.next = at + Duration::from_secs_f64(1.0 / self.rate);
        Ok(())
    }

    fn throttled(&mut self, now: Instant, retry_after: Option<u64>) {
        // All calls that were under way are answered alike: one lesson a second.
        if now.duration_since(self.changed_at) >= Duration::from_millis(500) || self.rate >= QUOTA {
            self.rate = (self.rate * DECREASE).max(SLOWEST);
            self.changed_at = now;
        }
        let pause = Duration::from_secs(retry_after.unwrap_or(0).min(60));
        self.next = self.next.max(now + pause + Duration::from_secs_f64(1.0 / self.rate));
    }

    /// The rate stays: what is broken isn't told to be slow.
    fn unavailable(&mut self, now: Instant) {
        self.next = self.next.max(now + PAUSE_WHEN_UNAVAILABLE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(now: Instant) -> Schedule {
        Schedule { rate: QUOTA, next: now, changed_at: now }
    }

    /// Takes the next turn, at its earliest.
    fn next_turn(schedule: &mut Schedule, mut now: Instant) -> Instant {
        while let Err(later) = schedule.turn(now) {
            now = later;
        }
        now
    }

    #[test]
    fn calls_come_at_the_quota_and_no_faster() {
        let start = Instant::now();
        let mut schedule = schedule(start);
        let last = (0..=198).fold(start, |now, _| next_turn(&mut schedule, now));
        let took = last.duration_since(start).as_secs_f64();
        assert!((9.99..10.01).contains(&took), "198 calls in {took} s");
    }

    #[test]
    fn a_pause_is_not_made_up_for_by_a_burst() {
        let start = Instant::now();
        let mut schedule = schedule(start);
        let later = start + Duration::from_secs(10);
        let early = (0..100).take_while(|_| schedule.turn(later).is_ok()).count();
        assert!(early <= 3, "{early} calls at once");
    }

    #[test]
    fn throttling_slows_down_once_and_waits_as_long_as_was_said() {
        let start = Instant::now();
        let mut schedule = schedule(start);
        for _ in 0..10 {
            schedule.throttled(start, Some(3));
        }
        assert!((schedule.rate - QUOTA * DECREASE).abs() < 0.01, "{}", schedule.rate);
        assert!(next_turn(&mut schedule, start) >= start + Duration::from_secs(3));
    }

    #[test]
    fn a_portal_that_is_not_reached_is_left_alone_for_a_second_and_asked_as_fast_as_before() {
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
    fn a_pause_that_the_portal_asked_for_is_not_cut_short_when_it_is_not_reached() {
        let start = Instant::now();
        let mut schedule = schedule(start);
        schedule.throttled(start, Some(3));
        schedule.unavailable(start);
        assert!(next_turn(&mut schedule, start) >= start + Duration::from_secs(3));
    }

    #[tokio::test]
    async fn a_pause_is_for_those_too_who_wait_already() {
        let pace = Pace::new();
        for _ in 0..3 {
            pace.turn().await;
        }
        let waiting = async {
            futures_util::future::join_all((0..3).map(|_| pace.turn())).await;
            Instant::now()
        };
        let throttled = async {
            tokio::task::yield_now().await;
            pace.throttled(Some(1));
            Instant::now()
        };
        let (went, throttled) = tokio::join!(waiting, throttled);
        assert!(went - throttled >= Duration::from_secs(1));
    }

    #[test]
    fn good_seconds_bring_the_rate_back() {
        let start = Instant::now();
        let mut schedule = schedule(start);
        schedule.throttled(start, None);
        for second in 1..20 {
            schedule.turn(start + Duration::from_secs(second)).unwrap();
        }
        assert!((schedule.rate - QUOTA).abs() < 0.01, "{}", schedule.rate);
    }
}
