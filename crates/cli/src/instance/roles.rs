//! The roles of an instance: the catalogue merged with config.yaml, with a profile name for each role.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use credentials::{
    AccountId, Chain, Clock, Failure, Instance, InstanceName, Link, Partition, ProfileName,
    RegionName, RoleArn, RoleName, SignedDuration, Source,
};
use providers::identity_center::{Account, Catalogue};

use crate::ground::clock::SystemClock;
use crate::instance::access;
use crate::instance::settings::{self, ConfiguredInstance, Settings};
use config::profile_name::{Fields, Fingerprint, Memo, Named, Renamed, make_unique};

/// A role that a person may use, with its data from AWS and from config.yaml, and its profile name.
pub(crate) struct Role<'a> {
    /// Its number among the roles of the instance, from 0.
    pub(crate) id: usize,
    pub(crate) account_id: &'a AccountId,
    pub(crate) role_name: &'a RoleName,
    pub(crate) profile: ProfileName,
    of_aws: Option<&'a Account>,
    of_account: Option<&'a config::Account>,
    of_role: Option<&'a config::Role>,
}

/// All roles of an instance, sorted by account and role.
pub(crate) struct Roles<'a> {
    settings: &'a Settings,
    instance: &'a ConfiguredInstance,
    partition: Partition,
    pub(crate) roles: Vec<Role<'a>>,
    /// Roles that were renamed because their names were equal.
    pub(crate) renamed: Vec<Renamed>,
}

impl<'a> Role<'a> {
    /// The account's name in config.yaml.
    pub(crate) fn account_name(&self) -> Option<&'a str> {
        self.of_account?.name.as_deref()
    }

    /// The account's name in AWS Organizations.
    pub(crate) fn account_alias(&self) -> Option<&'a str> {
        self.of_aws?.name.as_deref()
    }

    pub(crate) fn email(&self) -> Option<&'a str> {
        self.of_aws?.email.as_deref()
    }

    /// The profile name in config.yaml.
    fn explicit_name(&self) -> Option<&'a ProfileName> {
        self.of_role?.profile.as_ref()
    }

    pub(crate) fn via(&self) -> Option<&'a RoleArn> {
        self.of_role?.via.as_ref()
    }

    /// Tags of the account and of the role. The role's tags win.
    pub(crate) fn tags(&self) -> Vec<(String, String)> {
        let mut tags: Vec<(String, String)> = Vec::new();
        let of_account = self.of_account.map(|account| &account.tags);
        let of_role = self.of_role.map(|role| &role.tags);
        for (key, value) in of_account.into_iter().chain(of_role).flatten() {
            match tags.iter_mut().find(|(known, _)| known == key) {
                Some((_, known)) => known.clone_from(value),
                None => tags.push((key.clone(), value.clone())),
            }
        }
        tags
    }

    /// The value of a tag, such as `Color` and `Icon` for a container of Firefox.
    pub(crate) fn tag(&self, key: &str) -> Option<String> {
        self.tags().into_iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }
}

impl<'a> Roles<'a> {
    /// Merges the catalogue with config.yaml, and names all roles.
    pub(crate) fn of(
        settings: &'a Settings,
        instance: &'a ConfiguredInstance,
        catalogue: &'a Catalogue,
    ) -> Result<Self, Failure> {
        let partition = Partition::of_region(instance.instance.region.as_str());
        let (roles, renamed) = (Vec::new(), Vec::new());
        let mut all = Self { settings, instance, partition, roles, renamed };
        let of_config: HashMap<&AccountId, &config::Account> =
            instance.accounts.iter().map(|account| (&account.id, account)).collect();
        for account in &catalogue.accounts {
            let of_account = of_config.get(&account.id).copied();
            for role_name in &account.roles {
                let of_role = of_account
                    .and_then(|added| added.roles.iter().find(|role| role.name == *role_name));
                all.add(&account.id, role_name, Some(account), of_account, of_role);
            }
        }
        all.add_roles_via_others(catalogue);
        all.give_names()?;
        Ok(all)
    }

    /// The instance's name.
    pub(crate) fn instance_name(&self) -> &InstanceName {
        &self.instance.instance.name
    }

