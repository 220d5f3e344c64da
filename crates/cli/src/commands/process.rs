//! `aws-sso process`

use std::time::Duration;

use clap::{ArgGroup, Args};
use credentials::{
    AccountId, Credentials, Failure, Fetched, InstanceName, Principal, Problem, Profile,
    ProfileName, RoleName, SlotName,
};
use serde::Serialize;
use server::wire::ProfileObject;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::client::Client;
use crate::client::arguments::ServerArguments;
use crate::ground::{env, ui};
use crate::instance::arguments::{InstanceArguments, RoleArguments, Wanted};
use crate::instance::obtain::obtain;
use crate::instance::settings::Settings;

/// Print a role's credentials as a credential_process of the AWS config does
///
/// They come from the memory of the running server, if it has the role, else from where `aws-sso ecs load` has them. In
/// ~/.aws/config: credential_process = aws-sso process --profile NAME
#[derive(Args)]
#[command(group(ArgGroup::new("source").required(true)))]
pub(crate) struct Arguments {
    #[command(flatten)]
    role: RoleArguments,
    #[command(flatten)]
    instance: InstanceArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { role, instance, server } = arguments;
    let wanted = role.wanted().ok_or_else(|| Failure::new(Problem::Usage, "no role is named"))?;
    let settings = Settings::read(&instance).await?;
    // Whoever runs us as a credential_process may be that server, or ask for what it has already.
    if !env::is_within_credential_process()
        && let Some(whose) = Whose::by(&settings)
        && let Some(Fetched { principal, credentials }) = from_server(&server, &wanted, whose).await
    {
        return print(&principal, &credentials);
    }
    let Profile { principal, credentials, .. } = obtain(&settings, wanted).await?;
    print(&principal, &credentials)
}

/// Whose credentials a slot must hold to be the ones that are meant.
#[derive(Clone, Copy)]
enum Whose<'a> {
    /// There is one identity at most.
    Anybodys,
    /// Another identity may have a role of the same name.
    Of(&'a InstanceName),
}

impl<'a> Whose<'a> {
    /// `None`: nobody has said which instance is meant. The catalogues may tell.
    fn by(settings: &'a Settings) -> Option<Self> {
        match settings.instances().len() {
            0 | 1 if !settings.is_one_chosen() => Some(Self::Anybodys),
            _ => settings.chosen().ok().map(|chosen| Self::Of(&chosen.instance.name)),
        }
    }

    fn is(self, profile: &ProfileObject) -> bool {
        match self {
            Self::Anybodys => true,
            Self::Of(instance) => is_of(profile, instance),
        }
    }
}

/// What the server has of the role. That it has nothing, or is none of ours, is nobody's trouble.
async fn from_server(
    server: &ServerArguments,
    wanted: &Wanted,
    whose: Whose<'_>,
) -> Option<Fetched> {
    let ask = async {
        let client = Client::new(server)?;
        let of_default = match wanted {
            Wanted::Profile(name) => role_in_default_slot(&client, name, whose).await,
            Wanted::Role(..) => None,
        };
        let (slot, wanted) = match &of_default {
            Some(role) => (Some(SlotName::Default), role),
            None => (slot(&client, wanted, whose).await?, wanted),
        };
        let Some(slot) = slot else { return Ok(None) };
        let fetched = client.credentials(&slot).await?;
        Ok(Some(fetched).filter(|fetched| is_for(wanted, &fetched.principal)))
    };
    let late = || Err(Failure::failed("the server does not answer"));
    match timeout(PATIENCE, ask).await.unwrap_or_else(|_| late()) {
        Ok(fetched) => fetched,
        Err(error) => {
            tracing::debug!("nothing is taken from the server: {}", error.message);
            None
        }
    }
}

/// The role of a profile that is in the default slot. By its name alone it could not be told from what is loaded there the
/// next moment.
async fn role_in_default_slot(
    client: &Client,
    name: &ProfileName,
    whose: Whose<'_>,
) -> Option<Wanted> {
    let profile = client.default_profile().await.ok()?;
    let is_meant = profile.profile_name == name.as_str() && whose.is(&profile);
    let (account, role) = profile.account_id.zip(profile.role_name).filter(|_| is_meant)?;
    Some(Wanted::Role(AccountId::parse(&account).ok()?, RoleName::parse(&role).ok()?, None))
}

