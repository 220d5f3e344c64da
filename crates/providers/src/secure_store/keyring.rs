//! The keyrings of the systems. They hold one small key for each item. All calls have a time limit: a locked keyring may show a
//! dialog that nobody sees, and a dead bus never answers.

use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use age::secrecy::ExposeSecret as _;
use age::x25519;
use keyring_core::{CredentialStore, Entry, Error};
use zeroize::Zeroizing;

use super::error::StoreError;
use super::protection::Protection;
use crate::failure::one_line;

/// The first keyring that works.
pub(super) fn first_working() -> Option<Protection> {
    Protection::ALL.into_iter().find(|protection| check(*protection).is_ok())
}

/// The key of this name, if the keyring has one. An entry that is not a key counts as missing.
pub(super) fn find(
    protection: Protection,
    name: String,
    timeout: Duration,
) -> Result<Option<x25519::Identity>, StoreError> {
    with_keyring(protection, timeout, move |store| {
        let text = match entry(store, &name)?.get_password() {
            Ok(text) => Zeroizing::new(text),
            Err(Error::NoEntry | Error::BadEncoding(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(x25519::Identity::from_str(&text).ok())
    })
}

/// Makes a key of this name. It is read back, so that no item is sealed with a key that was not kept.
pub(super) fn make(protection: Protection, name: String) -> Result<x25519::Identity, StoreError> {
    with_keyring(protection, ANSWER_TIMEOUT, move |store| {
        let key = x25519::Identity::generate();
        put(&entry(store, &name)?, &key)?;
        Ok(key)
    })
}

/// Removes the key of this name.
#[cfg(test)]
pub(super) fn remove(protection: Protection, name: String) -> Result<(), StoreError> {
    with_keyring(protection, ANSWER_TIMEOUT, move |store| entry(store, &name)?.delete_credential())
}

/// Checks that the keyring works: saves, reads and removes a test key.
pub(super) fn check(protection: Protection) -> Result<(), StoreError> {
    with_keyring(protection, ANSWER_TIMEOUT, |store| {
        let key = x25519::Identity::generate();
        // The name is random, so that two processes that check at the same time use different entries.
        let entry = entry(store, &format!("probe {}", key.to_public()))?;
        let kept = put(&entry, &key);
        let removed = entry.delete_credential();
        kept.and(removed)
    })
}

fn put(entry: &Entry, key: &x25519::Identity) -> keyring_core::Result<()> {
    let text = key.to_string();
    entry.set_password(text.expose_secret())?;
    let kept = Zeroizing::new(entry.get_password()?);
    if kept.as_str() == text.expose_secret() {
        Ok(())
    } else {
        Err(Error::BadStoreFormat("it returned another key than it was given".to_owned()))
    }
}

fn entry(store: &CredentialStore, name: &str) -> keyring_core::Result<Entry> {
    store.build(SERVICE, name, None)
}

/// Works with the keyring on a thread of its own, which is abandoned after the time limit.
fn with_keyring<T: Send + 'static>(
    protection: Protection,
    timeout: Duration,
    work: impl FnOnce(&CredentialStore) -> keyring_core::Result<T> + Send + 'static,
) -> Result<T, StoreError> {
    let unavailable =
        |reason: &str| StoreError::Unavailable { protection, reason: one_line(reason) };
    let (sender, receiver) = sync_channel(1);
    let run = move || {
        // After the time limit nobody receives the answer.
        drop(sender.send(connect(protection).and_then(|store| work(&*store))));
    };
    thread::Builder::new()
        .name("keyring".to_owned())
        .spawn(run)
        .map_err(|error| unavailable(&error.to_string()))?;
    match receiver.recv_timeout(timeout) {
        Ok(answer) => answer.map_err(|error| unavailable(&error.to_string())),
        Err(RecvTimeoutError::Timeout) => {
            Err(unavailable(&format!("no answer within {} seconds", timeout.as_secs())))
        }
        Err(RecvTimeoutError::Disconnected) => Err(unavailable("its library stopped unexpectedly")),
    }
}

fn connect(protection: Protection) -> keyring_core::Result<Arc<CredentialStore>> {
    match protection {
        #[cfg(target_os = "linux")]
        Protection::SecretService => Ok(zbus_secret_service_keyring_store::Store::new()?),
        #[cfg(target_os = "linux")]
        Protection::KernelKeyring => Ok(linux_keyutils_keyring_store::Store::new()?),
        #[cfg(target_os = "macos")]
        Protection::Keychain => Ok(apple_native_keyring_store::keychain::Store::new()?),
        #[cfg(windows)]
        Protection::CredentialManager => Ok(windows_native_keyring_store::Store::new()?),
        _ => Err(Error::NotSupportedByStore("this system has none".to_owned())),
    }
}

/// The service that our keys belong to, as the keyring shows it.
const SERVICE: &str = "aws-sso";

/// The time limit of a keyring that is not locked. Keyrings answer in milliseconds, but tests share a busy machine.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(if cfg!(test) { 5 } else { 2 });

/// The time limit when there is an item: no other keyring has its key, so a person gets the time to find the dialog and to
/// type a passphrase. In tests there is no person.
pub(super) const UNLOCK_TIMEOUT: Duration = Duration::from_secs(if cfg!(test) { 6 } else { 20 });