    /// The role of that name.
    pub(crate) fn named(&self, name: &ProfileName) -> Option<&Role<'a>> {
        self.roles.iter().find(|role| role.profile == *name)
    }

    /// The role of that account and name, if it is in this partition.
    pub(crate) fn find(
        &self,
        account: &AccountId,
        role: &RoleName,
        partition: Option<&Partition>,
    ) -> Option<&Role<'a>> {
        let is_here = partition.is_none_or(|partition| *partition == self.partition);
        self.roles
            .iter()
            .find(|known| is_here && *known.account_id == *account && *known.role_name == *role)
    }

    /// A role's ARN, without the path that AWS gives the roles of permission sets.
    pub(crate) fn arn(&self, role: &Role<'_>) -> RoleArn {
        RoleArn {
            partition: self.partition.clone(),
            account_id: role.account_id.clone(),
            path: None,
            role_name: role.role_name.clone(),
        }
    }

    /// The chain to a role: the role from the portal, and the roles that are assumed from it in turn.
    pub(crate) fn chain(&self, role: &Role<'_>) -> Result<Chain, Failure> {
        let mut links = Vec::new();
        let mut arn = self.arn(role);
        while let Some(of_config) = self.of_config(&arn)
            && let Some(via) = &of_config.via
        {
            if links.len() >= Chain::LONGEST {
                let text = format!("the Via of the role {} leads back to itself", role.profile);
                return Err(Failure::failed(text));
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

    /// The source of a role's credentials.
    pub(crate) fn source(&self, role: &Role<'_>) -> Result<Source, Failure> {
        let instance = self.instance.instance.id();
        Ok(Source::Role { instance, chain: self.chain(role)? })
    }

    /// The default region of the role, its account, the instance, or config.yaml, in this order.
    pub(crate) fn default_region(&self, role: &Role<'a>) -> Option<&'a str> {
        let of_role = role.of_role.and_then(|role| role.default_region.as_ref());
        let of_account = || role.of_account.and_then(|account| account.default_region.as_ref());
        let of_all = || self.settings.config.default_region.as_ref();
        let region = of_role.or_else(of_account).or(self.instance.default_region.as_ref());
        region.or_else(of_all).map(RegionName::as_str)
    }

    /// Adds the roles with `Via`. They are in config.yaml only, not in the portal.
    fn add_roles_via_others(&mut self, catalogue: &'a Catalogue) {
        for account in &self.instance.accounts {
            for role in account.roles.iter().filter(|role| role.via.is_some()) {
                let of_aws = catalogue.accounts.iter().find(|known| known.id == account.id);
                if !of_aws.is_some_and(|known| known.roles.contains(&role.name)) {
                    self.add(&account.id, &role.name, of_aws, Some(account), Some(role));
                }
            }
        }
    }

    fn add(
        &mut self,
        account_id: &'a AccountId,
        role_name: &'a RoleName,
        of_aws: Option<&'a Account>,
        of_account: Option<&'a config::Account>,
        of_role: Option<&'a config::Role>,
    ) {
        // A temporary name, until `give_names`.
        let profile = ProfileName::from(role_name);
        let id = self.roles.len();
        self.roles.push(Role { id, account_id, role_name, profile, of_aws, of_account, of_role });
    }

    /// Names all roles. If nothing changed, the names come from the last time.
    fn give_names(&mut self) -> Result<(), Failure> {
        let path = access::catalogue_file(self.instance).beside("names");
        let memo = Memo::new(path, self.fingerprint());
        if let Some(names) = memo.read(self.roles.len()) {
            self.set_names(names);
            return Ok(());
        }
        let (names, unnamed) = self.names()?;
        self.set_names(names);
        self.make_names_unique();
        if let Some(failure) = &unnamed {
            settings::warn_once(format!("{}. Such roles are called ACCOUNT:ROLE", failure.message));
        }
        // Without the memo, the warnings are shown each time.
        if self.renamed.is_empty() && unnamed.is_none() && !self.roles.is_empty() {
            memo.keep(self.roles.iter().map(|role| &role.profile));
        }
        Ok(())
    }

    /// The names of all roles, and the first failure of `ProfileFormat`. A template that gives no name for one role, such as one of
    /// an account without a name, must not cost the others.
    fn names(&self) -> Result<(Vec<ProfileName>, Option<Failure>), Failure> {
        let (mut names, mut unnamed) = (Vec::with_capacity(self.roles.len()), None);
        let start = SystemClock.now();
        for role in &self.roles {
            let name =
                role.explicit_name().map_or_else(|| self.name(role), |name| Ok(name.clone()));
            names.push(match name {
                Ok(name) => name,
                Err(failure) if SystemClock.now().duration_since(start) > MAX_NAMING => {
                    return Err(failure);
                }
                Err(failure) => {
                    unnamed.get_or_insert(failure);
                    let plain = format!("{}:{}", role.account_id, role.role_name.as_str());
                    ProfileName::parse(&plain).map_err(Failure::failed)?
                }
            });
        }
        Ok((names, unnamed))
    }

    /// Sets the names of all roles, in their order.
    fn set_names(&mut self, names: impl IntoIterator<Item = ProfileName>) {
        for (role, name) in self.roles.iter_mut().zip(names) {
            role.profile = name;
        }
    }

    /// Fingerprint of everything that the names depend on.
    fn fingerprint(&self) -> Fingerprint {
        let Instance { name, start_url, region } = &self.instance.instance;
        let mut all = Fingerprint::new();
        for text in [
            self.settings.profile_format.as_str(),
            name.as_str(),
            start_url.as_str(),
            region.as_str(),
        ] {
            all.add(text);
        }
        for role in &self.roles {
            for text in [
                role.explicit_name().map_or("", ProfileName::as_str),
                role.account_id.as_str(),
                role.role_name.as_str(),
                role.account_name().unwrap_or_default(),
                role.account_alias().unwrap_or_default(),
                role.email().unwrap_or_default(),
                self.default_region(role).unwrap_or_default(),
            ] {
                all.add(text);
            }
            all.add(&role.via().map(RoleArn::to_string).unwrap_or_default());
            let tags = role.tags();
            all.add(&tags.len().to_string());
            for (key, value) in tags {
                all.add(&key);
                all.add(&value);
            }
        }
        all
    }

    /// The name that `ProfileFormat` gives.
    fn name(&self, role: &Role<'a>) -> Result<ProfileName, Failure> {
        let (instance, format) = (&self.instance.instance, &self.settings.profile_format);
        let arn = format.mentions("Arn").then(|| self.arn(role).to_string());
        let via = role.via().map(RoleArn::to_string).unwrap_or_default();
        let fields = Fields {
            id: 0,
            account_id: role.account_id,
            account_name: &without_control(role.account_name()),
            account_alias: &without_control(role.account_alias()),
            email_address: &without_control(role.email()),
            expires: "",
            expires_epoch: 0,
            arn: &arn.unwrap_or_default(),
            role_name: role.role_name.as_str(),
            profile: "",
            default_region: self.default_region(role).unwrap_or_default(),
            sso: instance.name.as_str(),
            sso_region: instance.region.as_str(),
            start_url: instance.start_url.as_str(),
            tags: &role.tags(),
            via: &via,
        };
        format.render(&fields).map_err(|error| {
            Failure::failed(format!(
                "{}, ProfileFormat, for the role {} of the account {}: {error}",
                self.settings.config_path.display(),
                role.role_name.as_str(),
                role.account_id
            ))
        })
    }

    fn make_names_unique(&mut self) {
        let different: HashSet<&str> =
            self.roles.iter().map(|role| role.profile.as_str()).collect();
        // The usual case. It is fast for thousands of roles.
        if different.len() == self.roles.len() {
            return;
        }
        let named = |role: &Role<'_>| Named {
            account_id: role.account_id.clone(),
            role_name: role.role_name.clone(),
            name: role.profile.clone(),
            is_explicit: role.explicit_name().is_some(),
        };
        let mut named: Vec<Named> = self.roles.iter().map(named).collect();
        self.renamed = make_unique(&mut named);
        self.set_names(named.into_iter().map(|named| named.name));
    }

    fn of_config(&self, arn: &RoleArn) -> Option<&'a config::Role> {
        let account = self.instance.accounts.iter().find(|known| known.id == arn.account_id)?;
        account.roles.iter().find(|role| role.name == arn.role_name)
    }
}

/// Limit of the time for names when some fail. A template can be slow for each role.
const MAX_NAMING: SignedDuration = SignedDuration::from_secs(5);

/// Removes control characters, because one in an account's name must not make the naming of all roles fail.
fn without_control(text: Option<&str>) -> Cow<'_, str> {
    let text = text.unwrap_or_default();
    match text.contains(char::is_control) {
        true => text.replace(char::is_control, "").into(),
        false => text.into(),
    }
}