/// The slot that has the role.
async fn slot(
    client: &Client,
    wanted: &Wanted,
    whose: Whose<'_>,
) -> Result<Option<SlotName>, Failure> {
    let (account, role) = match (wanted, whose) {
        (Wanted::Profile(name), Whose::Anybodys) => {
            return Ok(Some(SlotName::Named(name.clone())));
        }
        (Wanted::Profile(name), Whose::Of(_)) => {
            let profiles = client.named_profiles().await?;
            let is_meant = |profile: &ProfileObject| {
                profile.profile_name == name.as_str() && whose.is(profile)
            };
            let found = profiles.iter().any(is_meant);
            return Ok(found.then(|| SlotName::Named(name.clone())));
        }
        (Wanted::Role(account, role, _), _) => (account, role),
    };
    let named = client.named_profiles().await?.into_iter().filter_map(|profile| {
        let slot = SlotName::Named(ProfileName::parse(&profile.profile_name).ok()?);
        Some((slot, profile))
    });
    let default = client.default_profile().await.ok();
    let mut found: Vec<_> = named
        .chain(default.map(|profile| (SlotName::Default, profile)))
        .filter(|(_, profile)| {
            profile.account_id.as_deref() == Some(account.as_str())
                && profile.role_name.as_deref() == Some(role.as_str())
                && whose.is(profile)
        })
        .collect();
    // Which of two identities is meant, the settings say.
    found.dedup_by(|(_, one), (_, other)| one.source == other.source);
    Ok(match found.as_slice() {
        [(slot, _)] => Some(slot.clone()),
        _ => None,
    })
}

/// Whether a slot's credentials come through this instance. (`corp 000001111111/Admin > …`)
fn is_of(profile: &ProfileObject, instance: &InstanceName) -> bool {
    let source = profile.source.as_deref().unwrap_or_default();
    let first = source.split_once(" > ").map_or(source, |(first, _)| first);
    let name = first.rsplit_once(' ').and_then(|(name, _)| InstanceName::parse(name).ok());
    name.is_some_and(|name| name == *instance)
}

/// Whether these credentials are of the role. A slot can be loaded anew at any time.
fn is_for(wanted: &Wanted, principal: &Principal) -> bool {
    match wanted {
        Wanted::Profile(_) => true,
        Wanted::Role(account, role, partition) => {
            principal.account_id.as_ref() == Some(account)
                && principal.role_name.as_ref() == Some(role)
                && partition.as_ref().is_none_or(|partition| *partition == principal.partition)
        }
    }
}

/// On one line (AWS SDKs and Tools Reference Guide, "Process credential provider").
fn print(principal: &Principal, credentials: &Credentials) -> Result<(), Failure> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Output<'a> {
        version: u8,
        access_key_id: &'a str,
        secret_access_key: &'a str,
        session_token: &'a str,
        expiration: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        account_id: Option<&'a str>,
    }
    let mut json = Zeroizing::new(Vec::with_capacity(ROOM));
    let output = Output {
        version: 1,
        access_key_id: credentials.access_key_id.as_str(),
        secret_access_key: credentials.secret_access_key.expose(),
        session_token: credentials.session_token.expose(),
        expiration: credentials.expiration.to_string(),
        account_id: principal.account_id.as_ref().map(AccountId::as_str),
    };
    serde_json::to_writer(&mut *json, &output).map_err(Failure::failed)?;
    ui::data(std::str::from_utf8(&json).map_err(Failure::failed)?);
    Ok(())
}

/// A server of this host answers in a millisecond, whatever else it does.
const PATIENCE: Duration = Duration::from_secs(1);
/// More than credentials need, so that growing leaves no copy behind.
const ROOM: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use credentials::Timestamp;

    use super::*;

    #[test]
    fn a_slot_of_another_instance_is_not_taken_for_one_of_this() {
        let profile = fakes::profile("dev", "2026-11-22T21:16:31Z");
        let mut told =
            ProfileObject::new(&profile.name, &profile.principal, None, Timestamp::UNIX_EPOCH);
        let mut is_of = |source: Option<&str>, name: &str| {
            told.source = source.map(str::to_owned);
            super::is_of(&told, &InstanceName::parse(name).unwrap())
        };
        for (source, name) in [
            ("corp 000001111111/Admin", "corp"),
            ("Corp 000001111111/Admin", "corp"),
            ("my corp 000001111111/Admin > arn:aws:iam::222222222222:role/Ops", "my corp"),
        ] {
            assert!(is_of(Some(source), name), "{source}");
        }
        for (source, name) in [
            ("corp x 000001111111/Admin", "corp"),
            ("x corp 000001111111/Admin", "corp"),
            ("corp", "corp"),
        ] {
            assert!(!is_of(Some(source), name), "{source}");
        }
        assert!(!is_of(None, "corp"), "what was handed in is of none");
        // A profile of the AWS config may well be of it, but does not say so.
        assert!(!is_of(Some("profile corp"), "corp"));
    }
}
