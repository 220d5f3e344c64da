//! The file of the root key and the list of tokens, one for all servers of a user.
//!
//! It never contains a token, only the facts about it. But its key can make any token, so only its owner may read it. A
//! file that cannot be parsed is never overwritten.

mod contents;

use std::path::{Path, PathBuf};
use std::time::Duration;

use credentials::{Expiration, Timestamp};
use files::{FileError, FolderRule, Lock, Replacement};
use jiff::SignedDuration;
use zeroize::Zeroizing;

use super::keys::Keys;
use super::{AuthorizationToken, Grant, Scope, Serial};
use contents::Contents;
pub(super) use contents::random;

/// The file of the root key and the list of tokens.
#[derive(Clone, Debug)]
pub struct TokenStore {
    path: PathBuf,
}

/// An entry of the list of tokens.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The content of the token.
    pub grant: Grant,
    /// When it was made.
    pub created: Timestamp,
    /// The file that it was written to, if any.
    pub file: Option<String>,
    /// Whether it was revoked.
    pub is_revoked: bool,
}

/// Why a token cannot be made, listed or revoked.
#[derive(Debug, thiserror::Error)]
pub enum TokenStoreError {
    /// Other users could replace the file.
    #[error("the key for authorization tokens cannot be used: {0}")]
    Folder(FileError),
    /// Other users can open the file, or it cannot be read.
    #[error("the key for authorization tokens cannot be used: {0}")]
    Exposed(FileError),
    /// The file cannot be locked or written.
    #[error("the list of tokens cannot be changed: {0}")]
    File(#[from] FileError),
    /// The file cannot be parsed.
    #[error("the file of authorization tokens {} cannot be parsed: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The system has no random numbers.
    #[error("the system has no random numbers")]
    NoRandomness,
    /// The slots do not fit into a token.
    #[error("the slots do not fit into one token")]
    TooManySlots,
    /// No token has that serial, or it has expired.
    #[error("no authorization token has the serial {0}")]
    NoSuchToken(Serial),
    /// The clock shows less than it did before. New tokens would live longer than they are meant to.
    #[error("the clock is behind: authorization tokens were used at {0} before")]
    ClockIsBehind(Timestamp),
    /// The disk is full, and one token cannot be revoked without more space.
    #[error("the disk is full, so nothing was revoked: {0}")]
    NoSpace(FileError),
}

impl TokenStore {
    /// The file at this path. It need not exist yet.
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Makes a token, and the root key if there is none.
    ///
    /// # Errors
    /// See [`TokenStoreError`].
    pub fn create(
        &self,
        scope: Scope,
        expiration: Expiration,
        file: Option<String>,
        now: Timestamp,
    ) -> Result<(AuthorizationToken, Grant), TokenStoreError> {
        self.change(now, |contents| {
            if now.duration_until(contents.latest) > CLOCK_TOLERANCE {
                return Err(TokenStoreError::ClockIsBehind(contents.latest));
            }
            let grant = Grant { serial: Serial(random()?), scope, expiration };
            let token = contents.keys().make(grant.clone()).ok_or(TokenStoreError::TooManySlots)?;
            let issued = Issued { grant: grant.clone(), created: now, file, is_revoked: false };
            contents.issued.push(issued);
            Ok((token, grant))
        })
    }

    /// The tokens that have not expired, oldest first.
    ///
    /// # Errors
    /// See [`TokenStoreError`].
    pub fn list(&self, now: Timestamp) -> Result<Vec<Issued>, TokenStoreError> {
        let Some(Contents { mut issued, latest, .. }) = self.read()? else { return Ok(Vec::new()) };
        issued.retain(|issued| !issued.grant.has_expired(latest.max(now)));
        Ok(issued)
    }

