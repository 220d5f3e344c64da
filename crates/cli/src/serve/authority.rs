//! The user's own certificate authority. It is made at first use. The key is sealed in the secure store; the
//! certificate is a public file.
//!
//! Must not replace an authority that exists but cannot be opened: programs trust it.

use std::path::{Path, PathBuf};

use credentials::{Clock, Failure};
use files::{Access, Durability};
use providers::secure_store::{Protection, SecureStore, StoreError};
use server::{Authority, AuthorityError, HostName, Names};
use zeroize::Zeroizing;

use crate::ground::clock::SystemClock;
use crate::ground::{paths, ui};
use crate::instance::arguments::InstanceArguments;
use crate::instance::settings;
use crate::instance::store::{self, Item, Purpose};

/// Opens the authority, or makes one for these names if there is none.
pub(crate) async fn open(
    arguments: &InstanceArguments,
    names: &Names,
) -> Result<Authority, Failure> {
    let store = open_store(arguments)?;
    let protection = store.protection();
    let names = names.clone();
    let item = store.path().to_owned();
    let (authority, is_new) = blocking(move || {
        if let Some(kept) = store.read()? {
            return Ok((Authority::parse(&kept)?, false));
        }
        store.update(|kept| match kept {
            // Another process was faster.
            Some(kept) => Ok((Zeroizing::new(kept.to_vec()), (Authority::parse(kept)?, false))),
            // The key is in another store, or lost. Programs still trust the certificate.
            None if paths::authority_certificate().exists() => Err(missing_key(&item)),
            None => {
                let authority = Authority::make(&names, SystemClock.now())?;
                Ok((authority.to_pem(), (authority, true)))
            }
        })
    })
    .await?;
    publish(&authority)?;
    if is_new {
        let path = paths::authority_certificate();
        ui::note(&format!("Created your own certificate authority: {}", path.display()));
        if protection == Protection::KernelKeyring {
            ui::note(
                "warning: its key is in the kernel keyring, which is emptied at reboot. To keep the key, write \
                 `SecureStore: file` into config.yaml, then: aws-sso ecs trust --renew",
            );
        }
    }
    Ok(authority)
}

/// Replaces the authority, even if it cannot be read. Running servers keep the old one.
pub(crate) async fn renew(
    arguments: &InstanceArguments,
    names: &Names,
) -> Result<PathBuf, Failure> {
    let store = open_store(arguments)?;
    let names = names.clone();
    let authority = blocking(move || {
        match store.read() {
            Ok(_) => {}
            Err(StoreError::KeyMissing { .. }) => drop(store.set_aside()?),
            Err(StoreError::Damaged { path, .. }) if path == store.path() => {
                drop(store.set_aside()?);
            }
            Err(error) => return Err(error.into()),
        }
        let authority = Authority::make(&names, SystemClock.now())?;
        store.update(|_| Ok((authority.to_pem(), authority)))
    })
    .await?;
    publish(&authority)?;
    Ok(paths::authority_certificate())
}

/// A failure of the authority, with the command that solves it. `wanted` are additional names for the certificate.
pub(crate) fn explain(error: &AuthorityError, wanted: &[HostName]) -> Failure {
    let names: String = wanted.iter().map(|name| format!(" --tls-name {name}")).collect();
    let hint = match error {
        AuthorityError::NotValid { .. } => {
            format!(
                "Check the clock of this machine. If it is right: aws-sso ecs trust --renew{names}"
            )
        }
        AuthorityError::MissingName(_) | AuthorityError::Unreadable => format!(
            "Create a new one, which programs must trust again: aws-sso ecs trust --renew{names}"
        ),
        AuthorityError::Refused(_) => return Failure::failed(error),
    };
    Failure::failed(error).with_hint(hint)
}

fn open_store(arguments: &InstanceArguments) -> Result<SecureStore, Failure> {
    let (_, config) = settings::config_file(arguments)?;
    let is_plain = config.secure_store == Some(Ok(config::SecureStore::Json));
    // A plain store is not even opened: it may be in the folder of `JsonStore`.
    let store = match is_plain {
        true => None,
        false => Some(store::open(&config, Item::Authority, Purpose::Create)?),
    };
    store.filter(|store| store.protection() != Protection::Plain).ok_or_else(|| {
        Failure::failed(
            "`SecureStore: json` would store the key of the certificate authority in plain text",
        )
        .with_hint(
            "Write `SecureStore: file` into config.yaml, or use a certificate of your own: \
                 aws-sso ecs run --tls-cert FILE --tls-key FILE",
        )
    })
}

fn missing_key(item: &Path) -> AuthorityFailure {
    let certificate = paths::authority_certificate();
    let text = format!(
        "the certificate authority {} exists, but its key is not in {}",
        certificate.display(),
        item.display()
    );
    AuthorityFailure(Failure::failed(text).with_hint(
        "If you changed SecureStore in config.yaml, change it back. Otherwise make a new authority, which programs \
         must then trust: aws-sso ecs trust --renew",
    ))
}

/// Writes the certificate file, unless it is up to date.
fn publish(authority: &Authority) -> Result<(), Failure> {
    let (path, pem) = (paths::authority_certificate(), authority.certificate_pem());
    if files::read(&path, MAX_BYTES).is_ok_and(|present| present == pem.as_bytes()) {
        return Ok(());
    }
    Ok(files::replace(&path, pem.as_bytes(), Access::Public, Durability::Synced)?)
}

/// Runs work that waits for files, locks or keyrings on a thread for blocking work.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AuthorityFailure> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome.map_err(|AuthorityFailure(failure)| failure),
        Err(error) => Err(Failure::failed(error)),
    }
}

/// A failure with a message about the authority.
struct AuthorityFailure(Failure);

impl From<StoreError> for AuthorityFailure {
    fn from(error: StoreError) -> Self {
        Self(Item::Authority.failed(error))
    }
}

impl From<AuthorityError> for AuthorityFailure {
    fn from(error: AuthorityError) -> Self {
        Self(explain(&error, &[]))
    }
}

/// Our certificate has less than 1 KB.
const MAX_BYTES: u64 = 64 * 1024;
