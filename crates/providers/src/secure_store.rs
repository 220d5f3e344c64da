//! Where what must stay secret is kept: one item for the sign-in to each instance of IAM Identity Center, and others by
//! name, each in an envelope.
//!
//! The item is always a file, `<folder>/<name>.<protection>`, sealed with age and replaced as a whole. What opens it
//! is a key of 32 bytes, held elsewhere: by the system's keyring, or by the file `<folder>/<name>.key`, which a
//! passphrase opens. The keyring doesn't hold the item itself, because Windows' Credential Manager takes 2,560 bytes and
//! Linux's kernel keyring 20,000 in all, which is less than a sign-in; because so there is one way to replace, lock and
//! check an item; and because a lost key then loses nothing but what it opens. The passphrase doesn't open the item
//! itself, because what makes it hard to guess would then slow down each reading and saving.
//!
//! Must not write over an item or a key that it can't read, wait for a keyring for ever, or look into an item: the
//! caller's bytes are bytes here.

mod envelope;
mod error;
mod file;
mod item_name;
mod key_file;
mod keyring;
mod passphrase;
mod protection;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use age::x25519;
use files::{Access, FolderRule, Lock, Replacement};
use zeroize::Zeroizing;

use envelope::Refused;
pub use error::StoreError;
pub use item_name::ItemName;
pub(crate) use item_name::file_name;
pub use passphrase::Passphrase;
pub use protection::Protection;

/// The most bytes that an item has.
pub const ITEM_LIMIT: usize = 1 << 20;

/// The place of one item. It fetches the item's key once: asking the keyring may take a person, and opening
/// the key file a second.
///
/// All of it waits for files, locks and keyrings: from asynchronous code, call it on a blocking thread.
pub struct SecureStore {
    folder: PathBuf,
    name: ItemName,
    protection: Protection,
    path: PathBuf,
    /// Whether a person chose the protection.
    is_wanted: bool,
    passphrase: Option<Passphrase>,
    /// The item's key, once it was fetched.
    key: Mutex<Option<x25519::Identity>>,
}

impl SecureStore {
    /// Finds the item's place; nothing is read or written yet, but for a small key with which keyrings are tried.
    ///
    /// `wanted` is the person's choice. Without one it is the protection of the item that is there; if there is none,
    /// the passphrase if one is given, else the first keyring that works, else a passphrase.
    ///
    /// # Errors
    /// [`StoreError::Several`] if nothing is wanted and there is more than one item of that name.
    pub fn open(
        folder: &Path,
        name: impl Into<ItemName>,
        wanted: Option<Protection>,
        passphrase: Option<Passphrase>,
    ) -> Result<Self, StoreError> {
        let name = name.into();
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

    /// Where the item would be under the other protections.
    pub(crate) fn other_paths(&self) -> Vec<PathBuf> {
        let others = Protection::ALL.into_iter().filter(|other| *other != self.protection);
        others.map(|other| item_path(&self.folder, &self.name, other)).collect()
    }

    /// The file of the key that a passphrase opens. While it isn't there, the passphrase is a new one.
    pub fn key_path(&self) -> PathBuf {
        self.folder.join(format!("{}.key", self.name))
    }

    /// Whether a passphrase protects an item that is there. Nothing is opened for it.
    pub fn has_key_file(folder: &Path, name: impl Into<ItemName>) -> bool {
        let name = name.into();
        let item = item_path(folder, &name, Protection::Passphrase);
        item.exists() && folder.join(format!("{name}.key")).exists()
    }

    /// The lock for whoever signs in at this instance, so that two processes don't ask a person at once. It is
    /// another one than [`SecureStore::update`] takes.
    pub fn sign_in_lock_path(&self) -> PathBuf {
        self.folder.join(format!("{}.sign-in.lock", self.name))
    }

    /// The item; `None` if there is none. It doesn't wait for a lock, since the file is replaced as a whole.
    ///
    /// # Errors
    /// If there is an item and it can't be had; [`StoreError::Several`] if nobody chose the protection, and there is an
    /// item of another one by now: open the store anew.
    pub fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let sealed = file::read(&self.path)?;
        self.refuse_a_second_item()?;
        sealed.map(|sealed| self.unseal(sealed)).transpose()
    }

    /// Whether what is to hold the key of a first item works, which is tried with a small key that is removed again. An
    /// item that is there is not looked at: [`SecureStore::read`] does that.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub fn try_out(&self) -> Result<(), StoreError> {
        match self.protection {
            Protection::Passphrase | Protection::Plain => Ok(()),
            _ if files::exists(&self.path)? => Ok(()),
            protection => keyring::try_out(protection),
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
        let lock = self.lock()?;
        let present = self.read()?;
        let key = self.key(present.is_some(), &lock)?;
        let replacement = Replacement::start(&self.path, &lock).map_err(StoreError::from)?;
        let (item, result) = change(present.as_ref().map(|item| item.as_slice()))?;
        if item.is_empty() || item.len() > ITEM_LIMIT {
            return Err(StoreError::Size { path: self.path.clone(), bytes: item.len() }.into());
        }
        let sealed = match key {
            Some(key) => envelope::close(&key.to_public(), &item, &self.path)?.into(),
            None => item,
        };
        replacement.finish(&sealed).map_err(StoreError::from)?;
        Ok(result)
    }

