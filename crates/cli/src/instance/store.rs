//! Opens the secure store with the configured protection and, if necessary, a passphrase from the person.

use std::io::{IsTerminal, stderr, stdin};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use credentials::{Failure, InstanceName};
use providers::secure_store::{ItemName, Passphrase, Protection, SecureStore, StoreError};
use tracing::warn;

use crate::ground::{env, paths, ui};
use config::ConfigFile;

/// An item in the store.
#[derive(Clone, Copy)]
pub(crate) enum Item<'a> {
    /// The sign-in to an instance.
    SignIn(&'a InstanceName),
    /// The certificate authority, with its key.
    Authority,
}

/// The purpose of opening a store. It decides whether a person is asked for a passphrase.
pub(crate) enum Purpose {
    /// Use an existing item. A person is asked for its passphrase.
    Use,
    /// Use or create an item. A person is asked for a new passphrase if nothing else protects it.
    Create,
    /// Use an existing item without asking a person, with a passphrase from before if there is one.
    Unattended(Option<Passphrase>),
}

/// Opens the store of an item.
pub(crate) fn open(
    config: &ConfigFile,
    item: Item<'_>,
    purpose: Purpose,
) -> Result<SecureStore, Failure> {
    let passphrase = match (env::file_password()?, &purpose) {
        (None, Purpose::Unattended(known)) => known.clone(),
        (None, Purpose::Use | Purpose::Create) => typed(item),
        (passphrase, _) => passphrase,
    };
    let has_passphrase = passphrase.is_some();
    let store = open_with(config, item, passphrase)?;
    if store.protection() != Protection::Passphrase || has_passphrase {
        return Ok(store);
    }
    let is_new = !store.key_path().exists();
    match purpose {
        // The store is empty, so there is nothing to open.
        Purpose::Use | Purpose::Unattended(_) if is_new => Ok(store),
        Purpose::Unattended(_) => {
            let text = format!("the server does not have the passphrase of {}", item.description());
            Err(Failure::failed(text)
                .with_hint("Restart it on a terminal, or with AWS_SSO_FILE_PASSWORD"))
        }
        Purpose::Use | Purpose::Create => {
            let passphrase = ask(item, is_new)?;
            let store = open_with(config, item, Some(passphrase.clone()))?;
            let mut typed = TYPED.lock().unwrap_or_else(PoisonError::into_inner);
            typed.push((item.name(), passphrase));
            Ok(store)
        }
    }
}

/// The passphrase that a person typed for this item in this process, so that one command does not ask twice.
pub(crate) fn typed(item: Item<'_>) -> Option<Passphrase> {
    let typed = TYPED.lock().unwrap_or_else(PoisonError::into_inner);
    let found = typed.iter().find(|(name, _)| *name == item.name());
    found.map(|(_, passphrase)| passphrase.clone())
}

/// Whether a person can be asked for a passphrase here.
pub(crate) fn can_ask() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// Whether a passphrase protects the existing sign-in to an instance.
pub(crate) fn is_under_passphrase(config: &ConfigFile, instance: &InstanceName) -> bool {
    // A store that cannot be opened has no question to ask.
    let Ok(wanted) = protection(config) else { return false };
    wanted.is_none_or(|wanted| wanted == Protection::Passphrase)
        && SecureStore::has_key_file(&folder(config, wanted), instance)
}

impl Item<'_> {
    /// The store's error as a failure that names the item.
    pub(crate) fn failed(self, error: StoreError) -> Failure {
        if matches!(self, Self::SignIn(_)) {
            return error.into();
        }
        let text = match &error {
            StoreError::PassphraseNeeded { new: true } => {
                format!("a passphrase is needed to protect {AUTHORITY}")
            }
            StoreError::PassphraseNeeded { new: false } => {
                format!("a passphrase protects {AUTHORITY}")
            }
            StoreError::Several { paths } => {
                let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
                format!("{AUTHORITY} is kept in {}", paths.join(" and "))
            }
            error @ (StoreError::WrongPassphrase { .. }
            | StoreError::KeyMissing { .. }
            | StoreError::Unavailable { .. }
            | StoreError::Damaged { .. }
            | StoreError::Size { .. }
            | StoreError::File(_)) => format!("{AUTHORITY} cannot be used: {error}"),
        };
        let failed = Failure::failed(text);
        match hint_for_authority(&error).map(str::to_owned).or_else(|| error.hint()) {
            Some(hint) => failed.with_hint(hint),
            None => failed,
        }
    }

    fn name(self) -> ItemName {
        match self {
            Self::SignIn(instance) => instance.into(),
            Self::Authority => ItemName::of("ecs", "authority"),
        }
    }

    fn description(self) -> String {
        match self {
            Self::SignIn(instance) => format!("the sign-in to `{instance}`"),
            Self::Authority => AUTHORITY.to_owned(),
        }
    }

    fn in_question(self) -> &'static str {
        match self {
            Self::SignIn(_) => "your sign-in",
            Self::Authority => "your certificate authority",
        }
    }
}

