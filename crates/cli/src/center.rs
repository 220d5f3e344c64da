//! From an instance's settings to the library's `IdentityCenter`: where its sign-in is kept, and what opens it.

use std::collections::HashMap;
use std::io::{IsTerminal, stderr, stdin};
use std::path::PathBuf;
use std::sync::Arc;

use credentials::InstanceName;
use providers::identity_center::{AwsCliCache, CatalogueFile, IdentityCenter, Instance, Retries};
use providers::secure_store::{Passphrase, Protection, SecureStore, StoreError};
use providers::{Aws, Problem, ProviderError};
use tracing::warn;

use crate::clock::SystemClock;
use crate::config_file::{self, ConfigFile};
use crate::error::CommandError;
use crate::settings::{ConfiguredInstance, Settings};
use crate::{env, paths, process, ui};

/// The way to AWS, with what the environment says about it.
pub(crate) fn aws() -> Aws {
    Aws::new(Arc::new(SystemClock), env::ca_bundle())
}

/// An instance, with its store open. A person is asked for the passphrase, if one protects their sign-in.
pub(crate) fn open(
    settings: &Settings,
    instance: &ConfiguredInstance,
) -> Result<IdentityCenter, CommandError> {
    open_for(settings, instance, Purpose::Use)
}

/// The same, to sign in: a person is asked for a new passphrase too, if nothing else protects their sign-in.
pub(crate) fn open_to_sign_in(
    settings: &Settings,
    instance: &ConfiguredInstance,
) -> Result<IdentityCenter, CommandError> {
    open_for(settings, instance, Purpose::SignIn)
}

/// The same, where nobody can be asked: with the passphrase that was asked for before, if there is one.
pub(crate) fn open_unattended(
    settings: &Settings,
    instance: &ConfiguredInstance,
    passphrase: Option<Passphrase>,
) -> Result<IdentityCenter, CommandError> {
    open_for(settings, instance, Purpose::Unattended(passphrase))
}

/// Whether a person can be asked for a passphrase here.
pub(crate) fn can_ask() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// Asks for the passphrases of the sign-ins that are there, so that they can be used later, where nobody can be asked.
/// A person may leave any out.
pub(crate) fn ask_beforehand(
    settings: &Settings,
) -> Result<HashMap<InstanceName, Passphrase>, CommandError> {
    let mut passphrases = HashMap::new();
    for instance in settings.instances() {
        let name = &instance.instance.name;
        let wanted = protection(&settings.config);
        let is_other = wanted.is_some_and(|wanted| wanted != Protection::Passphrase);
        if is_other || !SecureStore::has_key_file(&folder(&settings.config, wanted), name) {
            continue;
        }
        let question = format!(
            "The passphrase that protects your sign-in to `{name}` (Enter alone: its slots are not refreshed): "
        );
        let answer = ui::ask_secret(&question)?;
        if let Ok(passphrase) = Passphrase::parse(answer.to_string()) {
            passphrases.insert(name.clone(), passphrase);
        }
    }
    Ok(passphrases)
}

enum Purpose {
    Use,
    SignIn,
    Unattended(Option<Passphrase>),
}

fn open_for(
    settings: &Settings,
    instance: &ConfiguredInstance,
    purpose: Purpose,
) -> Result<IdentityCenter, CommandError> {
    let store = open_store(&settings.config, instance, purpose)?;
    let Settings { config, .. } = settings;
    let retries = Retries { attempts: config.max_retry, longest_pause: config.max_backoff_seconds };
    let aws_cli = aws_cli_sign_in(settings, instance);
    process::hold_signals();
    Ok(IdentityCenter::new(aws(), instance.instance.clone(), store, aws_cli, retries))
}

/// Where the instance's catalogue is.
pub(crate) fn catalogue_file(instance: &ConfiguredInstance) -> CatalogueFile {
    CatalogueFile::new(&paths::catalogues(), &instance.instance)
}