    /// Moves an item which can't be read any more aside, so that a new one can be made and nothing is lost. Gives
    /// its new path; `None` if there was no item. The key stays, since it may open what was moved.
    ///
    /// # Errors
    /// If the lock isn't had or the file can't be renamed.
    pub fn set_aside(&self) -> Result<Option<PathBuf>, StoreError> {
        let _lock = self.lock()?;
        Ok(files::set_aside(&self.path)?)
    }

    /// Held while the item or its key is changed.
    fn lock(&self) -> Result<Lock, StoreError> {
        files::make_folder(&self.folder, Access::Private)?;
        files::check_folder(&self.folder, FolderRule::Own)?;
        Ok(Lock::acquire(&self.lock_path(), LOCK_TIMEOUT)?)
    }

    fn lock_path(&self) -> PathBuf {
        self.folder.join(format!("{}.lock", self.name))
    }

    /// A protection that was chosen by itself must not hide the item that another process made since.
    fn refuse_a_second_item(&self) -> Result<(), StoreError> {
        if self.is_wanted {
            return Ok(());
        }
        let items = items(&self.folder, &self.name)?;
        match items.iter().any(|(protection, _)| *protection != self.protection) {
            true => Err(several_items(&items)),
            false => Ok(()),
        }
    }

    fn unseal(&self, sealed: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        if self.protection == Protection::Plain {
            return Ok(sealed);
        }
        let mut cached = self.cached_key();
        let mut opened = match cached.as_ref() {
            Some(key) => envelope::open(key, &sealed),
            None => Err(Refused::WrongKey),
        };
        if matches!(opened, Err(Refused::WrongKey)) {
            // There was no key yet, or an old one: another process made a new item since, with a new key.
            let key = self.find_key(true)?.ok_or_else(|| self.key_missing())?;
            opened = envelope::open(cached.insert(key), &sealed);
        }
        opened.map_err(|refused| match refused {
            Refused::Damaged(reason) => StoreError::Damaged { path: self.path.clone(), reason },
            Refused::WrongKey => self.key_missing(),
        })
    }

    /// The key that closes the item; `None` for a plain one. Where an item is, the key has just opened it.
    fn key(&self, has_item: bool, lock: &Lock) -> Result<Option<x25519::Identity>, StoreError> {
        if self.protection == Protection::Plain {
            return Ok(None);
        }
        let mut cached = self.cached_key();
        let key = match cached.take().filter(|_| has_item) {
            Some(key) => key,
            // Nor is a cached key one for a new item: its holder may have lost it since.
            None => match self.find_key(has_item)? {
                Some(key) => key,
                None if has_item => return Err(self.key_missing()),
                None => self.make_key(lock)?,
            },
        };
        Ok(Some(cached.insert(key).clone()))
    }

    /// The key from what holds it.
    fn find_key(&self, has_item: bool) -> Result<Option<x25519::Identity>, StoreError> {
        let patience = if has_item { keyring::UNLOCKING } else { keyring::ANSWERING };
        match self.protection {
            Protection::Passphrase => key_file::find(&self.key_path(), self.passphrase.as_ref()),
            protection => keyring::find(protection, self.key_name()?, patience),
        }
    }

    /// A key for the first item.
    fn make_key(&self, lock: &Lock) -> Result<x25519::Identity, StoreError> {
        match self.protection {
            Protection::Passphrase => {
                key_file::make(&self.key_path(), self.passphrase.as_ref(), lock)
            }
            protection => keyring::make(protection, self.key_name()?),
        }
    }

    fn key_missing(&self) -> StoreError {
        StoreError::KeyMissing { path: self.path.clone(), protection: self.protection }
    }

    /// Two homes of one person share a keyring, but no key: the folder is part of the name.
    fn key_name(&self) -> Result<String, StoreError> {
        Ok(format!("{}@{}", self.name, file::canonical_text(&self.folder)?))
    }

    /// Held while a key is fetched, so that threads don't ask a person twice or do scrypt's work twice.
    fn cached_key(&self) -> MutexGuard<'_, Option<x25519::Identity>> {
        self.key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn item_path(folder: &Path, name: &ItemName, protection: Protection) -> PathBuf {
    folder.join(format!("{name}.{protection}"))
}

/// The items of one name.
fn items(folder: &Path, name: &ItemName) -> Result<Vec<(Protection, PathBuf)>, StoreError> {
    let mut items = Vec::new();
    for protection in Protection::ALL {
        let path = item_path(folder, name, protection);
        if files::exists(&path)? {
            items.push((protection, path));
        }
    }
    Ok(items)
}

fn several_items(items: &[(Protection, PathBuf)]) -> StoreError {
    StoreError::Several { paths: items.iter().map(|(_, path)| path.clone()).collect() }
}

/// Longer than an update waits for a person to unlock the keyring.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);