/// The hint for the authority, where the store's own hint is about sign-ins.
fn hint_for_authority(error: &StoreError) -> Option<&'static str> {
    Some(match error {
        StoreError::KeyMissing { protection: Protection::KernelKeyring, .. } => {
            "The kernel's keys are lost at a reboot. Write `SecureStore: file` into config.yaml, and create a new \
             authority: aws-sso ecs trust --renew"
        }
        StoreError::KeyMissing { .. } | StoreError::Damaged { .. } => {
            "Create a new one, which programs must trust again: aws-sso ecs trust --renew"
        }
        StoreError::WrongPassphrase { .. } => {
            "Try again. If it is lost, move that file away and create a new authority: aws-sso ecs trust --renew"
        }
        StoreError::Unavailable { .. } => {
            "Unlock it and try again, or write `SecureStore: file` into config.yaml and create a new authority: \
             aws-sso ecs trust --renew"
        }
        StoreError::PassphraseNeeded { .. }
        | StoreError::Several { .. }
        | StoreError::Size { .. }
        | StoreError::File(_) => return None,
    })
}

fn open_with(
    config: &ConfigFile,
    item: Item<'_>,
    passphrase: Option<Passphrase>,
) -> Result<SecureStore, Failure> {
    let wanted = protection(config)?;
    let folder = folder(config, wanted);
    SecureStore::open(&folder, item.name(), wanted, passphrase).map_err(|error| item.failed(error))
}

/// The protection that the config file asks for.
///
/// # Errors
/// The config file asks for one that cannot be read. Another one could be weaker.
fn protection(config: &ConfigFile) -> Result<Option<Protection>, Failure> {
    use config::SecureStore as Wanted;
    let wanted = match &config.secure_store {
        None => return Ok(None),
        Some(Ok(wanted)) => wanted,
        Some(Err(error)) => return Err(Failure::failed(error.in_file(config.path.display()))),
    };
    Ok(Some(match wanted {
        Wanted::File => Protection::Passphrase,
        Wanted::Keychain => Protection::Keychain,
        // KWallet has been a Secret Service since KDE Frameworks 5.97.
        Wanted::SecretService | Wanted::KWallet => Protection::SecretService,
        Wanted::WinCred => Protection::CredentialManager,
        Wanted::Keyctl => Protection::KernelKeyring,
        Wanted::Json => Protection::Plain,
        Wanted::Pass | Wanted::OnePassword => {
            warn!(
                "SecureStore: pass and 1password are not supported; the system's keyring is used"
            );
            return Ok(None);
        }
    }))
}

/// Our folder, or the folder of `JsonStore`.
fn folder(config: &ConfigFile, wanted: Option<Protection>) -> PathBuf {
    let of_json = config.json_store.as_ref().filter(|_| wanted == Some(Protection::Plain));
    let folder = of_json.and_then(|path| path.parent()).filter(|path| path.is_absolute());
    folder.map_or_else(paths::sign_ins, PathBuf::from)
}

fn ask(item: Item<'_>, is_new: bool) -> Result<Passphrase, Failure> {
    if !can_ask() {
        return Err(item.failed(StoreError::PassphraseNeeded { new: is_new }));
    }
    let what = item.in_question();
    let first = ui::ask_secret(&match is_new {
        true => format!("New passphrase to protect {what}: "),
        false => format!("Passphrase that protects {what}: "),
    })?;
    if is_new && *first != *ui::ask_secret("Repeat the passphrase: ")? {
        return Err(Failure::failed("the two passphrases differ"));
    }
    let passphrase = Passphrase::parse(first.to_string());
    passphrase.map_err(|invalid| Failure::failed(format!("a passphrase {invalid}")))
}

static TYPED: Mutex<Vec<(ItemName, Passphrase)>> = Mutex::new(Vec::new());

const AUTHORITY: &str = "the key of the certificate authority";
