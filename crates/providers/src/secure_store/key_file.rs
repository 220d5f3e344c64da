//! The file of an item's key, which a passphrase opens: an age file with the text of an age identity, so that with the
//! `age` program too, who knows the passphrase can open the item. Must not write over a key.

use std::path::Path;
use std::str;
use std::thread::sleep;
use std::time::{Duration, Instant};

use age::secrecy::ExposeSecret as _;
use age::{scrypt, x25519};
use files::{Lock, Replacement};
use tracing::debug;

use super::envelope::{self, OpenError};
use super::error::StoreError;
use super::file;
use super::opened_key::OpenedKey;
use super::passphrase::Passphrase;

/// The key of this file, if it is there. Of many processes at once, one does the work of scrypt.
pub(super) fn find(
    path: &Path,
    passphrase: Option<&Passphrase>,
) -> Result<Option<x25519::Identity>, StoreError> {
    let Some(sealed) = file::read(path)? else { return Ok(None) };
    let passphrase = passphrase.ok_or(StoreError::PassphraseNeeded { new: false })?;
    let opened = OpenedKey::of(&sealed, passphrase);
    let lock = match wait_for_others(&opened, path) {
        Ok(Others::HaveOpened(key)) => return Ok(Some(key)),
        Ok(Others::None(lock)) => lock,
        Err(error) => {
            debug!(%error, "an opened key cannot be shared with other processes");
            None
        }
    };
    let key = open(path, &sealed, passphrase)?;
    if let Err(error) = opened.keep(&key) {
        debug!(%error, "the opened key is not kept for other processes");
    }
    drop(lock);
    Ok(Some(key))
}

/// What the other processes have done that need the same key.
enum Others {
    /// One has opened it.
    HaveOpened(x25519::Identity),
    /// None has. The lock makes the next one wait for us.
    None(Option<Lock>),
}

/// Waits while another process opens the key.
fn wait_for_others(opened: &OpenedKey<'_>, path: &Path) -> Result<Others, StoreError> {
    let lock_path = path.with_extension("opening.lock");
    let deadline = Instant::now() + OPENING_TIMEOUT;
    loop {
        if let Some(key) = opened.find()? {
            return Ok(Others::HaveOpened(key));
        }
        match Lock::try_acquire(&lock_path)? {
            None if Instant::now() < deadline => sleep(POLL_INTERVAL),
            // It may have been opened before we got the lock.
            lock => return Ok(opened.find()?.map_or(Others::None(lock), Others::HaveOpened)),
        }
    }
}

/// Opens a key file. This is where scrypt takes its time.
fn open(
    path: &Path,
    sealed: &[u8],
    passphrase: &Passphrase,
) -> Result<x25519::Identity, StoreError> {
    debug!("opening a key file with its passphrase");
    let mut identity = scrypt::Identity::new(passphrase.for_age());
    identity.set_max_work_factor(MOST_WORK);
    let path = path.to_owned();
    match envelope::open(&identity, sealed) {
        Ok(text) => match str::from_utf8(&text).ok().and_then(|text| text.parse().ok()) {
            Some(key) => Ok(key),
            None => Err(StoreError::Damaged { path, reason: "it holds something else than a key" }),
        },
        Err(OpenError::WrongKey) => Err(StoreError::WrongPassphrase { path }),
        Err(OpenError::Damaged(reason)) => Err(StoreError::Damaged { path, reason }),
    }
}

/// Makes a key and its file, which isn't there. Under the item's lock, two processes make one key.
pub(super) fn make(
    path: &Path,
    passphrase: Option<&Passphrase>,
    lock: &Lock,
) -> Result<x25519::Identity, StoreError> {
    let passphrase = passphrase.ok_or(StoreError::PassphraseNeeded { new: true })?;
    let mut recipient = scrypt::Recipient::new(passphrase.for_age());
    recipient.set_work_factor(WORK_FACTOR);
    let key = x25519::Identity::generate();
    let sealed = envelope::seal(&recipient, key.to_string().expose_secret().as_bytes(), path)?;
    Replacement::start(path, lock)?.finish(&sealed)?;
    Ok(key)
}

/// The work that opening a key file takes, and so each guess at a passphrase, as the power of two of scrypt's N: 128 MiB
/// and half a second, which is what OWASP asks for at least. A process pays it once. What the key closes can't be
/// guessed at: without this file, no passphrase opens it. Tests do with less.
const WORK_FACTOR: u8 = if cfg!(test) { 4 } else { 17 };

/// The time limit for another process that opens the same key. Afterwards we do it ourselves.
const OPENING_TIMEOUT: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A file could ask for hours and gigabytes. This is 1 GiB and several seconds.
const MOST_WORK: u8 = 20;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_asks_for_too_much_work_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("corp.key");
        let passphrase = Passphrase::parse("CANARY".to_owned()).unwrap();
        let lock = Lock::try_acquire(&folder.path().join("corp.lock")).unwrap().unwrap();
        make(&path, Some(&passphrase), &lock).unwrap();
        // A real one would take minutes to make: the header says 21, and nothing is worked out.
        let sealed = fs::read(&path).unwrap();
        let at = sealed.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        let line = sealed[at..].iter().position(|byte| *byte == b'\n').unwrap() + at;
        fs::write(&path, [&sealed[..line - 1], b"21", &sealed[line..]].concat()).unwrap();
        let refused = find(&path, Some(&passphrase)).err().unwrap();
        assert!(refused.to_string().contains("more work"), "{refused}");
    }
}
