//! The person's own certificate authority: made at first use, sealed in the secure store, its certificate beside it for
//! everybody to read.
//!
//! Must not make another by itself while one is there that can't be had: programs trust that one.

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

/// The authority that is there; else a new one, for these names.
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
            // Its key was kept elsewhere, or is lost: programs trust it all the same.
            None if paths::authority_certificate().exists() => Err(key_lacking(&item)),
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
        ui::note(&format!("A certificate authority of your own was made: {}", path.display()));
        if protection == Protection::KernelKeyring {
            ui::note(
                "warning: its key is in the keyring of the kernel, which forgets it at a reboot. To keep it, write \
                 `SecureStore: file` into config.yaml, then: aws-sso ecs trust --renew",
            );
        }
    }
    Ok(authority)
}

/// Makes another authority in the place of the one that is there, which need not be readable. Servers that run keep theirs.
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

/// A failure of the authority's, with what to type if these names are wanted beside the usual ones.
pub(crate) fn explain(error: &AuthorityError, wanted: &[HostName]) -> Failure {
    let names: String = wanted.iter().map(|name| format!(" --tls-name {name}")).collect();
    let hint = match error {
        AuthorityError::NotValid { .. } => {
            format!("Look at the clock. If it is right: aws-sso ecs trust --renew{names}")
        }
        AuthorityError::MissingName(_) | AuthorityError::Unreadable => format!(
            "Make another, which programs have to trust anew: aws-sso ecs trust --renew{names}"
        ),
        AuthorityError::Refused(_) => return Failure::failed(error),
    };
    Failure::failed(error).with_hint(hint)
}

fn open_store(arguments: &InstanceArguments) -> Result<SecureStore, Failure> {
    let (_, config) = settings::config_file(arguments)?;
    let wants_it_plain = config.secure_store == Some(config::SecureStore::Json);
    // Not even opened: it might be in the folder of `JsonStore`.
    let store = match wants_it_plain {
        true => None,
        false => Some(store::open(&config, Item::Authority, Purpose::Make)?),
    };
    store.filter(|store| store.protection() != Protection::Plain).ok_or_else(|| {
        Failure::failed(
            "`SecureStore: json` would keep the key of the certificate authority in clear",
        )
        .with_hint(
            "Write another SecureStore into config.yaml, such as `file`, or bring a certificate: \
                 aws-sso ecs run --tls-cert FILE --tls-key FILE",
        )
    })
}

fn key_lacking(item: &Path) -> AuthorityFailure {
    let certificate = paths::authority_certificate();
    let text = format!(
        "there is a certificate authority, {}, and its key is not in {}",
        certificate.display(),
        item.display()
    );
    AuthorityFailure(Failure::failed(text).with_hint(
        "If you have changed SecureStore in config.yaml, change it back; else make another authority, which programs \
         have to trust anew: aws-sso ecs trust --renew",
    ))
}

/// Writes the certificate, unless it is there.
fn publish(authority: &Authority) -> Result<(), Failure> {
    let (path, pem) = (paths::authority_certificate(), authority.certificate_pem());
    if files::read(&path, MAX_BYTES).is_ok_and(|present| present == pem.as_bytes()) {
        return Ok(());
    }
    Ok(files::replace(&path, pem.as_bytes(), Access::Public, Durability::Synced)?)
}

/// Stores wait for files, locks and keyrings.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AuthorityFailure> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome.map_err(|AuthorityFailure(failure)| failure),
        Err(error) => Err(Failure::failed(error)),
    }
}

/// A failure in words about the authority.
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