/// A failure, with what to type for this instance.
pub(crate) fn explain(
    error: ProviderError,
    settings: &Settings,
    instance: &ConfiguredInstance,
) -> CommandError {
    let flag = settings.flag_for(&instance.instance);
    let hint = match error.problem {
        Problem::SignInNeeded => Some(format!("Sign in: aws-sso login{flag}")),
        Problem::Denied => Some(format!(
            "See what you may use: aws-sso list{flag}; ask AWS for it anew: aws-sso cache{flag}"
        )),
        Problem::Throttled | Problem::Unavailable | Problem::Invalid => None,
    };
    let hint = error.hint().map(str::to_owned).or(hint);
    let error = CommandError::from(error);
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

/// Says that our clock is off, if AWS's last answer showed it: signatures and expirations depend on it.
pub(crate) fn mention_clock(center: &IdentityCenter) {
    if let Some(warning) = clock_warning(center) {
        ui::note(&format!("warning: {warning}"));
    }
}

/// What is to be said of our clock, if it is off.
pub(crate) fn clock_warning(center: &IdentityCenter) -> Option<String> {
    let offset = center.clock_offset();
    let (minutes, direction) = (offset.abs() / 60, if offset > 0 { "behind" } else { "ahead of" });
    (offset.abs() > IdentityCenter::CLOCK_TOLERANCE).then(|| {
        format!(
            "this machine's clock is {minutes} minutes {direction} AWS's. \
             Set it: sudo timedatectl set-ntp true"
        )
    })
}

fn open_store(
    config: &ConfigFile,
    instance: &ConfiguredInstance,
    purpose: Purpose,
) -> Result<SecureStore, CommandError> {
    let passphrase = match (env::file_password()?, &purpose) {
        (None, Purpose::Unattended(asked_before)) => asked_before.clone(),
        (passphrase, _) => passphrase,
    };
    let has_passphrase = passphrase.is_some();
    let store = open_with(config, instance, passphrase)?;
    if store.protection() != Protection::Passphrase || has_passphrase {
        return Ok(store);
    }
    let is_new = !store.key_path().exists();
    match purpose {
        // Nothing is kept yet, so there is nothing to open.
        Purpose::Use | Purpose::Unattended(_) if is_new => Ok(store),
        Purpose::Unattended(_) => {
            let name = &instance.instance.name;
            let text =
                format!("the server was not given the passphrase of the sign-in to `{name}`");
            Err(CommandError::failed(text)
                .with_hint("Start it again, on a terminal or with AWS_SSO_FILE_PASSWORD"))
        }
        Purpose::Use | Purpose::SignIn => open_with(config, instance, Some(ask(is_new)?)),
    }
}

fn open_with(
    config: &ConfigFile,
    instance: &ConfiguredInstance,
    passphrase: Option<Passphrase>,
) -> Result<SecureStore, CommandError> {
    let wanted = protection(config);
    let folder = folder(config, wanted);
    SecureStore::open(&folder, &instance.instance.name, wanted, passphrase).map_err(failed)
}

/// What the config file wants, by our names for it.
fn protection(config: &ConfigFile) -> Option<Protection> {
    use config_file::SecureStore as Wanted;
    Some(match config.secure_store? {
        Wanted::File => Protection::Passphrase,
        Wanted::Keychain => Protection::Keychain,
        // KWallet has been a Secret Service since KDE Frameworks 5.97.
        Wanted::SecretService | Wanted::KWallet => Protection::SecretService,
        Wanted::WinCred => Protection::CredentialManager,
        Wanted::Keyctl => Protection::KernelKeyring,
        Wanted::Json => Protection::Plain,
        Wanted::Pass | Wanted::OnePassword => {
            warn!(
                "SecureStore: pass and 1password are not known here; the system's keyring is used"
            );
            return None;
        }
    })
}

/// Ours, or the one that `JsonStore` is in.
fn folder(config: &ConfigFile, wanted: Option<Protection>) -> PathBuf {
    let of_json = config.json_store.as_ref().filter(|_| wanted == Some(Protection::Plain));
    let folder = of_json.and_then(|path| path.parent()).filter(|path| path.is_absolute());
    folder.map_or_else(paths::sign_ins, PathBuf::from)
}

fn ask(is_new: bool) -> Result<Passphrase, CommandError> {
    if !can_ask() {
        return Err(failed(StoreError::PassphraseNeeded { new: is_new }));
    }
    let first = ui::ask_secret(match is_new {
        true => "A passphrase to protect your sign-in with: ",
        false => "The passphrase that protects your sign-in: ",
    })?;
    if is_new && *first != *ui::ask_secret("The same passphrase again: ")? {
        return Err(CommandError::failed("the passphrases are not the same"));
    }
    let passphrase = Passphrase::parse(first.to_string());
    passphrase.map_err(|invalid| CommandError::failed(format!("a passphrase {invalid}")))
}

/// What the AWS CLI keeps for the same instance: by the name of its `[sso-session]`; else by the start URL, as older
/// versions do, unless two identities share that.
fn aws_cli_sign_in(settings: &Settings, instance: &ConfiguredInstance) -> Option<AwsCliCache> {
    let Instance { name, start_url, .. } = &instance.instance;
    let key = match instance.is_in_aws_config {
        true => name.as_str(),
        false if !settings.shares_start_url(&instance.instance) => start_url.as_str(),
        false => return None,
    };
    Some(AwsCliCache::new(paths::aws_cli_sign_ins(), key))
}

fn failed(error: StoreError) -> CommandError {
    CommandError::from(ProviderError::from(error))
}
