//! Clocks, the expiration of credentials, and the remaining time as text.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::Invalid;

/// A clock. `main` of the binary makes the real one. Tests have one that they move.
pub trait Clock: Send + Sync {
    /// The present time.
    fn now(&self) -> Timestamp;
}

/// The instant after which credentials must not be served, in whole seconds, from 1970 to 2100.
///
/// Some SDKs read no fractions of seconds, and two of them no years after 2100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expiration {
    at: Timestamp,
    is_assumed: bool,
}

impl Expiration {
    /// The latest expiration: 2100-12-31T23:59:59Z.
    pub const LAST: Self = Self { at: Timestamp::constant(4_133_980_799, 0), is_assumed: false };

    /// The assumed life of session credentials whose source gives no expiration.
    pub const ASSUMED_LIFE: SignedDuration = SignedDuration::from_mins(15);

    const MUST_BE: Invalid = Invalid("an instant between 1970 and 2100");

    /// Makes an expiration. Fractions of a second are removed, so that it is never later than AWS's.
    ///
    /// # Errors
    /// The instant is before 1970 or after 2100.
    pub fn new(at: Timestamp) -> Result<Self, Invalid> {
        let second = at.as_second();
        if second < 0 || second > Self::LAST.epoch_seconds() {
            return Err(Self::MUST_BE);
        }
        let at = Timestamp::from_second(second).map_err(|_| Self::MUST_BE)?;
        Ok(Self { at, is_assumed: false })
    }

    /// Parses an instant in RFC 3339, with any offset.
    ///
    /// # Errors
    /// The text is not in RFC 3339, or the instant is before 1970 or after 2100.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const MUST_BE: Invalid = Invalid("an RFC 3339 instant before 2101: 2026-11-22T21:16:31Z");
        let at: Timestamp = text.parse().map_err(|_| MUST_BE)?;
        Self::new(at).map_err(|_| MUST_BE)
    }

    /// Makes an expiration of Unix epoch milliseconds, as GetRoleCredentials of IAM Identity Center returns them.
    ///
    /// # Errors
    /// The instant is before 1970 or after 2100.
    pub fn from_epoch_milliseconds(milliseconds: i64) -> Result<Self, Invalid> {
        Self::new(Timestamp::from_millisecond(milliseconds).map_err(|_| Self::MUST_BE)?)
    }

    /// The same instant, for credentials whose source gives no expiration: they may be valid longer, or not at all.
    #[must_use]
    pub fn assumed(self) -> Self {
        Self { is_assumed: true, ..self }
    }

    /// Whether the source of the credentials gave no expiration.
    pub fn is_assumed(self) -> bool {
        self.is_assumed
    }

    /// The instant itself.
    pub fn instant(self) -> Timestamp {
        self.at
    }

    /// The expiration in Unix epoch seconds.
    pub fn epoch_seconds(self) -> i64 {
        self.at.as_second()
    }

    /// The expiration in Unix epoch milliseconds.
    pub fn epoch_milliseconds(self) -> i64 {
        self.at.as_millisecond()
    }

    /// Whether credentials may no longer be served at `now`.
    pub fn has_passed(self, now: Timestamp) -> bool {
        self.at <= now
    }

    /// The remaining time at `now`. Zero or negative when the expiration has passed.
    pub fn time_left(self, now: Timestamp) -> SignedDuration {
        self.at.duration_since(now)
    }

    /// The remaining time at `now`, for people. The present second counts as a whole one.
    pub fn remaining(self, now: Timestamp) -> Remaining {
        Remaining(SignedDuration::from_secs(self.epoch_seconds() - now.as_second()))
    }
}

/// RFC 3339 in UTC with `Z`, which every SDK reads.
impl fmt::Display for Expiration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.at.fmt(f)
    }
}

/// The time until an expiration. Displayed as `2h 5m`, `59m`, `< 1m` or `Expired`.
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
    fn an_expiration_is_displayed_in_utc_and_whole_seconds() {
        let expiration = Expiration::new(at("2026-11-22T22:16:31.987+01:00")).unwrap();
        assert_eq!(expiration.to_string(), "2026-11-22T21:16:31Z");
        assert_eq!(expiration.epoch_seconds(), 1_795_382_191);
    }

    #[test]
    fn an_expiration_has_passed_at_its_own_instant() {
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
    fn the_remaining_time_is_displayed_in_hours_and_minutes() {
        let expiration = Expiration::new(at("2026-11-22T12:00:00Z")).unwrap();
        for (now, words) in [
            ("2026-11-22T09:55:00Z", "2h 5m"),
            ("2026-11-22T11:00:01Z", "59m"),
            ("2026-11-22T11:00:00Z", "1h 0m"),
            ("2026-11-22T11:00:00.9Z", "1h 0m"),
            ("2026-11-22T11:59:00Z", "1m"),
            ("2026-11-22T11:59:01Z", "< 1m"),
            ("2026-11-22T11:59:59.5Z", "< 1m"),
            ("2026-11-22T12:00:00Z", "Expired"),
        ] {
            assert_eq!(expiration.remaining(at(now)).to_string(), words, "at {now}");
        }
    }
}
