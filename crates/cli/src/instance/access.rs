//! From an instance's settings to the library's `IdentityCenter`, with the store of its sign-in.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use credentials::{Failure, Instance, InstanceName, Problem};
use providers::Aws;
use providers::identity_center::{self, AwsCliCache, CatalogueFile, IdentityCenter, Retries};
use providers::secure_store::{Passphrase, Protection, SecureStore};
use tokio::time::timeout;

use crate::ground::clock::SystemClock;
use crate::ground::{env, paths, process, ui};
use crate::instance::settings::{ConfiguredInstance, Settings};
use crate::instance::store::{self, Item, Purpose};

/// The way to AWS, with what the environment says about it.
pub(crate) fn aws() -> Aws {
    Aws::new(Arc::new(SystemClock), env::ca_bundle())
}

/// An instance, with its store open. A person is asked for the passphrase, if one protects their sign-in.
pub(crate) fn open(
    settings: &Settings,
    instance: &ConfiguredInstance,
) -> Result<IdentityCenter, Failure> {
    open_for(settings, instance, Purpose::Use)
}

/// The same, to sign in: a person is asked for a new passphrase too, if nothing else protects their sign-in.
pub(crate) fn open_to_sign_in(
    settings: &Settings,
    instance: &ConfiguredInstance,
) -> Result<IdentityCenter, Failure> {
    open_for(settings, instance, Purpose::Make)
}

/// The same, where nobody can be asked: with the passphrase that was asked for before, if there is one.
pub(crate) fn open_unattended(
    settings: &Settings,
    instance: &ConfiguredInstance,
    passphrase: Option<Passphrase>,
) -> Result<IdentityCenter, Failure> {
    open_for(settings, instance, Purpose::Unattended(passphrase))
}

/// The same for who asks AWS without being signed in: no keyring is looked at.
pub(crate) fn open_without_sign_in(
    settings: &Settings,
    instance: &ConfiguredInstance,
) -> Result<IdentityCenter, Failure> {
    let (folder, name) = (paths::sign_ins(), &instance.instance.name);
    let store = SecureStore::open(&folder, name, Some(Protection::Plain), None);
    let store = store.map_err(|error| Item::SignIn(name).failed(error))?;
    Ok(with_store(settings, instance)(store))
}

/// Asks for the passphrases of the sign-ins that are there, unless they were typed already, so that they can be used later,
/// where nobody can be asked.
/// A person may leave any out.
pub(crate) fn ask_beforehand(
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
            "The passphrase that protects your sign-in to `{name}` (Enter alone: its slots are not refreshed): "
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

/// What makes it of its store, for who opens that elsewhere.
pub(crate) fn with_store(
    settings: &Settings,
    instance: &ConfiguredInstance,
) -> impl FnOnce(SecureStore) -> IdentityCenter + Send + 'static + use<> {
    let Settings { config, .. } = settings;
    let retries = Retries { max_attempts: config.max_retry, max_backoff: config.max_backoff };
    let aws_cli = aws_cli_sign_in(settings, instance);
    let instance = instance.instance.clone();
    move |store| IdentityCenter::new(aws(), instance, store, aws_cli, retries)
}

/// Waits until a refreshed token is saved, as AWS may take the old one no more. If it takes too long to come, the old one is
/// good for a while yet.
pub(crate) async fn saved() {
    timeout(SAVING, identity_center::wait_until_saved()).await.ok();
}

/// Where the instance's catalogue is.
pub(crate) fn catalogue_file(instance: &ConfiguredInstance) -> CatalogueFile {
    CatalogueFile::new(&paths::catalogues(), &instance.instance)
}

/// A failure, with what to type for this instance.
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
            "See what you may use: aws-sso list{flag}; ask AWS for it anew: aws-sso cache{flag}"
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

/// Says that our clock is off, if AWS's last answer showed it: signatures and expirations depend on it.
pub(crate) fn mention_clock(center: &IdentityCenter) {
    if let Some(warning) = clock_warning(center) {
        ui::note(&format!("warning: {}", warning.whole()));
    }
}

/// That our clock is off, if it is.
pub(crate) fn clock_warning(center: &IdentityCenter) -> Option<Failure> {
    let difference = clock_difference(center)?;
    Some(Failure::failed(difference).with_hint(format!("Set it: {SET_CLOCK}")))
}

/// How far our clock is off, if it is.
pub(crate) fn clock_difference(center: &IdentityCenter) -> Option<String> {
    let offset = center.clock_offset();
    let minutes = offset.abs().as_mins();
    let direction = if offset.is_positive() { "behind" } else { "ahead of" };
    (offset.abs() > IdentityCenter::CLOCK_TOLERANCE)
        .then(|| format!("this machine's clock is {minutes} minutes {direction} AWS's"))
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

const SAVING: Duration = Duration::from_secs(5);

/// What sets our clock.
pub(crate) const SET_CLOCK: &str = "sudo timedatectl set-ntp true";
