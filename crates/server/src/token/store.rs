//! The file of the root key and of the tokens that were made with it: one for all servers of a user.
//!
//! It never holds a token: who reads it learns which there are. The key in it makes any token, so it is its owner's alone,
//! and what can't be read is never written over.

mod contents;

use std::path::{Path, PathBuf};
use std::time::Duration;

use credentials::{Expiration, Timestamp};
use files::{FileError, Lock, Replacement};

use super::keys::Keys;
use super::{AuthorizationToken, Grant, Scope, Serial};
use contents::Contents;
pub(super) use contents::random;

/// Where the file is.
#[derive(Clone, Debug)]
pub struct TokenStore {
    path: PathBuf,
}

/// A token that was made, as far as the file tells.
#[derive(Clone, Debug)]
pub struct Issued {
    /// What it says.
    pub grant: Grant,
    /// When it was made.
    pub created: Timestamp,
    /// Where it was written to, if it was.
    pub file: Option<String>,
    /// Whether it is taken no more.
    pub is_revoked: bool,
}

/// Why a token can't be made, listed or revoked.
#[derive(Debug, thiserror::Error)]
pub enum TokenStoreError {
    /// The file is not for its owner alone, or can't be read.
    #[error("the key of authorization tokens cannot be used: {0}")]
    Exposed(FileError),
    /// It can't be locked or written.
    #[error("the tokens cannot be changed: {0}")]
    File(#[from] FileError),
    /// It can be read, and not understood.
    #[error("the file of authorization tokens {} cannot be understood: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    NoRandomness,
    /// No token would hold them.
    #[error("so many slots do not fit into one token")]
    TooManySlots,
    /// There is none of that serial, or it has expired.
    #[error("there is no authorization token {0}")]
    NoSuchToken(Serial),
}

impl TokenStore {
    /// The file at this path, whether there is one yet or not.
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Makes a token. The root key is made too, if there is none.
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
            let grant = Grant { serial: Serial(random()?), scope, expiration };
            let token = contents.keys().make(grant.clone()).ok_or(TokenStoreError::TooManySlots)?;
            let issued = Issued { grant: grant.clone(), created: now, file, is_revoked: false };
            contents.issued.push(issued);
            Ok((token, grant))
        })
    }

    /// The tokens that have not expired, as they were made.
    ///
    /// # Errors
    /// See [`TokenStoreError`].
    pub fn list(&self, now: Timestamp) -> Result<Vec<Issued>, TokenStoreError> {
        let mut issued = self.read()?.map(|contents| contents.issued).unwrap_or_default();
        issued.retain(|issued| !issued.grant.has_expired(now));
        Ok(issued)
    }

    /// Revokes these tokens: all of them, or none.
    ///
    /// # Errors
    /// See [`TokenStoreError`].
    pub fn revoke(&self, serials: &[Serial], now: Timestamp) -> Result<(), TokenStoreError> {
        self.change(now, |contents| {
            for serial in serials {
                let issued = contents.issued.iter_mut().find(|token| token.grant.serial == *serial);
                issued.ok_or(TokenStoreError::NoSuchToken(*serial))?.is_revoked = true;
            }
            Ok(())
        })
    }

    /// Revokes every token that was ever made.
    ///
    /// # Errors
    /// See [`TokenStoreError`].
    pub fn revoke_all(&self, now: Timestamp) -> Result<(), TokenStoreError> {
        self.change(now, |contents| {
            contents.epoch = contents.epoch.wrapping_add(1);
            contents.issued.clear();
            Ok(())
        })
    }

    /// The key and what is revoked; a key is made if there is none.
    pub(super) fn prepare(&self, now: Timestamp) -> Result<Keys, TokenStoreError> {
        match self.read()? {
            Some(contents) => Ok(contents.keys()),
            None => self.change(now, |contents| Ok(contents.keys())),
        }
    }

    /// The key and what is revoked; `None` if no token was ever made.
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
        let lock = Lock::acquire(&self.path.with_extension("lock"), LOCK_TIMEOUT)?;
        let mut contents = match self.read()? {
            Some(contents) => contents,
            None => Contents::new()?,
        };
        contents.issued.retain(|issued| !issued.grant.has_expired(now));
        let outcome = change(&mut contents)?;
        let json = contents.write();
        let json = json.map_err(|error| FileError::unwritable(&self.path, error.into()))?;
        Replacement::start(&self.path, &lock)?.finish(&json)?;
        Ok(outcome)
    }

    fn read(&self) -> Result<Option<Contents>, TokenStoreError> {
        let json = match files::read_private(&self.path, LARGEST) {
            Ok(json) => json,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(TokenStoreError::Exposed(error)),
        };
        let contents = Contents::read(&json);
        contents.map(Some).map_err(|why| TokenStoreError::Damaged { path: self.path.clone(), why })
    }
}

/// 10,000 tokens have less than 3 MB.
const LARGEST: u64 = 64 * 1024 * 1024;
/// The lock is held for milliseconds.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
