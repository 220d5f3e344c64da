//! Instances of IAM Identity Center in the AWS config: `[sso-session NAME]`, and `sso_start_url` in a profile.

use credentials::{
    AccountId, Chain, Failure, Instance, InstanceName, Invalid, ProfileName, RegionName, RoleName,
    StartUrl,
};

use super::{AwsConfig, Block, has_credentials, wrong};

/// Where the name of an instance in the AWS config comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortalName {
    /// `[sso-session NAME]`.
    SsoSession,
    /// A profile has the start URL, and the name is made from it.
    StartUrl,
}

impl AwsConfig {
    /// All valid instances: the sso-sessions, then the other start URLs of profiles. [`AwsConfig::broken_sso_session`] and
    /// [`AwsConfig::way`] return the errors of the others.
    pub fn instances(&self) -> Vec<(Instance, PortalName)> {
        let sessions = self.sso_sessions.values().filter_map(|block| of_session(block).ok());
        let mut instances: Vec<_> =
            sessions.map(|instance| (instance, PortalName::SsoSession)).collect();
        for profile in self.profiles.values().filter(|profile| !has(profile, &SESSION)) {
            let Ok(Some(instance)) = of_start_url(profile) else { continue };
            let is_known = |known: &(Instance, PortalName)| known.0.start_url == instance.start_url;
            if !instances.iter().any(is_known) {
                instances.push((instance, PortalName::StartUrl));
            }
        }
        instances
    }

    /// What is wrong with the `[sso-session]` of this name, if it is there and can't be used.
    pub fn broken_sso_session(&self, name: &InstanceName) -> Option<Failure> {
        let is_meant =
            |block: &&Block| InstanceName::parse(block.name()).is_ok_and(|of| of == *name);
        of_session(self.sso_sessions.values().find(is_meant)?).err()
    }

    /// The errors of all sso-sessions and profiles that cannot be used.
    pub fn broken(&self) -> Vec<Failure> {
        let sessions = self.sso_sessions.values().filter_map(|block| of_session(block).err());
        let profiles = self.profiles.values().filter(|profile| has_credentials(profile));
        let names = profiles.filter_map(|profile| ProfileName::parse(profile.name()).ok());
        let mut broken: Vec<Failure> = sessions.collect();
        for failure in names.filter_map(|name| self.way(&name).err()) {
            // Many profiles can use one broken sso-session.
            if !broken.iter().any(|known| known.message == failure.message) {
                broken.push(failure);
            }
        }
        broken
    }

    /// The instance and the role that a profile signs in to by itself; `None` if it doesn't.
    ///
    /// # Errors
    /// Says which value is missing or malformed, and where.
    pub(super) fn portal_role(
        &self,
        profile: &Block,
    ) -> Result<Option<(Instance, Chain)>, Failure> {
        let Some(instance) = self.portal(profile)? else { return Ok(None) };
        let account_id = required(profile, &ACCOUNT, AccountId::parse)?;
        let role_name = required(profile, &ROLE, RoleName::parse)?;
        Ok(Some((instance, Chain { account_id, role_name, links: Vec::new() })))
    }

    fn portal(&self, profile: &Block) -> Result<Option<Instance>, Failure> {
        let Some(name) = profile.get("sso_session") else { return of_start_url(profile) };
        match self.sso_sessions.get(name) {
            Some(block) => of_session(block).map(Some),
            None => {
                let invalid = format!("names [sso-session {name}], which is not in the file");
                Err(wrong(profile, "sso_session", invalid))
            }
        }
    }
}

fn of_session(block: &Block) -> Result<Instance, Failure> {
    let name = InstanceName::parse(block.name());
    Ok(Instance {
        name: name.map_err(|invalid| wrong(block, "the name", invalid))?,
        start_url: required(block, &START_URL, StartUrl::parse)?,
        region: required(block, &REGION, RegionName::parse)?,
    })
}

fn of_start_url(profile: &Block) -> Result<Option<Instance>, Failure> {
    if !has(profile, &START_URL) {
        return Ok(None);
    }
    let start_url = required(profile, &START_URL, StartUrl::parse)?;
    let name = name_of(&start_url).map_err(|invalid| wrong(profile, "sso_start_url", invalid))?;
    let region = required(profile, &REGION, RegionName::parse)?;
    Ok(Some(Instance { name, start_url, region }))
}

/// The name of an instance without one: `corp` for `https://corp.awsapps.com/start`, else the host.
fn name_of(start_url: &StartUrl) -> Result<InstanceName, Invalid> {
    let url = start_url.as_str();
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or(host);
    let name = host.strip_suffix(".awsapps.com").unwrap_or(host);
    InstanceName::parse(&name.chars().take(64).collect::<String>())
}

/// The value of the first of these keys that is there.
fn required<T>(
    block: &Block,
    keys: &[&str],
    parse: impl Fn(&str) -> Result<T, Invalid>,
) -> Result<T, Failure> {
    let found = keys.iter().find_map(|key| Some((*key, block.get(key)?)));
    match (found, keys.first()) {
        (Some((key, value)), _) => parse(value).map_err(|invalid| wrong(block, key, invalid)),
        (None, Some(key)) => Err(wrong(block, key, "is missing")),
        (None, None) => Err(wrong(block, "a key", "is missing")),
    }
}

fn has(block: &Block, keys: &[&str]) -> bool {
    keys.iter().any(|key| block.get(key).is_some())
}

/// The key of a start URL in a profile of Granted.
pub(super) const GRANTED_START_URL: &str = "granted_sso_start_url";

const SESSION: [&str; 1] = ["sso_session"];
const START_URL: [&str; 2] = ["sso_start_url", GRANTED_START_URL];
const REGION: [&str; 2] = ["sso_region", "granted_sso_region"];
const ACCOUNT: [&str; 2] = ["sso_account_id", "granted_sso_account_id"];
const ROLE: [&str; 2] = ["sso_role_name", "granted_sso_role_name"];
