//! The secure store: one item for the sign-in to each instance of IAM Identity Center, and items for other secrets.
//!
//! An item is a file, `<folder>/<name>.<protection>`, sealed with age and replaced as a whole. A key of 32 bytes opens it. The
//! system's keyring holds the key, or the file `<folder>/<name>.key`, which a passphrase opens.
//!
//! The keyring does not hold the item itself: the Credential Manager of Windows accepts 2,560 bytes and the kernel keyring of
//! Linux 20,000 in all, which is less than a sign-in needs. This way all items are replaced, locked and checked alike, and a lost
//! key costs only the item that it opens. The passphrase does not open the item directly: the work that makes it hard to guess
//! would then slow down each read and write.
//!
//! The store never overwrites an item or a key that it cannot read, never waits for a keyring without a time limit, and never
//! looks into an item: the content is bytes.

mod envelope;
mod error;
mod file;
mod item_name;
mod key_file;
mod keyring;
mod opened_key;
mod passphrase;
mod protection;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use age::x25519;
use files::{Access, FolderRule, Lock, Replacement};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use envelope::OpenError;
pub use error::StoreError;
pub use item_name::ItemName;
pub(crate) use item_name::file_name;
pub use passphrase::Passphrase;
pub use protection::Protection;

/// The largest size of an item, in bytes.
pub const ITEM_LIMIT: usize = 1 << 20;

/// The store of one item. It fetches the item's key only once: the keyring may ask a person, and the key file takes a second to
/// open.
///
/// All methods block on files, locks and keyrings. Asynchronous code must call them on a blocking thread.
pub struct SecureStore {
    folder: PathBuf,
    name: ItemName,
    protection: Protection,
    path: PathBuf,
    /// Whether a person chose the protection.
    is_wanted: bool,
    passphrase: Option<Passphrase>,
    /// The key of the item, once it was fetched.
    key: Mutex<Option<x25519::Identity>>,
}

impl fmt::Debug for SecureStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecureStore").field("path", &self.path).finish_non_exhaustive()
    }
}

