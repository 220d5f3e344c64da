//! The root key and the revoked tokens, which are all that a check needs.

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};

use credentials::{Secret, Timestamp};
use data_encoding::BASE64URL_NOPAD;
use ring::hmac;
use zeroize::Zeroizing;

use super::{AuthorizationToken, Claims, Grant, Serial, claims_and_code, signed_bytes};

/// 256 bits, the length of the code.
pub(super) const ROOT_KEY_LENGTH: usize = 32;

/// The key that makes and checks tokens, and the revoked tokens.
pub struct Keys {
    key: hmac::Key,
    /// Tokens of earlier epochs are revoked.
    epoch: u32,
    /// Revoked tokens of this epoch.
    revoked: HashSet<Serial>,
    /// The latest time that was ever seen in this epoch, in Unix epoch seconds. A clock that is set back does not
    /// make an expired token valid again. (A token expires at a full second, so nothing is lost.)
    latest: AtomicI64,
    /// When the next token of the list expires.
    next_expiration: Option<Timestamp>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// It was not made with our key, or was changed.
    Unknown,
    /// It is one of ours and has expired.
    Expired(Serial),
    /// It is one of ours and was revoked.
    Revoked(Serial),
}

impl Keys {
    pub(super) fn new(
        root: &Zeroizing<[u8; ROOT_KEY_LENGTH]>,
        epoch: u32,
        revoked: HashSet<Serial>,
    ) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, root.as_slice());
        Self { key, epoch, revoked, latest: AtomicI64::new(0), next_expiration: None }
    }

    /// Adds the latest time that was seen, and when the next token of the list expires.
    pub(super) fn with_times(self, latest: Timestamp, next_expiration: Option<Timestamp>) -> Self {
        Self { latest: AtomicI64::new(latest.as_second()), next_expiration, ..self }
    }

    /// Notes the time, and returns the latest one that was ever seen.
    pub(super) fn latest(&self, now: Timestamp) -> Timestamp {
        let before = self.latest.fetch_max(now.as_second(), Ordering::Relaxed);
        Timestamp::from_second(before).map_or(now, |before| before.max(now))
    }

    /// Notes the time. Returns whether a token of the list has expired since the list was written.
    pub(super) fn has_news(&self, now: Timestamp) -> bool {
        let latest = self.latest(now);
        self.next_expiration.is_some_and(|at| at <= latest)
    }

    /// Takes over the latest time of earlier keys. Another key or another epoch starts anew, because no older token is
    /// valid in it: `revoke --all` ends the effect of a clock that was once far ahead.
    pub(super) fn continue_from(&self, earlier: &Self) {
        let tag = hmac::sign(&earlier.key, b"");
        if self.epoch == earlier.epoch && hmac::verify(&self.key, b"", tag.as_ref()).is_ok() {
            self.latest.fetch_max(earlier.latest.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }

    /// Makes a token. `None`: it would be longer than a token may be.
    pub(super) fn make(&self, grant: Grant) -> Option<AuthorizationToken> {
        let mut bytes = Zeroizing::new(Claims { epoch: self.epoch, grant }.write());
        let code = self.code(&bytes);
        bytes.extend_from_slice(code.as_ref());
        let text = AuthorizationToken::PREFIX.to_owned() + &BASE64URL_NOPAD.encode(&bytes);
        let secret = Secret::parse(text).ok()?;
        (secret.expose().len() <= AuthorizationToken::MAX_LENGTH)
            .then_some(AuthorizationToken(secret))
    }

    /// Whether this is the code of these claims, valid or not.
    pub(super) fn made(&self, claims: &[u8], code: &[u8]) -> bool {
        hmac::verify(&self.key, claims, code).is_ok()
    }

    /// The code of these bytes, which only who has the key can compute.
    pub(super) fn code(&self, bytes: &[u8]) -> hmac::Tag {
        hmac::sign(&self.key, bytes)
    }

    /// Checks a token, and returns its content if it is valid at `now`, or at the latest time that was seen before.
    /// Takes the same time for every wrong code.
    ///
    /// # Errors
    /// See [`Denied`].
    pub fn check(&self, text: &str, now: Timestamp) -> Result<Grant, Denied> {
        let bytes = signed_bytes(text).ok_or(Denied::Unknown)?;
        let (claims, code) = claims_and_code(&bytes).ok_or(Denied::Unknown)?;
        hmac::verify(&self.key, claims, code).map_err(|_| Denied::Unknown)?;
        let Claims { epoch, grant } = Claims::read(claims).ok_or(Denied::Unknown)?;
        if epoch != self.epoch || self.revoked.contains(&grant.serial) {
            return Err(Denied::Revoked(grant.serial));
        }
        if grant.has_expired(self.latest(now)) {
            return Err(Denied::Expired(grant.serial));
        }
        Ok(grant)
    }
}

#[cfg(test)]
mod tests {
    use credentials::{Expiration, ProfileName, SlotName};

    use super::*;
    use crate::token::Scope;

    const NOW: &str = "2026-11-22T20:16:31Z";

    fn keys(root: u8) -> Keys {
        Keys::new(&Zeroizing::new([root; ROOT_KEY_LENGTH]), 3, HashSet::new())
    }

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    fn grant(scope: Scope, expires: &str) -> Grant {
        let expiration = Expiration::parse(expires).unwrap();
        Grant { serial: Serial([7; 8]), scope, expiration }
    }

    fn slots(names: &[&str]) -> Vec<SlotName> {
        names.iter().map(|name| SlotName::Named(ProfileName::parse(name).unwrap())).collect()
    }

    /// A token that is valid for an hour.
    fn token(keys: &Keys, scope: Scope) -> String {
        keys.make(grant(scope, "2026-11-22T21:16:31Z")).unwrap().expose().to_owned()
    }

    #[test]
    fn a_token_contains_what_was_put_into_it() {
        let both = [slots(&["dev:Admin", "ä b"]), vec![SlotName::Default]].concat();
        for scope in [
            Scope::Read(both.clone()),
            Scope::Read(slots(&["x"])),
            Scope::ReadAll,
            Scope::Admin,
            Scope::HandIn(both),
            Scope::HandInAll,
        ] {
            let grant = grant(scope, "2026-11-22T21:16:31Z");
            let token = keys(1).make(grant.clone()).unwrap();
            assert_eq!(keys(1).check(token.expose(), now()), Ok(grant.clone()));
            assert_eq!(token.claimed_serial(), Some(grant.serial));
            assert!(AuthorizationToken::parse(token.expose().to_owned()).is_ok());
        }
    }

    #[test]
    fn a_changed_token_is_refused() {
        let keys = keys(1);
        let token = token(&keys, Scope::Read(slots(&["dev"])));
        let refused =
            |text: &str| assert_eq!(keys.check(text, now()), Err(Denied::Unknown), "{text}");
        for (at, present) in token.char_indices() {
            let (before, after) = token.split_at(at);
            refused(before);
            for other in ['A', 'B', '-', '=', ' ', 'é'].into_iter().filter(|c| *c != present) {
                refused(&format!("{before}{}", after.replacen(present, &other.to_string(), 1)));
            }
        }
        for more in ["A", "AA", "AAA", "AAAA", "=", "\r\n", "\n", " "] {
            refused(&format!("{token}{more}"));
            refused(&format!("{more}{token}"));
        }
        // A change of any bit is noticed.
        let bytes = signed_bytes(&token).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            refused(&(AuthorizationToken::PREFIX.to_owned() + &BASE64URL_NOPAD.encode(&changed)));
        }
    }

    #[test]
    fn a_token_of_another_key_is_refused() {
        let token = token(&keys(2), Scope::Admin);
        assert_eq!(keys(1).check(&token, now()), Err(Denied::Unknown));
    }

    #[test]
    fn an_expired_or_revoked_token_is_refused() {
        let mut keys = keys(1);
        let late = keys.make(grant(Scope::Admin, NOW)).unwrap();
        let serial = Serial([7; 8]);
        assert_eq!(keys.check(late.expose(), now()), Err(Denied::Expired(serial)));
        let token = token(&keys, Scope::Admin);
        keys.revoked.insert(serial);
        assert_eq!(keys.check(&token, now()), Err(Denied::Revoked(serial)));
        keys.revoked.clear();
        keys.epoch += 1;
        assert_eq!(keys.check(&token, now()), Err(Denied::Revoked(serial)));
    }

    #[test]
    fn an_expired_token_stays_expired_when_the_clock_is_set_back() {
        let (keys, after) = (keys(1), "2026-11-22T21:16:31Z".parse().unwrap());
        let token = token(&keys, Scope::Admin);
        assert!(keys.check(&token, now()).is_ok());
        let expired = Err(Denied::Expired(Serial([7; 8])));
        assert_eq!(keys.check(&token, after), expired);
        assert_eq!(keys.check(&token, now()), expired);
        let (same, other) = (self::keys(1), self::keys(2));
        same.continue_from(&keys);
        other.continue_from(&keys);
        assert_eq!(same.check(&token, now()), expired);
        assert_eq!(other.latest(now()), now(), "another key starts anew");
    }

    #[test]
    fn a_token_is_never_larger_than_sdks_and_the_server_accept() {
        let name = "x".repeat(512);
        let grant =
            |count| grant(Scope::Read(slots(&vec![name.as_str(); count])), "2026-11-22T21:16:31Z");
        assert!(keys(1).make(grant(5)).is_some());
        assert!(keys(1).make(grant(6)).is_none());
    }

    #[test]
    fn claims_of_another_version_are_refused() {
        let claims = Claims { epoch: 3, grant: grant(Scope::Admin, "2026-11-22T21:16:31Z") };
        let written = claims.write();
        for at in [0, 1] {
            let mut other = written.clone();
            other[at] = 9;
            assert!(Claims::read(&other).is_none());
        }
        assert!(Claims::read(&[&written[..], &[0]].concat()).is_none(), "extra bytes are refused");
        assert!(Claims::read(&written).is_some());
    }
}
