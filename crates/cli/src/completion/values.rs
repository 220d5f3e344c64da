//! The possible values of an argument, from the catalogues on disk, the configuration and a server.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use clap_complete::CompletionCandidate;
use credentials::{AccountId, Clock, Partition, RoleArn, RoleName};
use providers::identity_center::Catalogue;
use server::TokenStore;

use super::line::Line;
use crate::client::Client;
use crate::ground::clock::SystemClock;
use crate::ground::values::Values;
use crate::ground::{paths, ui};
use crate::instance::access;
use crate::instance::roles::Roles;
use crate::instance::settings::{ConfiguredInstance, Settings};

/// A value and its description.
type Described = (String, Option<String>);

impl Values {
    /// The values that begin with the typed text.
    pub(super) fn candidates(self, line: &Line, typed: &str) -> Vec<CompletionCandidate> {
        let described = match self {
            Self::Slots => slots(line),
            Self::Tokens => tokens(),
            Self::Profiles | Self::Accounts | Self::Roles | Self::Arns | Self::Instances => {
                Settings::read(&line.instance())
                    .ok()
                    .and_then(|settings| self.of_settings(&settings, line, typed))
            }
        };
        let described = described.unwrap_or_default().into_iter();
        let described = described.filter(|(value, _)| value.starts_with(typed));
        described
            .map(|(value, help)| {
                let help = help.map(|help| ui::printable(&help).into_owned().into());
                // Without a tag, the engine formats the argument's usage for each of 10,000 values.
                CompletionCandidate::new(value).help(help).tag(Some("values".into()))
            })
            .collect()
    }

    fn of_settings(self, settings: &Settings, line: &Line, typed: &str) -> Option<Vec<Described>> {
        if let Self::Instances = self {
            let described = |instance: &ConfiguredInstance| {
                let instance = &instance.instance;
                (instance.name.to_string(), Some(instance.start_url.as_str().to_owned()))
            };
            return Some(settings.instances().iter().map(described).collect());
        }
        let instances = settings.candidates().ok()?.into_iter();
        let known: Vec<(&ConfiguredInstance, Catalogue)> =
            instances.map(|it| (it, access::catalogue_file(it).read())).collect();
        // Sorted, without duplicates: several instances may have the same value.
        let mut values: BTreeMap<String, Option<String>> = BTreeMap::new();
        for (instance, catalogue) in &known {
            match self {
                Self::Profiles => profiles(settings, instance, catalogue, typed, &mut values)?,
                Self::Accounts => accounts(instance, catalogue, &mut values),
                Self::Arns => values.extend(roles(instance, catalogue).map(|(account, role)| {
                    let partition = Partition::of_region(instance.instance.region.as_str());
                    let (account_id, role_name) = (account.clone(), role.clone());
                    (RoleArn { partition, account_id, path: None, role_name }.to_string(), None)
                })),
                Self::Slots | Self::Roles | Self::Instances | Self::Tokens => {
                    let wanted = line.account();
                    let is_in = |id: &AccountId| wanted.as_ref().is_none_or(|wanted| wanted == id);
                    let roles = roles(instance, catalogue).filter(|(id, _)| is_in(id));
                    values.extend(roles.map(|(_, role)| (role.as_str().to_owned(), None)));
                }
            }
        }
        if let Self::Profiles = self {
            for name in settings.aws_config.names() {
                values.entry(name.to_owned()).or_insert(Some("of the AWS config".to_owned()));
            }
        }
        Some(values.into_iter().collect())
    }
}

fn profiles(
    settings: &Settings,
    instance: &ConfiguredInstance,
    catalogue: &Catalogue,
    typed: &str,
    values: &mut BTreeMap<String, Option<String>>,
) -> Option<()> {
    let roles = Roles::of(settings, instance, catalogue).ok()?;
    let roles = roles.roles.iter().filter(|role| role.profile.as_str().starts_with(typed));
    for role in roles {
        let (account, name) = (role.account_id.as_str(), role.role_name.as_str());
        let entry = values.entry(role.profile.to_string());
        entry.or_insert_with(|| Some(format!("{name} in {account}")));
    }
    Some(())
}

/// Adds the accounts. A name in config.yaml replaces the name from AWS.
fn accounts(
    instance: &ConfiguredInstance,
    catalogue: &Catalogue,
    values: &mut BTreeMap<String, Option<String>>,
) {
    let of_aws = catalogue.accounts.iter().map(|account| (&account.id, &account.name));
    let of_config = instance.accounts.iter().map(|account| (&account.id, &account.name));
    for (id, name) in of_aws.chain(of_config) {
        let described = values.entry(id.as_str().to_owned()).or_default();
        *described = name.clone().or_else(|| described.take());
    }
}

/// All roles, including those that are only in config.yaml.
fn roles<'a>(
    instance: &'a ConfiguredInstance,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = (&'a AccountId, &'a RoleName)> {
    let of_aws = catalogue.accounts.iter();
    let of_aws = of_aws.flat_map(|account| account.roles.iter().map(|role| (&account.id, role)));
    let of_config = instance.accounts.iter().flat_map(|account| {
        let assumed = account.roles.iter().filter(|role| role.via.is_some());
        assumed.map(|role| (&account.id, &role.name))
    });
    of_aws.chain(of_config)
}

/// The slots of the server; `None` if it does not answer at once.
fn slots(line: &Line) -> Option<Vec<Described>> {
    let arguments = line.server();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let client = Client::new(&arguments).ok()?;
        let slots = block_on(client.named_profiles())?.ok()?;
        sender.send(slots).ok()
    });
    let slots = receiver.recv_timeout(SERVER_TIMEOUT).ok()?;
    let described = |slot: server::wire::ProfileObject| {
        let expires = format!("{}, {}", slot.state, slot.expires);
        (slot.profile_name, Some(expires))
    };
    Some(slots.into_iter().map(described).collect())
}

fn tokens() -> Option<Vec<Described>> {
    let tokens = TokenStore::at(paths::token_store()).list(SystemClock.now()).ok()?;
    let usable = tokens.into_iter().filter(|token| !token.is_revoked);
    Some(usable.map(|token| (token.grant.serial.to_string(), token.file)).collect())
}

fn block_on<T>(work: impl Future<Output = T>) -> Option<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    Some(runtime.block_on(work))
}

const SERVER_TIMEOUT: Duration = Duration::from_millis(100);
