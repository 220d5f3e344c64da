//! Checks the sign-ins, their protection and the age of the catalogues. Asks neither AWS nor the person.

use std::time::Duration;

use credentials::{Clock, Failure, Timestamp, shell_word};
use providers::identity_center::SignedIn;
use providers::secure_store::Protection;
use tokio::task::{JoinError, JoinHandle, spawn_blocking};
use tokio::time::timeout;

use super::finding::Finding;
use crate::ground::clock::SystemClock;
use crate::ground::env;
use crate::instance::access::{self, explain};
use crate::instance::catalogue;
use crate::instance::settings::{ConfiguredInstance, Settings};
use crate::instance::sign_in::until;
use crate::instance::store::{self, Item, Purpose};

/// The findings about each instance.
pub(super) async fn look(settings: Option<&Settings>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if matches!(env::file_password(), Ok(Some(_))) {
        findings.push(Finding::ok(
            "AWS_SSO_FILE_PASSWORD is set: it opens your sign-ins, for every program of this shell",
        ));
    }
    // The checks of the configuration report its errors.
    let Some(settings) = settings else { return findings };
    if settings.instances().is_empty() {
        let why = "only profiles of the AWS config can be loaded";
        let none = Finding::warning("no instance of IAM Identity Center is configured", why);
        findings.push(none.with_solution("aws-sso setup"));
    }
    // All at the same time, because each may wait for a keyring.
    let looks: Vec<_> =
        settings.instances().iter().map(|instance| (instance, begin(settings, instance))).collect();
    for (instance, look) in looks {
        findings.push(match look {
            Some(look) => tell(settings, instance, look.await),
            None => under_passphrase(instance),
        });
        findings.push(catalogue(settings, instance));
    }
    findings
}

/// A stored sign-in, if there is one.
struct Kept {
    protection: Protection,
    signed_in: Option<SignedIn>,
}

/// Why a sign-in cannot be read.
enum Closed {
    Store(Failure),
    Provider(Failure),
    /// No answer in time. A prompt to unlock the keyring may be open.
    Late,
}

/// Starts to read a sign-in. `None`: it needs a passphrase from a person.
fn begin(
    settings: &Settings,
    instance: &ConfiguredInstance,
) -> Option<JoinHandle<Result<Kept, Closed>>> {
    let (config, name) = (settings.config.clone(), instance.instance.name.clone());
    if store::is_under_passphrase(&config, &name) && matches!(env::file_password(), Ok(None)) {
        return None;
    }
    let make = access::with_store(settings, instance);
    let look = async move {
        let open = move || {
            let item = Item::SignIn(&name);
            let store = store::open(&config, item, Purpose::Unattended(None))?;
            store.check_keyring().map_err(|error| item.failed(error))?;
            Ok(store)
        };
        let store = spawn_blocking(open).await.map_err(|_| Closed::Late)?.map_err(Closed::Store)?;
        let center = make(store);
        let signed_in = center.signed_in().await.map_err(Closed::Provider)?;
        Ok(Kept { protection: center.protection(), signed_in })
    };
    Some(tokio::spawn(
        async move { timeout(KEYRING_TIMEOUT, look).await.unwrap_or(Err(Closed::Late)) },
    ))
}

fn under_passphrase(instance: &ConfiguredInstance) -> Finding {
    let name = &instance.instance.name;
    Finding::ok(format!(
        "a passphrase protects the sign-in to `{name}`: aws-sso asks for it when it needs it"
    ))
}

/// The finding about a stored sign-in.
fn tell(
    settings: &Settings,
    instance: &ConfiguredInstance,
    kept: Result<Result<Kept, Closed>, JoinError>,
) -> Finding {
    let name = &instance.instance.name;
    let Kept { protection, signed_in } = match kept.unwrap_or(Err(Closed::Late)) {
        Ok(kept) => kept,
        Err(Closed::Late) => return late(settings, instance),
        Err(Closed::Store(error)) => return closed(instance, error),
        Err(Closed::Provider(error)) => {
            return closed(instance, explain(error, settings, instance));
        }
    };
    let by = in_words(protection);
    match signed_in {
        Some(kept) if kept.from_aws_cli => {
            Finding::ok(format!("signed in to `{name}` {}", until(&kept)))
        }
        Some(kept) => Finding::ok(format!("signed in to `{name}` {}, kept {by}", until(&kept))),
        None => {
            let why = "its slots are not refreshed, and no role of it can be loaded";
            Finding::warning(format!("nobody is signed in to `{name}` (to be kept {by})"), why)
                .with_solution(format!("aws-sso login{}", settings.flag_for(&instance.instance)))
        }
    }
}

fn closed(instance: &ConfiguredInstance, error: Failure) -> Finding {
    let text = format!("the sign-in to `{}` cannot be read: {error}", instance.instance.name);
    Finding::of(error.with_message(text), "no role of it can be loaded")
}

fn late(settings: &Settings, instance: &ConfiguredInstance) -> Finding {
    let finding = format!(
        "what protects the sign-in to `{}` did not answer within {} seconds",
        instance.instance.name,
        KEYRING_TIMEOUT.as_secs()
    );
    let why = "a question to unlock it may wait where nobody sees it; or write `SecureStore: file`";
    let file = shell_word(&settings.config_path.to_string_lossy()).into_owned();
    Finding::problem(finding, why).with_solution(format!("${{EDITOR:-vi}} {file}"))
}

fn in_words(protection: Protection) -> &'static str {
    match protection {
        Protection::SecretService => "in the keyring of the desktop",
        Protection::Keychain => "in the macOS keychain",
        Protection::CredentialManager => "in the Windows Credential Manager",
        Protection::KernelKeyring => "by a key in the kernel's keyring, which a reboot empties",
        Protection::Passphrase => "under a passphrase",
        Protection::Plain => "in a plain file, which is for tests",
    }
}

/// The finding about the age of the catalogue.
fn catalogue(settings: &Settings, instance: &ConfiguredInstance) -> Finding {
    let name = &instance.instance.name;
    let catalogue = access::catalogue_file(instance).read();
    let command = format!("aws-sso cache{}", settings.flag_for(&instance.instance));
    let roles = catalogue.role_count();
    let Some(at) = catalogue.updated_at else {
        let why = "roles are known by account and name alone";
        let finding = format!("the accounts and roles of `{name}` were never fetched");
        return Finding::warning(finding, why).with_solution(command);
    };
    let finding = format!("{roles} roles of `{name}` are known, as of {} ago", age(at));
    match catalogue::is_old(settings, &catalogue) {
        true => Finding::warning(finding, "new ones are missing").with_solution(command),
        false => Finding::ok(finding),
    }
}

fn age(at: Timestamp) -> String {
    let hours = (SystemClock.now().as_second() - at.as_second()).max(0) / 3600;
    match hours {
        0 => "less than an hour".to_owned(),
        1 => "an hour".to_owned(),
        2..48 => format!("{hours} hours"),
        _ => format!("{} days", hours / 24),
    }
}

/// A keyring may wait for an answer to a prompt that the person does not see.
const KEYRING_TIMEOUT: Duration = Duration::from_secs(5);
