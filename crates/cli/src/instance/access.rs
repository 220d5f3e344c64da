//! Builds an `IdentityCenter` from the settings of an instance, with the store of its sign-in.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use config::aws_config::AwsConfig;
use credentials::{Failure, InstanceName, Problem};
use providers::Aws;
use providers::identity_center::{self, AwsCliCache, CatalogueFile, IdentityCenter, Retries};
use providers::secure_store::{Passphrase, Protection, SecureStore};
use tokio::time::timeout;

use crate::ground::clock::SystemClock;
use crate::ground::{env, paths, process, ui};
use crate::instance::settings::{self, ConfiguredInstance, Settings};
use crate::instance::store::{self, Item, Purpose};

/// The client for AWS, with the CA bundle and the selected profile of the environment.
pub(crate) fn aws() -> Aws {
    aws_with(&settings::aws_config())
}

/// The same with an AWS config that was read before.
pub(crate) fn aws_with(config: &AwsConfig) -> Aws {
    let selected = env::aws_profile();
    Aws::new(Arc::new(SystemClock), env::ca_bundle())
        .with_profile(config, selected.as_deref().unwrap_or("default"))
}

/// Opens an instance with its store. A person is asked for the passphrase if one protects the sign-in.
pub(crate) fn open(
    settings: &Settings,
    instance: &ConfiguredInstance,
) -> Result<IdentityCenter, Failure> {
    open_for(settings, instance, Purpose::Use)
}

/// Opens an instance to sign in. A person is asked for a new passphrase if nothing else protects the sign-in.
pub(crate) fn open_to_sign_in(
    settings: &Settings,
    instance: &ConfiguredInstance,
) -> Result<IdentityCenter, Failure> {
    open_for(settings, instance, Purpose::Create)
}

/// Opens an instance without asking a person, with a passphrase from before if there is one.
pub(crate) fn open_unattended(
    settings: &Settings,
    instance: &ConfiguredInstance,
    passphrase: Option<Passphrase>,
) -> Result<IdentityCenter, Failure> {
    open_for(settings, instance, Purpose::Unattended(passphrase))
}

/// Opens an instance for calls that need no sign-in. The keyring is not used.
pub(crate) fn open_without_sign_in(
    settings: &Settings,
    instance: &ConfiguredInstance,
) -> Result<IdentityCenter, Failure> {
    let (folder, name) = (paths::sign_ins(), &instance.instance.name);
    let store = SecureStore::open(&folder, name, Some(Protection::Plain), None);
    let store = store.map_err(|error| Item::SignIn(name).failed(error))?;
    Ok(with_store(settings, instance)(store))
}

/// Asks for the passphrases of all existing sign-ins, so that the server can use them later without asking.
/// A person may skip each of them.
pub(crate) fn ask_passphrases(
    settings: &Settings,
) -> Result<HashMap<InstanceName, Passphrase>, Failure> {
    let mut passphrases = HashMap::new();
    for instance in settings.instances() {
        let name = &instance.instance.name;
        if !store::is_under_passphrase(&settings.config, name) {
            continue;
        }
        if let Some(passphrase) = store::typed(Item::SignIn(name)) {
            passphrases.insert(name.clone(), passphrase);
            continue;
        }
        let question = format!(
            "Passphrase that protects your sign-in to `{name}` (press Enter to skip: its slots are not refreshed): "
        );
        let answer = ui::ask_secret(&question)?;
        if let Ok(passphrase) = Passphrase::parse(answer.to_string()) {
            passphrases.insert(name.clone(), passphrase);
        }
    }
    Ok(passphrases)
}

fn open_for(
    settings: &Settings,
    instance: &ConfiguredInstance,
    purpose: Purpose,
) -> Result<IdentityCenter, Failure> {
    let item = Item::SignIn(&instance.instance.name);
    let store = store::open(&settings.config, item, purpose)?;
    process::hold_signals();
    Ok(with_store(settings, instance)(store))
}