impl SecureStore {
    /// The store of the item `name` in `folder`. Nothing is read or written yet, except for a test key in the keyrings.
    ///
    /// `wanted` is the person's choice of a protection. Without one, the protection of the existing item is used; without an
    /// item, a passphrase if one is given, otherwise the first keyring that works, otherwise a passphrase.
    ///
    /// # Errors
    /// [`StoreError::Several`] if nothing is wanted and there is more than one item of this name.
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
                [] => keyring::first_working().unwrap_or(Protection::Passphrase),
                [(protection, _)] => *protection,
                several => return Err(several_items(several)),
            },
        };
        let path = item_path(&folder, &name, protection);
        let is_wanted = wanted.is_some();
        Ok(Self { folder, name, protection, path, is_wanted, passphrase, key: Mutex::new(None) })
    }

    /// The protection of the item, or of the next one.
    pub fn protection(&self) -> Protection {
        self.protection
    }

    /// The path of the item, which need not exist.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The paths that the item would have with the other protections.
    pub(crate) fn other_paths(&self) -> Vec<PathBuf> {
        let others = Protection::ALL.into_iter().filter(|other| *other != self.protection);
        others.map(|other| item_path(&self.folder, &self.name, other)).collect()
    }

    /// The path of the key file, which a passphrase opens. While the file does not exist, a given passphrase is a new one.
    pub fn key_path(&self) -> PathBuf {
        self.folder.join(format!("{}.key", self.name))
    }

    /// Whether there is an item that a passphrase protects. It opens nothing.
    pub fn has_key_file(folder: &Path, name: impl Into<ItemName>) -> bool {
        let name = name.into();
        let item = item_path(folder, &name, Protection::Passphrase);
        item.exists() && folder.join(format!("{name}.key")).exists()
    }

    /// The path of the lock for a sign-in, so that two processes do not ask a person at the same time.
    /// [`SecureStore::update`] uses another lock.
    pub fn sign_in_lock_path(&self) -> PathBuf {
        self.folder.join(format!("{}.sign-in.lock", self.name))
    }

    /// The path of the lock for fetching what this text names, so that of many processes one fetches it. Few texts share a lock.
    pub(crate) fn fetch_lock_path(&self, what: &str) -> PathBuf {
        let digest = Sha256::digest(what);
        let number = digest.first().map_or(0, |byte| byte % FETCH_LOCKS);
        self.folder.join(format!("{}.fetch-{number}.lock", self.name))
    }

    /// The item; `None` if there is none. It needs no lock, because the file is replaced atomically.
    ///
    /// # Errors
    /// The item cannot be read. [`StoreError::Several`]: nobody chose the protection, and meanwhile there is an item with another
    /// one; the store must be opened again.
    pub fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
        let sealed = file::read(&self.path)?;
        self.refuse_a_second_item()?;
        sealed.map(|sealed| self.unseal(sealed)).transpose()
    }

    /// Checks that a key for a first item could be kept, with a test key that is removed again. It does nothing if there is an
    /// item: [`SecureStore::read`] checks that.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]
    pub fn check_keyring(&self) -> Result<(), StoreError> {
        let has_keyring = !matches!(self.protection, Protection::Passphrase | Protection::Plain);
        match has_keyring && !files::exists(&self.path)? {
            true => keyring::check(self.protection),
            false => Ok(()),
        }
    }

    /// Reads, changes and saves the item under a lock. `change` gets the present item, and returns the new one and the result of
    /// this call. All that can fail, except for the writing itself, is done before `change` is called, because `change` may do
    /// something that cannot be repeated.
    ///
    /// # Errors
    /// Those of `change`, and any [`StoreError`]. The old item is then unchanged.
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
            Some(key) => envelope::seal(&key.to_public(), &item, &self.path)?.into(),
            None => item,
        };
        replacement.finish(&sealed).map_err(StoreError::from)?;
        Ok(result)
    }

    /// Renames an item that can no longer be read, so that a new one can be made and nothing is lost. Returns the new path,
    /// `….unreadable-<n>`; `None` if there was no item. The key is kept, as it may open the renamed item.
    ///
    /// # Errors
    /// The lock is not free, or the file cannot be renamed.
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

    /// A protection that no person chose must not hide an item that another process has made since.
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
            None => Err(OpenError::WrongKey),
        };
        if matches!(opened, Err(OpenError::WrongKey)) {
            // No key was fetched yet, or another process has made a new item with a new key.
            let key = self.find_key(true)?.ok_or_else(|| self.key_missing())?;
            opened = envelope::open(cached.insert(key), &sealed);
        }
        opened.map_err(|error| match error {
            OpenError::Damaged(reason) => StoreError::Damaged { path: self.path.clone(), reason },
            OpenError::WrongKey => self.key_missing(),
        })
    }

    /// The key that seals the item; `None` for a plain item. If there is an item, the key has just opened it.
    fn key(&self, has_item: bool, lock: &Lock) -> Result<Option<x25519::Identity>, StoreError> {
        if self.protection == Protection::Plain {
            return Ok(None);
        }
        let mut cached = self.cached_key();
        let key = match cached.take().filter(|_| has_item) {
            Some(key) => key,
            // A cached key is not used for a new item: the keyring may have lost it.
            None => match self.find_key(has_item)? {
                Some(key) => key,
                None if has_item => return Err(self.key_missing()),
                None => self.make_key(lock)?,
            },
        };
        Ok(Some(cached.insert(key).clone()))
    }

    /// The key from the keyring or the key file.
    fn find_key(&self, has_item: bool) -> Result<Option<x25519::Identity>, StoreError> {
        let timeout = if has_item { keyring::UNLOCK_TIMEOUT } else { keyring::ANSWER_TIMEOUT };
        match self.protection == Protection::Passphrase {
            true => key_file::find(&self.key_path(), self.passphrase.as_ref()),
            false => keyring::find(self.protection, self.key_name()?, timeout),
        }
    }

    /// Makes the key for the first item.
    fn make_key(&self, lock: &Lock) -> Result<x25519::Identity, StoreError> {
        match self.protection == Protection::Passphrase {
            true => key_file::make(&self.key_path(), self.passphrase.as_ref(), lock),
            false => keyring::make(self.protection, self.key_name()?),
        }
    }

    fn key_missing(&self) -> StoreError {
        StoreError::KeyMissing { path: self.path.clone(), protection: self.protection }
    }

    /// The folder is part of the name: two home folders of a person share a keyring, but no keys.
    fn key_name(&self) -> Result<String, StoreError> {
        Ok(format!("{}@{}", self.name, file::canonical_text(&self.folder)?))
    }

    /// Locked while a key is fetched, so that two threads neither ask a person twice nor repeat the work of scrypt.
    fn cached_key(&self) -> MutexGuard<'_, Option<x25519::Identity>> {
        self.key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn item_path(folder: &Path, name: &ItemName, protection: Protection) -> PathBuf {
    folder.join(format!("{name}.{protection}"))
}

/// The existing items of this name.
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

/// The number of lock files for fetching: they are never removed.
const FETCH_LOCKS: u8 = 64;

/// The time limit for the lock. It is longer than the time that another process gives a person to unlock the keyring.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);
