//! The roles of an instance as a person sees them: the catalogue, and what config.yaml adds to it, under names.

use std::collections::HashMap;

use credentials::{AccountId, Partition, ProfileName, RoleArn, RoleName};
use providers::identity_center::{Catalogue, Chain, InstanceName, Link};

use crate::config_file;
use crate::error::CommandError;
use crate::profile_name::{Fields, Named, Renamed, make_unique};
use crate::settings::{ConfiguredInstance, Settings};

/// So many roles may be assumed one after the other.
const LONGEST_CHAIN: usize = 10;

/// A role that a person may use.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub(crate) account_id: AccountId,
    pub(crate) role_name: RoleName,
    /// From config.yaml.
    pub(crate) account_name: Option<String>,
    /// From AWS Organizations.
    pub(crate) account_alias: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) default_region: Option<String>,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) via: Option<RoleArn>,
    /// Its name.
    pub(crate) profile: ProfileName,
}

/// All roles of an instance, sorted by account and role.
pub(crate) struct Roles<'a> {
    instance: &'a ConfiguredInstance,
    partition: Partition,
    pub(crate) roles: Vec<Role>,
    /// Roles whose names would have been the same.
    pub(crate) renamed: Vec<Renamed>,
}

/// What config.yaml says of one role, and of its account.
type Added<'a> = (&'a config_file::Account, Option<&'a config_file::Role>);

impl<'a> Roles<'a> {
    /// Adds both up, and names all roles.
    pub(crate) fn of(
        settings: &Settings,
        instance: &'a ConfiguredInstance,
        catalogue: &Catalogue,
    ) -> Result<Self, CommandError> {
        let partition = Partition::of_region(instance.instance.region.as_str());
        let mut all = Self { instance, partition, roles: Vec::new(), renamed: Vec::new() };
        let of_config: HashMap<&AccountId, &config_file::Account> =
            instance.accounts.iter().map(|account| (&account.id, account)).collect();
        let mut named = Vec::new();
        for account in &catalogue.accounts {
            let added = of_config.get(&account.id).copied();
            for role_name in &account.roles {
                let of_role =
                    added.and_then(|added| added.roles.iter().find(|role| role.name == *role_name));
                let known = Known {
                    account_id: &account.id,
                    role_name,
                    alias: account.name.as_deref(),
                    email: account.email.as_deref(),
                    added: added.map(|account| (account, of_role)),
                };
                all.add(settings, known, &mut named)?;
            }
        }
        all.add_roles_via_others(settings, catalogue, &mut named)?;
        all.renamed = make_unique(&mut named);
        for (role, named) in all.roles.iter_mut().zip(named) {
            role.profile = named.name;
        }
        Ok(all)
    }

    /// The instance's name.
    pub(crate) fn instance_name(&self) -> &InstanceName {
        &self.instance.instance.name
    }

    /// The role of that name.
    pub(crate) fn named(&self, name: &ProfileName) -> Option<&Role> {
        self.roles.iter().find(|role| role.profile == *name)
    }

    /// The role of that account and name, if it is of this partition.
    pub(crate) fn find(
        &self,
        account: &AccountId,
        role: &RoleName,
        partition: Option<&Partition>,
    ) -> Option<&Role> {
        let is_here = partition.is_none_or(|partition| *partition == self.partition);
        self.roles
            .iter()
            .find(|known| is_here && known.account_id == *account && known.role_name == *role)
    }

    /// A role's ARN, without the path that AWS gives the roles of permission sets.
    pub(crate) fn arn(&self, role: &Role) -> RoleArn {
        RoleArn {
            partition: self.partition.clone(),
            account_id: role.account_id.clone(),
            role_name: role.role_name.clone(),
        }
    }

    /// What leads to a role: the one that the portal gives, and those that are assumed from there.
    pub(crate) fn chain(&self, role: &Role) -> Result<Chain, CommandError> {
        let mut links = Vec::new();
        let mut arn = self.arn(role);
        while let Some(of_config) = self.of_config(&arn)
            && let Some(via) = &of_config.via
        {
            if links.len() >= LONGEST_CHAIN {
                let text = format!("the Via of the role {} leads back to itself", role.profile);
                return Err(CommandError::failed(text));
            }
            links.push(Link {
                role_arn: arn,
                external_id: of_config.external_id.clone(),
                source_identity: of_config.source_identity.clone(),
                session_name: None,
            });
            arn = via.clone();
        }
        links.reverse();
        Ok(Chain { account_id: arn.account_id, role_name: arn.role_name, links })
    }

    /// A role that is in neither source, but that a person named: AWS will say whether it is theirs.
    pub(crate) fn unlisted(
        &self,
        account_id: AccountId,
        role_name: RoleName,
    ) -> Result<Role, CommandError> {
        let name = format!("{account_id}:{}", role_name.as_str());
        Ok(Role {
            profile: ProfileName::parse(&name).map_err(CommandError::failed)?,
            account_id,
            role_name,
            account_name: None,
            account_alias: None,
            email: None,
            default_region: None,
            tags: Vec::new(),
            via: None,
        })
    }

