//! The systems' keyrings, each of which holds one small key an item. Must not be waited for without end: behind a locked
//! keyring there may be a question to a person that nobody sees, and behind a dead bus there is nobody.

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

/// The first keyring that keeps a small key which is then read and removed.
pub(super) fn first_that_works() -> Option<Protection> {
    Protection::ALL.into_iter().find(|protection| try_out(*protection).is_ok())
}

/// The key of this name, if the keyring has one. What isn't a key opens nothing, and so is none.
pub(super) fn find(
    protection: Protection,
    name: String,
    patience: Duration,
) -> Result<Option<x25519::Identity>, StoreError> {
    visit(protection, patience, move |store| {
        let text = match entry(store, &name)?.get_password() {
            Ok(text) => Zeroizing::new(text),
            Err(Error::NoEntry | Error::BadEncoding(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(x25519::Identity::from_str(&text).ok())
    })
}

/// Makes a key of this name. It is read back, so that no item is closed with a key that wasn't kept.
pub(super) fn make(protection: Protection, name: String) -> Result<x25519::Identity, StoreError> {
    visit(protection, ANSWERING, move |store| {
        let key = x25519::Identity::generate();
        put(&entry(store, &name)?, &key)?;
        Ok(key)
    })
}

/// Removes the key of this name.
#[cfg(test)]
pub(super) fn remove(protection: Protection, name: String) -> Result<(), StoreError> {
    visit(protection, ANSWERING, move |store| entry(store, &name)?.delete_credential())
}

/// Keeps a small key, reads it and removes it.
pub(super) fn try_out(protection: Protection) -> Result<(), StoreError> {
    visit(protection, ANSWERING, |store| {
        let key = x25519::Identity::generate();
        // Two processes that try at once must not meet: the name is as random as the key.
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
        Err(Error::BadStoreFormat("it gives back another key than it was given".to_owned()))
    }
}

fn entry(store: &CredentialStore, name: &str) -> keyring_core::Result<Entry> {
    store.build(SERVICE, name, None)
}

/// Does something with the keyring on a thread of its own, which is left behind if it takes too long.
fn visit<T: Send + 'static>(
    protection: Protection,
    patience: Duration,
    work: impl FnOnce(&CredentialStore) -> keyring_core::Result<T> + Send + 'static,
) -> Result<T, StoreError> {
    let unavailable =
        |reason: &str| StoreError::Unavailable { protection, reason: one_line(reason) };
    let (sender, receiver) = sync_channel(1);
    let run = move || {
        // Whoever asked may have given up: then nobody takes the answer.
        let _ = sender.send(connect(protection).and_then(|store| work(&*store)));
    };
    thread::Builder::new()
        .name("keyring".to_owned())
        .spawn(run)
        .map_err(|error| unavailable(&error.to_string()))?;
    match receiver.recv_timeout(patience) {
        Ok(answer) => answer.map_err(|error| unavailable(&error.to_string())),
        Err(RecvTimeoutError::Timeout) => {
            Err(unavailable(&format!("no answer within {} seconds", patience.as_secs())))
        }
        Err(RecvTimeoutError::Disconnected) => Err(unavailable("its library failed")),
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

/// Whose keys they are, as the keyring shows it.
const SERVICE: &str = "aws-sso";

/// How long a keyring may take that isn't locked. They answer in milliseconds; tests share a busy machine.
pub(super) const ANSWERING: Duration = Duration::from_secs(if cfg!(test) { 5 } else { 2 });

/// How long it may take where there is an item: no other keyring has its key, so a person gets the time to find the
/// dialog and to type a passphrase into it. Tests have nobody who does.
pub(super) const UNLOCKING: Duration = Duration::from_secs(if cfg!(test) { 6 } else { 20 });
