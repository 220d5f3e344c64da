//! The content of the file, and its JSON.

use std::collections::HashSet;

use credentials::{Expiration, ProfileName, SlotName, Timestamp};
use data_encoding::BASE64URL_NOPAD;
use jiff::SignedDuration;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::super::keys::{Keys, ROOT_KEY_LENGTH};
use super::{Issued, TokenStoreError};
use crate::token::{Grant, Scope, Serial};

pub(super) struct Contents {
    root: Zeroizing<[u8; ROOT_KEY_LENGTH]>,
    pub(super) epoch: u32,
    /// The latest time that was seen in this epoch.
    pub(super) latest: Timestamp,
    /// Oldest first.
    pub(super) issued: Vec<Issued>,
}

impl Contents {
    pub(super) fn new() -> Result<Self, TokenStoreError> {
        Ok(Self {
            root: Zeroizing::new(random()?),
            epoch: 0,
            latest: Timestamp::UNIX_EPOCH,
            issued: Vec::new(),
        })
    }

    pub(super) fn keys(&self) -> Keys {
        let revoked = self.issued.iter().filter(|token| token.is_revoked);
        let revoked: HashSet<Serial> = revoked.map(|token| token.grant.serial).collect();
        let valid = self.issued.iter().map(|token| token.grant.expiration.instant());
        let next_expiration = valid.filter(|at| *at > self.latest).min();
        Keys::new(&self.root, self.epoch, revoked).with_times(self.latest, next_expiration)
    }

    /// Notes the time, and removes expired tokens. Revoked tokens are kept for longer, in case an older aws-sso writes
    /// the file without the latest time.
    pub(super) fn note_time(&mut self, now: Timestamp) {
        self.latest = self.latest.max(now);
        let latest = self.latest;
        let is_past = |at: Timestamp| at.duration_until(latest) >= REVOKED_ARE_KEPT;
        self.issued.retain(|token| match token.is_revoked {
            true => !is_past(token.grant.expiration.instant()),
            false => !token.grant.has_expired(latest),
        });
        let mut surplus = self.issued.len().saturating_sub(MAX_ISSUED);
        self.issued.retain(|token| {
            let is_kept = surplus == 0 || !token.grant.has_expired(latest);
            surplus -= usize::from(!is_kept);
            is_kept
        });
    }

    /// Revokes every token. No earlier time counts from now on.
    pub(super) fn start_epoch(&mut self, now: Timestamp) {
        self.epoch = self.epoch.wrapping_add(1);
        self.issued.clear();
        self.latest = now;
    }

    pub(super) fn read(json: &[u8]) -> Result<Self, String> {
        // The errors of the JSON library quote the content, which is secret.
        let written: Written = serde_json::from_slice(json)
            .map_err(|error| format!("line {}, column {}", error.line(), error.column()))?;
        if written.version > VERSION {
            return Err(format!("it was written by a newer aws-sso (format {})", written.version));
        }
        let root =
            Zeroizing::new(BASE64URL_NOPAD.decode(written.key.as_bytes()).unwrap_or_default());
        let root = root.as_slice().try_into().map_err(|_| "Key must have 32 bytes")?;
        let issued =
            written.issued.into_iter().map(WrittenToken::parse).collect::<Result<_, _>>()?;
        let latest = instant(written.latest)?;
        Ok(Self { root: Zeroizing::new(root), epoch: written.epoch, latest, issued })
    }

    pub(super) fn write(&self) -> serde_json::Result<Zeroizing<Vec<u8>>> {
        let written = Written {
            version: VERSION,
            key: Zeroizing::new(BASE64URL_NOPAD.encode(self.root.as_slice())),
            epoch: self.epoch,
            latest: self.latest.as_second(),
            issued: self.issued.iter().map(WrittenToken::of).collect(),
        };
        serde_json::to_vec(&written).map(Zeroizing::new)
    }
}

pub(in crate::token) fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], TokenStoreError> {
    let mut bytes = [0; LENGTH];
    SystemRandom::new().fill(&mut bytes).map_err(|_| TokenStoreError::NoRandomness)?;
    Ok(bytes)
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    version: u32,
    key: Zeroizing<String>,
    epoch: u32,
    /// Unix epoch seconds. Missing in files of older versions.
    #[serde(default)]
    latest: i64,
    issued: Vec<WrittenToken>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WrittenToken {
    serial: String,
    kind: Kind,
    /// Separate from the names, because a named slot may have any name.
    default_slot: bool,
    slots: Vec<String>,
    /// Unix epoch seconds, like the next field.
    created: i64,
    expiration: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    revoked: bool,
}

#[derive(Serialize, Deserialize)]
enum Kind {
    #[serde(rename = "read")]
    Read,
    #[serde(rename = "read-all")]
    ReadAll,
    #[serde(rename = "admin")]
    Admin,
    #[serde(rename = "load-only")]
    HandIn,
    #[serde(rename = "load-only-all")]
    HandInAll,
}

impl WrittenToken {
    fn of(issued: &Issued) -> Self {
        let (kind, slots) = match &issued.grant.scope {
            Scope::Read(slots) => (Kind::Read, slots.as_slice()),
            Scope::ReadAll => (Kind::ReadAll, &[][..]),
            Scope::Admin => (Kind::Admin, &[][..]),
            Scope::HandIn(slots) => (Kind::HandIn, slots.as_slice()),
            Scope::HandInAll => (Kind::HandInAll, &[][..]),
        };
        let named = slots.iter().filter_map(|slot| match slot {
            SlotName::Default => None,
            SlotName::Named(name) => Some(name.as_str().to_owned()),
        });
        Self {
            serial: issued.grant.serial.to_string(),
            kind,
            default_slot: slots.contains(&SlotName::Default),
            slots: named.collect(),
            created: issued.created.as_second(),
            expiration: issued.grant.expiration.epoch_seconds(),
            file: issued.file.clone(),
            revoked: issued.is_revoked,
        }
    }

    fn parse(self) -> Result<Issued, String> {
        let default = self.default_slot.then_some(Ok(SlotName::Default));
        let named = self.slots.iter().map(|name| ProfileName::parse(name).map(SlotName::Named));
        let slots = default.into_iter().chain(named).collect::<Result<_, _>>();
        let slots = slots.map_err(|invalid| format!("a slot's name {invalid}"))?;
        let scope = match self.kind {
            Kind::Read => Scope::Read(slots),
            Kind::ReadAll => Scope::ReadAll,
            Kind::Admin => Scope::Admin,
            Kind::HandIn => Scope::HandIn(slots),
            Kind::HandInAll => Scope::HandInAll,
        };
        let expiration = Expiration::new(instant(self.expiration)?);
        let expiration = expiration.map_err(|invalid| format!("Expiration {invalid}"))?;
        let grant = Grant { serial: self.serial.parse()?, scope, expiration };
        let created = instant(self.created)?;
        Ok(Issued { grant, created, file: self.file, is_revoked: self.revoked })
    }
}

fn instant(seconds: i64) -> Result<Timestamp, &'static str> {
    Timestamp::from_second(seconds).map_err(|_| "a time is not valid")
}

const VERSION: u32 = 1;
const REVOKED_ARE_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Above this number, expired tokens are removed, whether they were revoked or not.
const MAX_ISSUED: usize = 10_000;
