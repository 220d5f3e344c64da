//! Time: who tells it, when credentials expire, and how the rest of it is said to people.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::Invalid;

/// Tells the time. The real one is made in the binary's `main`; tests move theirs by hand.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The instant after which credentials must not be served, in whole seconds, before the year 2101.
///
/// Some SDKs read no fractions, and two of them no years beyond 2100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expiration(Timestamp);

impl Expiration {
    /// The last that there can be: 2100-12-31T23:59:59Z.
    pub const LAST: Self = Self(Timestamp::constant(4_133_980_799, 0));

    const MUST_BE: Invalid = Invalid("an instant between 1970 and 2100");

    /// Fractions of a second are cut off: never later than what AWS said.
    ///
    /// # Errors
    /// The instant is before 1970 or after 2100.
    pub fn new(at: Timestamp) -> Result<Self, Invalid> {
        let second = at.as_second();
        if second < 0 || second > Self::LAST.epoch_seconds() {
            return Err(Self::MUST_BE);
        }
        Timestamp::from_second(second).map(Self).map_err(|_| Self::MUST_BE)
    }

    /// Takes RFC 3339, with any offset.
    ///
    /// # Errors
    /// It is something else, or before 1970 or after 2100.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const MUST_BE: Invalid = Invalid("an RFC 3339 instant before 2101: 2026-11-22T21:16:31Z");
        let at: Timestamp = text.parse().map_err(|_| MUST_BE)?;
        Self::new(at).map_err(|_| MUST_BE)
    }

    /// Takes Unix epoch milliseconds, as GetRoleCredentials of IAM Identity Center gives them.
    ///
    /// # Errors
    /// The instant is before 1970 or after 2100.
    pub fn from_epoch_milliseconds(milliseconds: i64) -> Result<Self, Invalid> {
        Self::new(Timestamp::from_millisecond(milliseconds).map_err(|_| Self::MUST_BE)?)
    }

    /// Unix epoch seconds.
    pub fn epoch_seconds(self) -> i64 {
        self.0.as_second()
    }

    /// Unix epoch milliseconds.
    pub fn epoch_milliseconds(self) -> i64 {
        self.0.as_millisecond()
    }

    /// Whether credentials may no longer be served at `now`.
    pub fn has_passed(self, now: Timestamp) -> bool {
        self.0 <= now
    }

    /// The time that is left at `now`; zero or less once it has passed.
    pub fn time_left(self, now: Timestamp) -> SignedDuration {
        self.0.duration_since(now)
    }

    /// The time that is left at `now`, for people.
    pub fn remaining(self, now: Timestamp) -> Remaining {
        Remaining(self.time_left(now))
    }
}

/// RFC 3339 in UTC with `Z`: the one form that every SDK reads.
impl fmt::Display for Expiration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The time until an expiration as people say it: `2h 5m`, `59m`, `< 1m` or `Expired`.
#[derive(Clone, Copy, Debug)]
pub struct Remaining(SignedDuration);

impl fmt::Display for Remaining {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_mins() {
            _ if !self.0.is_positive() => f.write_str("Expired"),
            0 => f.write_str("< 1m"),
            minutes @ 1..60 => write!(f, "{minutes}m"),
            minutes => write!(f, "{}h {}m", minutes / 60, minutes % 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn it_is_written_in_utc_and_whole_seconds() {
        let expiration = Expiration::new(at("2026-11-22T22:16:31.987+01:00")).unwrap();
        assert_eq!(expiration.to_string(), "2026-11-22T21:16:31Z");
        assert_eq!(expiration.epoch_seconds(), 1_795_382_191);
    }

    #[test]
    fn it_has_passed_at_its_very_instant() {
        let expiration = Expiration::new(at("2026-11-22T21:16:31Z")).unwrap();
        assert!(!expiration.has_passed(at("2026-11-22T21:16:30.999Z")));
        assert!(expiration.has_passed(at("2026-11-22T21:16:31Z")));
    }

    #[test]
    fn instants_that_some_sdk_cannot_read_are_refused() {
        assert!(Expiration::new(at("2100-12-31T23:59:59Z")).is_ok());
        assert!(Expiration::new(at("2101-01-01T00:00:00Z")).is_err());
        assert!(Expiration::from_epoch_milliseconds(-1_000).is_err());
        assert!(Expiration::from_epoch_milliseconds(i64::MAX).is_err());
    }

    #[test]
    fn remaining_time_is_told_in_words() {
        let expiration = Expiration::new(at("2026-11-22T12:00:00Z")).unwrap();
        for (now, words) in [
            ("2026-11-22T09:55:00Z", "2h 5m"),
            ("2026-11-22T11:00:01Z", "59m"),
            ("2026-11-22T11:00:00Z", "1h 0m"),
            ("2026-11-22T11:59:00Z", "1m"),
            ("2026-11-22T11:59:01Z", "< 1m"),
            ("2026-11-22T11:59:59.5Z", "< 1m"),
            ("2026-11-22T12:00:00Z", "Expired"),
        ] {
            assert_eq!(expiration.remaining(at(now)).to_string(), words, "at {now}");
        }
    }
}
