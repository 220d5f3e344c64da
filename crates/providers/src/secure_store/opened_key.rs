//! The key of a key file after it was opened, in the keyring of the kernel (Linux) for some minutes. Otherwise each of forty
//! programs that start at once would do the work of scrypt, with half a second and 128 MiB each.
//!
//! The entry is sealed with the same passphrase, with less work. So it replaces no passphrase: who does not know it can use the
//! entry as little as the key file. The kernel keeps it out of swap and from other users, and removes it.

use std::fmt::Display;
use std::str;

use age::secrecy::ExposeSecret as _;
use age::{scrypt, x25519};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::envelope;
use super::error::StoreError;
use super::passphrase::Passphrase;
use super::protection::Protection;

/// The entry for a key file with this content. Another key file has another entry.
pub(super) struct OpenedKey<'a> {
    name: String,
    passphrase: &'a Passphrase,
}

impl<'a> OpenedKey<'a> {
    pub(super) fn of(key_file: &[u8], passphrase: &'a Passphrase) -> Self {
        Self {
            name: format!("aws-sso:opened:{}", HEXLOWER.encode(&Sha256::digest(key_file))),
            passphrase,
        }
    }

    /// The key, if it was opened within the last minutes and the passphrase is right.
    ///
    /// # Errors
    /// There is no keyring of the kernel.
    pub(super) fn find(&self) -> Result<Option<x25519::Identity>, StoreError> {
        let sealed = kernel::read(&self.name).map_err(unavailable)?.map(Zeroizing::new);
        let Some(sealed) = sealed else { return Ok(None) };
        let mut identity = scrypt::Identity::new(self.passphrase.for_age());
        identity.set_max_work_factor(WORK_FACTOR);
        let text = envelope::open(&identity, &sealed).ok();
        Ok(text.and_then(|text| str::from_utf8(&text).ok()?.parse().ok()))
    }

    /// Keeps the key.
    ///
    /// # Errors
    /// There is no keyring of the kernel, or it is full.
    pub(super) fn keep(&self, key: &x25519::Identity) -> Result<(), StoreError> {
        let mut recipient = scrypt::Recipient::new(self.passphrase.for_age());
        recipient.set_work_factor(WORK_FACTOR);
        let text = key.to_string();
        let sealed = envelope::seal(&recipient, text.expose_secret().as_bytes(), "".as_ref())?;
        kernel::write(&self.name, &sealed).map_err(unavailable)
    }
}

/// The keyring of the user that outlives a login. It is linked to the thread, so that we may use it without any session, as in a
/// cron job.
#[cfg(target_os = "linux")]
mod kernel {
    use linux_keyutils::{KeyError, KeyRing, KeyRingIdentifier};

    /// The time after which a process does the whole work again, in seconds.
    const KEPT_FOR_SECONDS: usize = 10 * 60;

    pub(super) fn read(name: &str) -> Result<Option<Vec<u8>>, KeyError> {
        let found = KeyRing::get_persistent(KeyRingIdentifier::Thread)?.search(name);
        match found.and_then(|key| key.read_to_vec()) {
            Err(KeyError::KeyDoesNotExist | KeyError::KeyExpired | KeyError::KeyRevoked) => {
                Ok(None)
            }
            outcome => outcome.map(Some),
        }
    }

    pub(super) fn write(name: &str, secret: &[u8]) -> Result<(), KeyError> {
        let key = KeyRing::get_persistent(KeyRingIdentifier::Thread)?.add_key(name, secret)?;
        let limited = key.set_timeout(KEPT_FOR_SECONDS);
        if limited.is_err() {
            // An entry without a time limit would stay.
            key.invalidate().ok();
        }
        limited
    }
}

#[cfg(not(target_os = "linux"))]
mod kernel {
    const NONE: &str = "this system has none";

    pub(super) fn read(_: &str) -> Result<Option<Vec<u8>>, &'static str> {
        Err(NONE)
    }

    pub(super) fn write(_: &str, _: &[u8]) -> Result<(), &'static str> {
        Err(NONE)
    }
}

fn unavailable(error: impl Display) -> StoreError {
    let reason = error.to_string();
    StoreError::Unavailable { protection: Protection::KernelKeyring, reason }
}

/// A few milliseconds and 1 MiB, as the power of two of scrypt's N.
const WORK_FACTOR: u8 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::parse(text.to_owned()).unwrap()
    }

    #[test]
    fn an_opened_key_is_found_with_the_same_passphrase_and_for_the_same_key_file_alone() {
        let (right, wrong) = (passphrase("CANARY"), passphrase("CANARY2"));
        let key = x25519::Identity::generate();
        // Another run of this test has another key file.
        let file = key.to_public().to_string();
        let has_key = |file: &str, passphrase| {
            let found = OpenedKey::of(file.as_bytes(), passphrase).find().unwrap();
            found.is_some_and(|found| found.to_public() == key.to_public())
        };
        let kept = OpenedKey::of(file.as_bytes(), &right).keep(&key);
        if !fakes::needs(kept.is_ok(), "the keyring of the kernel") {
            return;
        }
        assert!(has_key(&file, &right));
        assert!(!has_key(&file, &wrong));
        assert!(!has_key(&format!("{file}2"), &right));
    }

    #[test]
    fn the_kernel_removes_an_opened_key_and_never_had_it_in_clear() {
        let passphrase = passphrase("CANARY");
        let key = x25519::Identity::generate();
        let opened = OpenedKey::of(key.to_public().to_string().as_bytes(), &passphrase);
        if !fakes::needs(opened.keep(&key).is_ok(), "the keyring of the kernel") {
            return;
        }
        let sealed = kernel::read(&opened.name).unwrap().unwrap();
        assert!(sealed.starts_with(b"age-encryption.org/v1\n-> scrypt "), "{sealed:?}");
        // The kernel lists each key with its time limit: `10m`, or `perm` without one.
        let keys = std::fs::read_to_string("/proc/keys").unwrap();
        let line = keys.lines().find(|line| line.contains(&opened.name)).unwrap();
        let limit = line.split_whitespace().nth(3).unwrap();
        assert!(["10m", "9m"].contains(&limit), "{line}");
    }
}
