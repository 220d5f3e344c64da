//! Where the sign-ins of IAM Identity Center are kept: one item an instance, in an envelope.
//!
//! The item is always a file, `<folder>/<instance>.<protection>`, sealed with age and replaced as a whole. What opens it
//! is elsewhere: a key of 32 bytes in the system's keyring, or a passphrase in a person's head. The keyring doesn't hold
//! the item itself, because Windows' Credential Manager takes 2,560 bytes and Linux's kernel keyring 20,000 in all, which
//! is less than a sign-in; because so there is one way to replace, lock and check an item; and because a lost key then
//! loses nothing but what it opens.
//!
//! Must not write over an item that it can't read, wait for a keyring for ever, or look into an item: the
//! caller's bytes are bytes here.

mod access;
mod envelope;
mod error;
mod file;
mod keyring;
mod lock;
mod passphrase;
mod protection;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use age::x25519;
use zeroize::Zeroizing;

use crate::identity_center::InstanceName;
use envelope::{Refused, Seal};
use file::Draft;

pub use error::{Exposure, StoreError};
pub use lock::Lock;
pub use passphrase::Passphrase;
pub use protection::Protection;

/// The most bytes that an item has.
pub const ITEM_LIMIT: usize = 1 << 20;

/// The place of one instance's item. It asks the keyring once; a passphrase is worked on (scrypt) at each call.
///
/// All of it waits for files, locks and keyrings: from asynchronous code, call it on a blocking thread.
pub struct SecureStore {
    folder: PathBuf,
    /// The instance's part of the file names.
    name: String,
    protection: Protection,
    path: PathBuf,
    /// Whether a person chose the protection.
    is_wanted: bool,
    passphrase: Option<Passphrase>,
    /// What the keyring gave.
    key: Mutex<Option<x25519::Identity>>,
}

impl SecureStore {
    /// Finds the item's place; nothing is read or written yet, but for a small key with which keyrings are tried.
    ///
    /// `wanted` is the person's choice. Without one it is the protection of the item that is there; if there is none,
    /// the passphrase if one is given, else the first keyring that works, else a passphrase.
    ///
    /// # Errors
    /// [`StoreError::Several`] if nothing is wanted and the instance has more than one item.
    pub fn open(
        folder: &Path,
        instance: &InstanceName,
        wanted: Option<Protection>,
        passphrase: Option<Passphrase>,
    ) -> Result<Self, StoreError> {
        let name = instance.file_name();
        let folder = file::plain_path(folder)?;
        let protection = match wanted {
            Some(wanted) => wanted,
            None => match items(&folder, &name)?.as_slice() {
                [] if passphrase.is_some() => Protection::Passphrase,
                [] => keyring::first_that_works().unwrap_or(Protection::Passphrase),
                [(protection, _)] => *protection,
                several => return Err(several_items(several)),
            },
        };
        let path = item_path(&folder, &name, protection);
        let is_wanted = wanted.is_some();
        Ok(Self { folder, name, protection, path, is_wanted, passphrase, key: Mutex::new(None) })
    }

    /// What protects the item, or will.
    pub fn protection(&self) -> Protection {
        self.protection
    }

    /// The item's file, whether it is there or not.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The lock for whoever signs in at this instance, so that two processes don't ask a person at once. It is
    /// another one than [`SecureStore::update`] takes.
    pub fn sign_in_lock_path(&self) -> PathBuf {
        self.folder.join(format!("{}.sign-in.lock", self.name))
    }