    /// Revokes all of these tokens. After an error, none is revoked. On a full disk the file is overwritten in place.
    ///
    /// # Errors
    /// See [`TokenStoreError`].
    pub fn revoke(&self, serials: &[Serial], now: Timestamp) -> Result<(), TokenStoreError> {
        self.locked(now, |contents, lock| {
            for serial in serials {
                let issued = contents.issued.iter_mut().find(|token| token.grant.serial == *serial);
                issued.ok_or(TokenStoreError::NoSuchToken(*serial))?.is_revoked = true;
            }
            let json = self.json(contents)?;
            match self.replace(&json, lock) {
                Err(error) if error.is_disk_full() => {
                    files::overwrite(&self.path, &json, lock).map_err(TokenStoreError::NoSpace)
                }
                written => Ok(written?),
            }
        })
    }

    /// Revokes every token. On a full disk the key is removed, which needs no space: the next token gets a new key.
    ///
    /// # Errors
    /// See [`TokenStoreError`].
    pub fn revoke_all(&self, now: Timestamp) -> Result<(), TokenStoreError> {
        self.locked(now, |contents, lock| {
            contents.start_epoch(now);
            match self.replace(&self.json(contents)?, lock) {
                Err(error) if error.is_disk_full() => Ok(files::remove(&self.path)?),
                written => Ok(written?),
            }
        })
    }

    /// Writes the time, so that no earlier time counts.
    pub(super) fn note_time(&self, now: Timestamp) -> Result<(), TokenStoreError> {
        self.change(now, |_| Ok(()))
    }

    /// The key and the revoked tokens. Makes a key if there is none.
    pub(super) fn prepare(&self, now: Timestamp) -> Result<Keys, TokenStoreError> {
        match self.read()? {
            Some(contents) => Ok(contents.keys()),
            None => self.change(now, |contents| Ok(contents.keys())),
        }
    }

    /// The key and the revoked tokens. `None`: there is no key, because no token was made yet.
    ///
    /// # Errors
    /// See [`TokenStoreError`].
    pub fn keys(&self) -> Result<Option<Keys>, TokenStoreError> {
        Ok(self.read()?.map(|contents| contents.keys()))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn change<T>(
        &self,
        now: Timestamp,
        change: impl FnOnce(&mut Contents) -> Result<T, TokenStoreError>,
    ) -> Result<T, TokenStoreError> {
        self.locked(now, |contents, lock| {
            let outcome = change(contents)?;
            self.replace(&self.json(contents)?, lock)?;
            Ok(outcome)
        })
    }

    /// Passes the contents and the lock to `work`, which writes the file.
    fn locked<T>(
        &self,
        now: Timestamp,
        work: impl FnOnce(&mut Contents, &Lock) -> Result<T, TokenStoreError>,
    ) -> Result<T, TokenStoreError> {
        let lock = Lock::acquire(&self.path.with_extension("lock"), LOCK_TIMEOUT)?;
        let mut contents = match self.read()? {
            Some(contents) => contents,
            None => Contents::new()?,
        };
        contents.note_time(now);
        work(&mut contents, &lock)
    }

    fn json(&self, contents: &Contents) -> Result<Zeroizing<Vec<u8>>, FileError> {
        contents.write().map_err(|error| FileError::unwritable(&self.path, error.into()))
    }

    fn replace(&self, json: &[u8], lock: &Lock) -> Result<(), FileError> {
        Replacement::start(&self.path, lock)?.finish(json)
    }

    fn read(&self) -> Result<Option<Contents>, TokenStoreError> {
        // Who can replace the file can put an older one there, in which a token is not revoked.
        match files::check_folder(self.path.parent().unwrap_or(&self.path), FolderRule::Own) {
            Err(error) if error.is_missing() => return Ok(None),
            checked => checked.map_err(TokenStoreError::Folder)?,
        }
        let json = match files::read_private(&self.path, MAX_BYTES) {
            Ok(json) => json,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(TokenStoreError::Exposed(error)),
        };
        let contents = Contents::read(&json);
        contents.map(Some).map_err(|why| TokenStoreError::Damaged { path: self.path.clone(), why })
    }
}

/// 10,000 tokens need less than 3 MB.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Clocks of one host differ by less, and small corrections of the clock are usual.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// The lock is held for milliseconds.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
