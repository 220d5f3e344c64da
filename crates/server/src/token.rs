//! Authorization tokens: their content and their format.
//!
//! A token contains its scope, with a message authentication code of the root key. So a check needs only the key, not a
//! table. The content is read only after the code was checked.

mod keys;
mod proof;
mod store;
mod watch;

use std::fmt;
use std::str::FromStr;

use credentials::{Expiration, Invalid, ProfileName, Secret, SlotName, Timestamp};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use zeroize::Zeroizing;

pub use store::{Issued, TokenStore, TokenStoreError};

pub use keys::{Denied, Keys};
pub use proof::Challenge;
pub(crate) use proof::Question;
pub(crate) use watch::Tokens;

/// An authorization token, as SDKs send it in `Authorization`. It is a secret.
#[derive(Clone, Debug)]
pub struct AuthorizationToken(Secret);

impl AuthorizationToken {
    /// The start of every token, for programs that scan for secrets.
    pub const PREFIX: &str = "awssso_";
    /// The maximum number of characters: a quarter of the head that the server reads.
    pub const MAX_LENGTH: usize = 4096;

    /// Parses a text with the form of a token. Only the server can check its code.
    ///
    /// # Errors
    /// It has another form. The refused text is wiped.
    pub fn parse(text: String) -> Result<Self, Invalid> {
        const MUST_BE: Invalid = Invalid("an authorization token of aws-sso: awssso_…");
        let secret = Secret::parse(text).map_err(|_| MUST_BE)?;
        let is_one = secret.expose().len() <= Self::MAX_LENGTH
            && secret.expose().strip_prefix(Self::PREFIX).is_some_and(is_base64url);
        if is_one { Ok(Self(secret)) } else { Err(MUST_BE) }
    }

    /// The token as text. A review must check every caller.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The serial that it claims, unchecked. Use it only to find the token in a list.
    pub fn claimed_serial(&self) -> Option<Serial> {
        let bytes = signed_bytes(self.expose())?;
        Claims::read(claims_and_code(&bytes)?.0).map(|claims| claims.grant.serial)
    }
}

fn is_base64url(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

/// The public id of a token, which gives no access.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Serial([u8; 8]);

/// 16 hexadecimal digits.
impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Serial {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = HEXLOWER.decode(text.to_ascii_lowercase().as_bytes()).ok();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(Self)
            .ok_or("a serial is 16 hexadecimal digits, as `aws-sso ecs token list` shows")
    }
}

/// What a token allows its bearer to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Read these slots.
    Read(Vec<SlotName>),
    /// Read every slot.
    ReadAll,
    /// Read and write every slot, and name sources: get what the owner's sign-in can get.
    Admin,
    /// Load credentials that are handed in into these slots. Read nothing, and name no source.
    HandIn(Vec<SlotName>),
    /// Load credentials that are handed in into every slot. Read nothing, and name no source.
    HandInAll,
}

/// The content of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its serial.
    pub serial: Serial,
    /// What it allows its bearer to do.
    pub scope: Scope,
    /// When it expires.
    pub expiration: Expiration,
}

impl Grant {
    /// Whether it has expired.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expiration.has_passed(now)
    }
}

/// The bytes that the code of a token protects. All numbers are big-endian:
///
/// version 1 · kind · epoch (4 bytes) · serial (8) · expiration in Unix epoch seconds (8) · for each slot its length
/// (2; 0 is the default slot) and its name.
pub(crate) struct Claims {
    epoch: u32,
    grant: Grant,
}

impl Claims {
    pub(crate) fn write(&self) -> Vec<u8> {
        let Grant { serial, scope, expiration } = &self.grant;
        let (kind, slots) = match scope {
            Scope::Read(slots) => (KIND_READ, slots.as_slice()),
            Scope::ReadAll => (KIND_READ_ALL, &[][..]),
            Scope::Admin => (KIND_ADMIN, &[][..]),
            Scope::HandIn(slots) => (KIND_HAND_IN, slots.as_slice()),
            Scope::HandInAll => (KIND_HAND_IN_ALL, &[][..]),
        };
        let mut bytes = vec![VERSION, kind];
        bytes.extend_from_slice(&self.epoch.to_be_bytes());
        bytes.extend_from_slice(&serial.0);
        bytes.extend_from_slice(&expiration.epoch_seconds().to_be_bytes());
        for slot in slots {
            let name = match slot {
                SlotName::Default => "",
                SlotName::Named(name) => name.as_str(),
            };
            // A name has at most 512 bytes.
            bytes.extend_from_slice(&u16::try_from(name.len()).unwrap_or(u16::MAX).to_be_bytes());
            bytes.extend_from_slice(name.as_bytes());
        }
        bytes
    }

    /// Parses the bytes. `None`: another version, or not ours.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (&[version, kind], rest) = bytes.split_first_chunk()?;
        let (epoch, rest) = rest.split_first_chunk()?;
        let (serial, rest) = rest.split_first_chunk()?;
        let (expiration, slots) = rest.split_first_chunk()?;
        let at = Timestamp::from_second(i64::from_be_bytes(*expiration)).ok()?;
        let scope = match (version, kind) {
            (VERSION, KIND_READ) => Scope::Read(read_slots(slots)?),
            (VERSION, KIND_READ_ALL) if slots.is_empty() => Scope::ReadAll,
            (VERSION, KIND_ADMIN) if slots.is_empty() => Scope::Admin,
            (VERSION, KIND_HAND_IN) => Scope::HandIn(read_slots(slots)?),
            (VERSION, KIND_HAND_IN_ALL) if slots.is_empty() => Scope::HandInAll,
            _ => return None,
        };
        let expiration = Expiration::new(at).ok()?;
        let grant = Grant { serial: Serial(*serial), scope, expiration };
        Some(Self { epoch: u32::from_be_bytes(*epoch), grant })
    }
}

fn read_slots(mut bytes: &[u8]) -> Option<Vec<SlotName>> {
    // Most names have about a dozen bytes.
    let mut slots = Vec::with_capacity(bytes.len() / 14 + 1);
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let (name, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        let name = std::str::from_utf8(name).ok()?;
        slots.push(match name {
            "" => SlotName::Default,
            name => SlotName::Named(ProfileName::parse(name).ok()?),
        });
        bytes = rest;
    }
    bytes.is_empty().then_some(slots)
}

/// The claims and the code of a token, together.
fn signed_bytes(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digits = text.strip_prefix(AuthorizationToken::PREFIX)?;
    let fits = text.len() <= AuthorizationToken::MAX_LENGTH;
    fits.then(|| BASE64URL_NOPAD.decode(digits.as_bytes()).ok()).flatten().map(Zeroizing::new)
}

/// The claims, and the code, which is the last 32 bytes.
fn claims_and_code(signed: &[u8]) -> Option<(&[u8], &[u8])> {
    signed.split_at_checked(signed.len().checked_sub(MAC_LENGTH)?)
}

const VERSION: u8 = 1;
const KIND_READ: u8 = 0;
const KIND_READ_ALL: u8 = 1;
const KIND_ADMIN: u8 = 2;
const KIND_HAND_IN: u8 = 3;
const KIND_HAND_IN_ALL: u8 = 4;
/// HMAC-SHA256.
const MAC_LENGTH: usize = 32;