    /// The item; `None` if there is none. It doesn't wait for a lock, since the file is replaced as a whole.
    ///
    /// # Errors
    /// If there is an item and it can't be had.
    pub fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        match file::read(&self.path)? {
            Some(sealed) => self.unseal(&sealed).map(Some),
            None => Ok(None),
        }
    }

    /// Reads the item, changes it and saves it, while no other process does. `change` gets the item that is there and
    /// gives the new one, and what this call then returns. Everything else that can fail is tried before `change` is
    /// called, save the writing: `change` may do what can't be done twice.
    ///
    /// # Errors
    /// Those of `change`, and all of [`StoreError`]. The item that was there is there still.
    pub fn update<T, E: From<StoreError>>(
        &self,
        change: impl FnOnce(Option<&[u8]>) -> Result<(Zeroizing<Vec<u8>>, T), E>,
    ) -> Result<T, E> {
        let _lock = Lock::acquire(&self.lock_path(), LOCK_PATIENCE)?;
        let present = self.read()?;
        if present.is_none() {
            self.refuse_a_second_item()?;
        }
        let seal = self.seal(present.is_some())?;
        let draft = Draft::new(&self.path)?;
        let (item, result) = change(present.as_ref().map(|item| item.as_slice()))?;
        if item.is_empty() || item.len() > ITEM_LIMIT {
            return Err(StoreError::Size { path: self.path.clone(), bytes: item.len() }.into());
        }
        let sealed = seal.close(&item).map_err(|error| file::failed("seal", &self.path)(error))?;
        draft.save(&sealed)?;
        Ok(result)
    }

    /// Moves an item which can't be read any more aside, so that a new one can be made and nothing is lost. Gives
    /// its new path, `….unreadable-<n>`; `None` if there was no item.
    ///
    /// # Errors
    /// If the lock isn't had or the file can't be renamed.
    pub fn set_aside(&self) -> Result<Option<PathBuf>, StoreError> {
        let _lock = Lock::acquire(&self.lock_path(), LOCK_PATIENCE)?;
        if !file::exists(&self.path)? {
            return Ok(None);
        }
        for n in 1_u32.. {
            let aside = with_suffix(&self.path, &format!(".unreadable-{n}"));
            if !file::exists(&aside)? {
                std::fs::rename(&self.path, &aside).map_err(file::failed("rename", &self.path))?;
                return Ok(Some(aside));
            }
        }
        Ok(None)
    }

    fn lock_path(&self) -> PathBuf {
        self.folder.join(format!("{}.lock", self.name))
    }

    /// A protection that was chosen by itself must not hide the item that another process made since.
    fn refuse_a_second_item(&self) -> Result<(), StoreError> {
        match items(&self.folder, &self.name)?.as_slice() {
            [] => Ok(()),
            _ if self.is_wanted => Ok(()),
            others => Err(several_items(others)),
        }
    }

    fn unseal(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let had_key = self.cached_key().is_some();
        let mut opened = self.seal(true)?.open(sealed);
        if had_key && matches!(opened, Err(Refused::WrongKey)) {
            // The key that we had is an old one: another process made a new item since, with a new key.
            self.cache_key(None);
            opened = self.seal(true)?.open(sealed);
        }
        opened.map_err(|refused| {
            let path = self.path.clone();
            match (refused, self.protection) {
                (Refused::Damaged(reason), _) => StoreError::Damaged { path, reason },
                (Refused::WrongKey, Protection::Passphrase) => StoreError::WrongPassphrase { path },
                (Refused::WrongKey, protection) => StoreError::KeyMissing { path, protection },
            }
        })
    }

    /// What closes and opens the item. For the first item, a key is made.
    fn seal(&self, has_item: bool) -> Result<Seal, StoreError> {
        match self.protection {
            Protection::Plain => Ok(Seal::None),
            Protection::Passphrase => match &self.passphrase {
                Some(passphrase) => Ok(Seal::Passphrase(passphrase.clone())),
                None => Err(StoreError::PassphraseNeeded { new: !has_item }),
            },
            Protection::SecretService
            | Protection::Keychain
            | Protection::CredentialManager
            | Protection::KernelKeyring => self.keyring_key(has_item).map(Seal::Key),
        }
    }

    fn keyring_key(&self, has_item: bool) -> Result<x25519::Identity, StoreError> {
        if let Some(key) = self.cached_key() {
            return Ok(key);
        }
        let protection = self.protection;
        let name = self.key_name()?;
        let key = match keyring::find(protection, name.clone())? {
            Some(key) => key,
            None if has_item => {
                return Err(StoreError::KeyMissing { path: self.path.clone(), protection });
            }
            None => keyring::make(protection, name)?,
        };
        self.cache_key(Some(key.clone()));
        Ok(key)
    }

    /// Two homes of one person share a keyring, but no key: the folder is part of the name.
    fn key_name(&self) -> Result<String, StoreError> {
        Ok(format!("{}@{}", self.name, file::canonical_text(&self.folder)?))
    }

    fn cached_key(&self) -> Option<x25519::Identity> {
        self.key.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn cache_key(&self, key: Option<x25519::Identity>) {
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = key;
    }
}

fn item_path(folder: &Path, name: &str, protection: Protection) -> PathBuf {
    folder.join(format!("{name}.{protection}"))
}

/// The items that an instance has.
fn items(folder: &Path, name: &str) -> Result<Vec<(Protection, PathBuf)>, StoreError> {
    let mut items = Vec::new();
    for protection in Protection::ALL {
        let path = item_path(folder, name, protection);
        if file::exists(&path)? {
            items.push((protection, path));
        }
    }
    Ok(items)
}

fn several_items(items: &[(Protection, PathBuf)]) -> StoreError {
    StoreError::Several { paths: items.iter().map(|(_, path)| path.clone()).collect() }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut text = OsString::from(path);
    text.push(suffix);
    text.into()
}

/// An update with a passphrase takes a few seconds; some may stand in line.
const LOCK_PATIENCE: Duration = Duration::from_secs(30);