/// Builds an instance from an already opened store.
pub(crate) fn with_store(
    settings: &Settings,
    instance: &ConfiguredInstance,
) -> impl FnOnce(SecureStore) -> IdentityCenter + Send + 'static + use<> {
    let Settings { config, .. } = settings;
    let (max_attempts, max_backoff) = (config.max_retry, config.max_backoff);
    let retries = Retries { max_attempts, max_backoff, patience: None };
    let aws_cli = aws_cli_sign_in(settings, instance);
    let (aws, instance) = (aws_with(&settings.aws_config), instance.instance.clone());
    move |store| IdentityCenter::new(aws, instance, store, aws_cli, retries)
}

/// Waits until a renewed access token is saved, because AWS may not accept the old one any more. After the timeout,
/// the old token stays valid for a while.
pub(crate) async fn saved() {
    timeout(SAVE_TIMEOUT, identity_center::wait_until_saved()).await.ok();
}

/// The file of the instance's catalogue.
pub(crate) fn catalogue_file(instance: &ConfiguredInstance) -> CatalogueFile {
    CatalogueFile::new(&paths::catalogues(), &instance.instance)
}

/// Adds a hint with the command for this instance.
pub(crate) fn explain(
    failure: Failure,
    settings: &Settings,
    instance: &ConfiguredInstance,
) -> Failure {
    let flag = settings.flag_for(&instance.instance);
    let hint = match failure.problem {
        _ if failure.hint.is_some() => return failure,
        Problem::SignInNeeded => format!("Sign in: aws-sso login{flag}"),
        Problem::Denied => format!(
            "List your roles: aws-sso list{flag}; update the list from AWS: aws-sso cache{flag}"
        ),
        Problem::Throttled
        | Problem::Unavailable
        | Problem::Invalid
        | Problem::Usage
        | Problem::Unreachable
        | Problem::CommandNotFound
        | Problem::CommandNotExecutable
        | Problem::Interrupted => return failure,
    };
    failure.with_hint(hint)
}

/// Warns if our clock differs from AWS's clock, because signatures and expirations depend on it.
pub(crate) fn warn_about_clock(center: &IdentityCenter) {
    if let Some(warning) = clock_warning(center) {
        ui::note(&format!("warning: {}", warning.whole()));
    }
}

/// The warning about our clock, if it differs from AWS's clock.
pub(crate) fn clock_warning(center: &IdentityCenter) -> Option<Failure> {
    let difference = clock_difference(center)?;
    Some(Failure::failed(difference).with_hint(format!("Set the clock: {SET_CLOCK}")))
}

/// The difference between our clock and AWS's clock, if it is too large.
pub(crate) fn clock_difference(center: &IdentityCenter) -> Option<String> {
    let offset = center.clock_offset();
    let minutes = offset.abs().as_mins();
    let direction = if offset.is_positive() { "behind" } else { "ahead of" };
    (offset.abs() > IdentityCenter::CLOCK_TOLERANCE)
        .then(|| format!("this machine's clock is {minutes} minutes {direction} AWS's"))
}

/// The AWS CLI's sign-in to the same instance. Its key is the name of the `[sso-session]`. Profiles with a start URL and older
/// versions use the start URL, which counts only if no other instance has it.
fn aws_cli_sign_in(settings: &Settings, instance: &ConfiguredInstance) -> Option<AwsCliCache> {
    let key = match instance.sso_sessions.first() {
        Some(session) => session.as_str(),
        None if !settings.shares_start_url(&instance.instance) => {
            instance.instance.start_url.as_str()
        }
        None => return None,
    };
    Some(AwsCliCache::new(paths::aws_cli_sign_ins(), key))
}

const SAVE_TIMEOUT: Duration = Duration::from_secs(5);

/// The command that sets our clock.
pub(crate) const SET_CLOCK: &str = "sudo timedatectl set-ntp true";