    /// Roles with `Via` are not told by the portal: it is config.yaml that knows them.
    fn add_roles_via_others(
        &mut self,
        settings: &Settings,
        catalogue: &Catalogue,
        named: &mut Vec<Named>,
    ) -> Result<(), CommandError> {
        for account in &self.instance.accounts {
            let of_aws = catalogue.accounts.iter().find(|known| known.id == account.id);
            let is_known = |role: &RoleName| of_aws.is_some_and(|known| known.roles.contains(role));
            for role in
                account.roles.iter().filter(|role| role.via.is_some() && !is_known(&role.name))
            {
                let known = Known {
                    account_id: &account.id,
                    role_name: &role.name,
                    alias: of_aws.and_then(|known| known.name.as_deref()),
                    email: of_aws.and_then(|known| known.email.as_deref()),
                    added: Some((account, Some(role))),
                };
                self.add(settings, known, named)?;
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        settings: &Settings,
        known: Known<'_>,
        named: &mut Vec<Named>,
    ) -> Result<(), CommandError> {
        let Known { account_id, role_name, alias, email, added } = known;
        let account = added.map(|(account, _)| account);
        let role = added.and_then(|(_, role)| role);
        let default_region = role
            .and_then(|role| role.default_region.as_ref())
            .or_else(|| account.and_then(|account| account.default_region.as_ref()))
            .or(self.instance.default_region.as_ref())
            .or(settings.config.default_region.as_ref());
        let explicit = role.and_then(|role| role.profile.clone());
        let mut role = Role {
            account_id: account_id.clone(),
            role_name: role_name.clone(),
            account_name: account.and_then(|account| account.name.clone()),
            account_alias: alias.map(str::to_owned),
            email: email.map(str::to_owned),
            default_region: default_region.map(|region| region.as_str().to_owned()),
            tags: tags(account, role),
            via: role.and_then(|role| role.via.clone()),
            profile: ProfileName::parse(role_name.as_str()).map_err(CommandError::failed)?,
        };
        let is_explicit = explicit.is_some();
        role.profile = match explicit {
            Some(profile) => profile,
            None => self.name(settings, &role)?,
        };
        let (account_id, role_name) = (role.account_id.clone(), role.role_name.clone());
        named.push(Named { account_id, role_name, name: role.profile.clone(), is_explicit });
        self.roles.push(role);
        Ok(())
    }

    /// The name that `ProfileFormat` gives.
    fn name(&self, settings: &Settings, role: &Role) -> Result<ProfileName, CommandError> {
        let text = |text: &'_ Option<String>| text.clone().unwrap_or_default();
        let Role { account_id, role_name, tags, via, .. } = role;
        let arn = self.arn(role).to_string();
        let via = via.as_ref().map(RoleArn::to_string).unwrap_or_default();
        let (account_name, account_alias) = (text(&role.account_name), text(&role.account_alias));
        let (email_address, default_region) = (text(&role.email), text(&role.default_region));
        let instance = &self.instance.instance;
        let fields = Fields {
            id: 0,
            account_id,
            account_name: &account_name,
            account_alias: &account_alias,
            email_address: &email_address,
            expires: "",
            expires_epoch: 0,
            arn: &arn,
            role_name: role_name.as_str(),
            profile: "",
            default_region: &default_region,
            sso: instance.name.as_str(),
            sso_region: instance.region.as_str(),
            start_url: instance.start_url.as_str(),
            tags,
            via: &via,
        };
        settings.profile_format.render(&fields).map_err(|error| {
            let role = role_name.as_str();
            CommandError::failed(format!(
                "{}, ProfileFormat, for the role {role} of the account {account_id}: {error}",
                settings.config_path.display()
            ))
        })
    }

    fn of_config(&self, arn: &RoleArn) -> Option<&'a config_file::Role> {
        let account = self.instance.accounts.iter().find(|known| known.id == arn.account_id)?;
        account.roles.iter().find(|role| role.name == arn.role_name)
    }
}

/// What both sources say of a role.
struct Known<'a> {
    account_id: &'a AccountId,
    role_name: &'a RoleName,
    alias: Option<&'a str>,
    email: Option<&'a str>,
    added: Option<Added<'a>>,
}

/// Those of the account, then those of the role, which win.
fn tags(
    account: Option<&config_file::Account>,
    role: Option<&config_file::Role>,
) -> Vec<(String, String)> {
    let mut tags: Vec<(String, String)> = Vec::new();
    let of_account = account.map(|account| &account.tags);
    for (key, value) in of_account.into_iter().chain(role.map(|role| &role.tags)).flatten() {
        match tags.iter_mut().find(|(known, _)| known == key) {
            Some((_, known)) => known.clone_from(value),
            None => tags.push((key.clone(), value.clone())),
        }
    }
    tags
}
