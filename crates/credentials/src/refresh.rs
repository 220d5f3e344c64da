//! When credentials are refreshed, and when a failed refresh is tried again. Pure rules: randomness is passed in as `chance`,
//! from 0 to 1.

use std::time::Duration;

use crate::{Expiration, Timestamp};

/// The longest lifetime that is short. Longer credentials can be refreshed before any SDK tries to refresh them itself. A
/// person is warned about a source that gives shorter ones. (The shortest session of AWS STS has 15 minutes.)
pub const SHORT_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// Minimum remaining time at a refresh, for lifetimes above [`SHORT_LIFETIME`]. boto3 refreshes on every call when 15 minutes
/// remain. 20 minutes leave time for retries, and one more minute is for the fetch itself and for the fetches before it.
const REFRESH_BEFORE_EXPIRATION: Duration = Duration::from_secs(21 * 60);
/// Maximum part of the wait that `chance` removes, so that credentials that were loaded together are not refreshed together.
const MAX_JITTER: f64 = 0.1;
/// Delay after the first failure. It doubles with each failure, up to a maximum.
const MIN_RETRY_DELAY: Duration = Duration::from_secs(1);
const MAX_RETRY_DELAY: Duration = Duration::from_secs(60);
/// Maximum delay when the credentials have expired, so that the slot serves nothing.
const MAX_RETRY_DELAY_WHEN_EXPIRED: Duration = Duration::from_secs(5);

/// The time at which credentials are due: when at least 20 minutes remain, or after half of a short lifetime.
pub fn due(obtained_at: Timestamp, expiration: Expiration, chance: f64) -> Timestamp {
    let lifetime = lifetime(obtained_at, expiration);
    let latest = match lifetime > SHORT_LIFETIME {
        true => lifetime.saturating_sub(REFRESH_BEFORE_EXPIRATION),
        false => lifetime / 2,
    };
    obtained_at + jittered(latest, chance)
}

/// The time at which credentials are due that were obtained at an unknown time, so that their lifetime is unknown.
pub fn due_after_load(now: Timestamp, expiration: Expiration, chance: f64) -> Timestamp {
    let remaining = lifetime(now, expiration);
    now + jittered(remaining.saturating_sub(REFRESH_BEFORE_EXPIRATION), chance)
}

fn jittered(latest: Duration, chance: f64) -> Duration {
    latest.mul_f64(1.0 - MAX_JITTER * chance.clamp(0.0, 1.0))
}

/// The lifetime of credentials, from the time at which they were obtained. Zero if they had expired by then.
pub fn lifetime(obtained_at: Timestamp, expiration: Expiration) -> Duration {
    let milliseconds = expiration.epoch_milliseconds() - obtained_at.as_millisecond();
    Duration::from_millis(milliseconds.try_into().unwrap_or(0))
}

/// The delay before the next attempt, after this number of failures in a row (1 or more).
pub fn retry_delay(failures: u32, has_expired: bool, chance: f64) -> Duration {
    let max = if has_expired { MAX_RETRY_DELAY_WHEN_EXPIRED } else { MAX_RETRY_DELAY };
    let doubled = MIN_RETRY_DELAY * 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
    doubled.min(max).mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0).max(MIN_RETRY_DELAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = "2026-11-22T20:00:00Z";
    const CHANCES: [f64; 5] = [0.0, 0.3, 0.5, 0.99, 1.0];

    /// The remaining seconds at the due time of credentials with this lifetime in seconds.
    fn remaining(lifetime: i64, chance: f64) -> i64 {
        let start: Timestamp = START.parse().unwrap();
        let expiration =
            Expiration::new(start + Duration::from_secs(lifetime.unsigned_abs())).unwrap();
        expiration.epoch_seconds() - due(start, expiration, chance).as_second()
    }

    #[test]
    fn at_least_twenty_minutes_remain_of_a_lifetime_above_thirty() {
        for lifetime in [1801, 1860, 3600, 8 * 3600, 12 * 3600] {
            for chance in CHANCES {
                let remaining = remaining(lifetime, chance);
                assert!(remaining >= 20 * 60, "{remaining} s of {lifetime} s");
                assert!(remaining < lifetime, "credentials are due only after some time");
            }
        }
        assert_eq!(remaining(3600, 0.0), 21 * 60);
        assert_eq!(remaining(3600, 1.0), 21 * 60 + 39 * 6);
    }

    #[test]
    fn at_least_half_of_a_short_lifetime_remains() {
        for lifetime in [60, 900, 1800] {
            for chance in CHANCES {
                let remaining = remaining(lifetime, chance);
                let is_half = remaining * 2 >= lifetime && remaining * 100 <= lifetime * 56;
                assert!(is_half, "{remaining} s of {lifetime} s");
            }
        }
    }

    #[test]
    fn credentials_that_have_expired_already_are_due_at_once() {
        let start: Timestamp = START.parse().unwrap();
        let expiration = Expiration::parse("2026-11-22T19:00:00Z").unwrap();
        assert_eq!(due(start, expiration, 0.5), start);
    }

    #[test]
    fn credentials_of_unknown_age_are_due_when_21_minutes_remain_or_at_once() {
        let start: Timestamp = START.parse().unwrap();
        for (left, due_in) in [(900, 0), (1260, 0), (1320, 60), (3600, 2340)] {
            let expiration = Expiration::new(start + Duration::from_secs(left)).unwrap();
            assert_eq!(due_after_load(start, expiration, 0.0), start + Duration::from_secs(due_in));
            assert!(due_after_load(start, expiration, 1.0) <= start + Duration::from_secs(due_in));
        }
    }

    #[test]
    fn retry_delays_grow_from_one_second_to_sixty_or_five() {
        let delays = |has_expired, chance| {
            [1, 2, 3, 4, 5, 6, 7, 8, u32::MAX]
                .map(|n| retry_delay(n, has_expired, chance).as_secs_f64())
        };
        assert_eq!(delays(false, 1.0), [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]);
        assert_eq!(delays(false, 0.0), [1.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]);
        assert_eq!(delays(true, 1.0), [1.0, 2.0, 4.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0]);
    }
}
