//! When credentials are refreshed, and when again if that fails. Pure rules; chance is passed in, from 0 to 1.

use std::time::Duration;

use crate::{Expiration, Timestamp};

/// Credentials that live for longer than this can be refreshed before any SDK grows uneasy about them; of a source
/// that gives shorter ones a person is warned. (The shortest session of STS has 15 minutes.)
pub const SHORT_LIFE: Duration = Duration::from_secs(30 * 60);

/// The least that is left of credentials when they are refreshed, if they live for longer than [`SHORT_LIFE`]. boto3
/// asks again on every call once 15 minutes are left; 20 leave time to try again, and one more is for the fetch
/// itself and those that wait before it.
const LEAD: Duration = Duration::from_secs(21 * 60);
/// What chance takes off the wait, so that what was loaded together isn't refreshed at once: never later, up to a tenth
/// earlier.
const JITTER: f64 = 0.1;
/// Gaps between failed tries double from the first to the longest. Once nothing can be served, the longest is short.
const FIRST_GAP: Duration = Duration::from_secs(1);
const MAX_GAP: Duration = Duration::from_secs(60);
const MAX_GAP_WHEN_EXPIRED: Duration = Duration::from_secs(5);

/// When credentials are to be refreshed: with 20 minutes left or more, or at half of a short life.
pub fn due(obtained_at: Timestamp, expiration: Expiration, chance: f64) -> Timestamp {
    let life = life(obtained_at, expiration);
    let latest = if life > SHORT_LIFE { life.saturating_sub(LEAD) } else { life / 2 };
    obtained_at + jittered(latest, chance)
}

/// The same for credentials of which nobody knows how long ago they were obtained, and so for how long they live.
pub fn due_after_load(now: Timestamp, expiration: Expiration, chance: f64) -> Timestamp {
    now + jittered(life(now, expiration).saturating_sub(LEAD), chance)
}

fn jittered(latest: Duration, chance: f64) -> Duration {
    latest.mul_f64(1.0 - JITTER * chance.clamp(0.0, 1.0))
}

/// How long credentials live, from when they were obtained.
pub fn life(obtained_at: Timestamp, expiration: Expiration) -> Duration {
    let milliseconds = expiration.epoch_milliseconds() - obtained_at.as_millisecond();
    Duration::from_millis(milliseconds.try_into().unwrap_or(0))
}

/// How long to wait after the last of so many failed tries in a row, 1 or more.
pub fn gap(failures: u32, has_expired: bool, chance: f64) -> Duration {
    let longest = if has_expired { MAX_GAP_WHEN_EXPIRED } else { MAX_GAP };
    let doubled = FIRST_GAP * 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
    doubled.min(longest).mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0).max(FIRST_GAP)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = "2026-11-22T20:00:00Z";
    const CHANCES: [f64; 5] = [0.0, 0.3, 0.5, 0.99, 1.0];

    /// How many seconds are left at the due time of credentials with such a life, in seconds.
    fn left(life: i64, chance: f64) -> i64 {
        let start: Timestamp = START.parse().unwrap();
        let expiration = Expiration::new(start + Duration::from_secs(life.unsigned_abs())).unwrap();
        expiration.epoch_seconds() - due(start, expiration, chance).as_second()
    }

    #[test]
    fn at_least_twenty_minutes_are_left_of_what_lives_longer_than_thirty() {
        for life in [1801, 1860, 3600, 8 * 3600, 12 * 3600] {
            for chance in CHANCES {
                let left = left(life, chance);
                assert!(left >= 20 * 60, "{left} s left of {life} s");
                assert!(left < life, "there is some use in them before they are refreshed");
            }
        }
        assert_eq!(left(3600, 0.0), 21 * 60);
        assert_eq!(left(3600, 1.0), 21 * 60 + 39 * 6);
    }

    #[test]
    fn at_least_half_is_left_of_what_lives_shorter() {
        for life in [60, 900, 1800] {
            for chance in CHANCES {
                let left = left(life, chance);
                assert!(left * 2 >= life && left * 100 <= life * 56, "{left} s left of {life} s");
            }
        }
    }

    #[test]
    fn what_has_expired_on_arrival_is_due_at_once() {
        let start: Timestamp = START.parse().unwrap();
        let expiration = Expiration::parse("2026-11-22T19:00:00Z").unwrap();
        assert_eq!(due(start, expiration, 0.5), start);
    }

    #[test]
    fn of_unknown_age_they_are_refreshed_with_twenty_minutes_left_or_at_once() {
        let start: Timestamp = START.parse().unwrap();
        for (left, due_in) in [(900, 0), (1260, 0), (1320, 60), (3600, 2340)] {
            let expiration = Expiration::new(start + Duration::from_secs(left)).unwrap();
            assert_eq!(due_after_load(start, expiration, 0.0), start + Duration::from_secs(due_in));
            assert!(due_after_load(start, expiration, 1.0) <= start + Duration::from_secs(due_in));
        }
    }

    #[test]
    fn gaps_grow_from_one_second_to_sixty_or_five() {
        let gaps = |has_expired, chance| {
            [1, 2, 3, 4, 5, 6, 7, 8, u32::MAX].map(|n| gap(n, has_expired, chance).as_secs_f64())
        };
        assert_eq!(gaps(false, 1.0), [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]);
        assert_eq!(gaps(false, 0.0), [1.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]);
        assert_eq!(gaps(true, 1.0), [1.0, 2.0, 4.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0]);
    }
}
