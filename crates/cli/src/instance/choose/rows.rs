//! The rows of the selector: the roles of the instances, and the other profiles of the AWS config.

use std::collections::HashSet;

use credentials::{InstanceName, Principal, ProfileName, Source};
use selector::{Entry, Rows};

use crate::instance::history::{History, Key};
use crate::instance::roles::{Role, Roles};
use crate::instance::settings::Settings;

/// The role or profile of a row.
#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    Role { roles: &'a Roles<'a>, role: &'a Role<'a> },
    Profile(&'a AwsConfigProfile),
}

/// A profile of the AWS config that gives none of the roles.
pub(super) struct AwsConfigProfile {
    pub(super) name: ProfileName,
    pub(super) principal: Principal,
    pub(super) source: Option<Source>,
    key: Key,
}

impl Target<'_> {
    /// The key in the history. It does not depend on the profile name.
    pub(super) fn key(self) -> Key {
        match self {
            Self::Role { roles, role } => {
                Key::role(roles.instance_name(), role.account_id, role.role_name)
            }
            Self::Profile(profile) => profile.key.clone(),
        }
    }

    /// The source of its credentials, if it is known.
    pub(super) fn source(self) -> Option<Source> {
        match self {
            Self::Role { roles, role } => roles.source(role).ok(),
            Self::Profile(profile) => profile.source.clone(),
        }
    }

    pub(super) fn profile(&self) -> &ProfileName {
        match self {
            Self::Role { role, .. } => &role.profile,
            Self::Profile(profile) => &profile.name,
        }
    }

    pub(super) fn instance(&self) -> Option<&InstanceName> {
        match self {
            Self::Role { roles, .. } => Some(roles.instance_name()),
            Self::Profile(_) => None,
        }
    }
}

impl AwsConfigProfile {
    pub(super) fn new(name: ProfileName, principal: Principal, source: Option<Source>) -> Self {
        let key = source.as_ref().map_or_else(|| Key::profile(&name), Key::of);
        Self { name, principal, source, key }
    }
}

/// The profiles of the AWS config that neither give a role nor have its name. Empty if a person chose an instance.
pub(super) fn aws_config_profiles(
    settings: &Settings,
    roles: &[Roles<'_>],
) -> Vec<AwsConfigProfile> {
    let profiles = settings.aws_config.profiles();
    if profiles.is_empty() || settings.is_one_chosen() {
        return Vec::new();
    }
    let all = || roles.iter().flat_map(|roles| &roles.roles);
    let names: HashSet<&ProfileName> = all().map(|role| &role.profile).collect();
    let known: HashSet<_> = all().map(|role| (role.account_id, role.role_name)).collect();
    let is_new = |(name, principal): &(ProfileName, Principal)| {
        !names.contains(name) && principal.role().is_none_or(|role| !known.contains(&role))
    };
    let profile = |(name, principal)| {
        // The error of a broken profile is shown to the person who chooses it.
        let chain = settings.aws_config.chain(&name).ok().flatten();
        let of_portal = chain.and_then(|(portal, chain)| {
            let instance = settings.of_portal(&portal).ok()?.instance.id();
            Some(Source::Role { instance, chain })
        });
        let of_files = || settings.aws_config.source(&name).map(Source::Profile);
        let source = of_portal.or_else(of_files);
        AwsConfigProfile::new(name, principal, source)
    };
    profiles.into_iter().filter(is_new).map(profile).collect()
}

/// Rows for all roles and profiles. `now` is in seconds since 1970.
pub(super) fn rows<'a>(
    roles: &'a [Roles<'a>],
    profiles: &'a [AwsConfigProfile],
    history: &History,
    now: i64,
) -> Rows<'a, Target<'a>> {
    let has_several = roles.len() > 1;
    let of_instance = |roles: &'a Roles<'a>| {
        roles.roles.iter().map(move |role| entry_of_role(roles, role, has_several))
    };
    let entries = roles.iter().flat_map(of_instance).chain(profiles.iter().map(entry_of_profile));
    let accounts = history.accounts();
    Rows::of(entries.map(|entry| {
        // Most roles were never used, so their keys are not built.
        let may_be_used = match entry.key {
            Target::Role { role, .. } => accounts.contains(role.account_id.as_str()),
            Target::Profile(_) => true,
        };
        let used = may_be_used.then(|| history.of(&entry.key.key())).flatten();
        Entry { used: used.map(|used| used.seen_at(now)), ..entry }
    }))
}

fn entry_of_role<'a>(
    roles: &'a Roles<'a>,
    role: &'a Role<'a>,
    has_several: bool,
) -> Entry<'a, Target<'a>> {
    let alias = role.account_alias().unwrap_or_default();
    let account = role.account_name().unwrap_or(alias);
    let instance = roles.instance_name().as_str();
    Entry {
        key: Target::Role { roles, role },
        profile: role.profile.as_str(),
        account,
        account_alias: if account == alias { "" } else { alias },
        account_id: role.account_id.as_str(),
        role: role.role_name.as_str(),
        tags: role.tags(),
        origin: if has_several { instance } else { "" },
        instance: Some(instance),
        used: None,
    }
}

fn entry_of_profile(profile: &AwsConfigProfile) -> Entry<'_, Target<'_>> {
    let Principal { account_id, role_name, .. } = &profile.principal;
    Entry {
        key: Target::Profile(profile),
        profile: profile.name.as_str(),
        account: "",
        account_alias: "",
        account_id: account_id.as_ref().map_or("", |id| id.as_str()),
        role: role_name.as_ref().map_or("", |name| name.as_str()),
        tags: Vec::new(),
        origin: "AWS config",
        instance: None,
        used: None,
    }
}
