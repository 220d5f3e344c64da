//! `~/.aws/config` and `~/.aws/credentials`, read once, as botocore reads them. What can't be read costs only what needs it.

mod block;
mod digest;
mod header;
mod ini;
#[doc(hidden)]
pub mod model;
mod oddity;
mod portal;
mod sdk_text;
#[cfg(test)]
mod tests;
mod way;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use credentials::{
    AccountId, AwsConfigFiles, Chain, Failure, Partition, Principal, ProfileName, ProfileSource,
    RegionName, RoleArn, RoleName,
};

use header::Header;

pub use block::{AwsFile, Block, Place};
pub use ini::{Entry, Fault, FaultKind, Ini, Section};
pub use oddity::{Oddity, OddityKind};
pub use portal::PortalName;
pub use sdk_text::SdkText;
pub use way::{Assumed, Base, Way};

/// 10,000 profiles have 2 MB.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// What one of the files says about a profile, for an SDK that asks for container credentials only after the profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mention {
    /// The file doesn't have it.
    Absent,
    /// It has no credentials, or a role that is assumed with container credentials.
    NoCredentials,
    /// SDKs use this key before container credentials.
    Wins(&'static str),
}

/// Both files.
#[derive(Debug)]
pub struct AwsConfig {
    config: Arc<PathBuf>,
    credentials: Arc<PathBuf>,
    profiles: BTreeMap<String, Block>,
    sso_sessions: BTreeMap<String, Block>,
    services: BTreeMap<String, Block>,
    /// Sections that are profiles for other SDKs, and not for botocore.
    of_other_sdks: BTreeMap<String, Block>,
    oddities: Vec<Oddity>,
    /// Why a file can't be read.
    unreadable: Vec<Failure>,
}

impl AwsConfig {
    /// Reads both files. One that isn't there is empty.
    pub fn read(config: PathBuf, credentials: PathBuf) -> Self {
        let mut unreadable = Vec::new();
        let mut content = |path: &PathBuf| match files::read(path, MAX_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.is_missing() => Vec::new(),
            Err(error) => {
                unreadable.push(Failure::from(error));
                Vec::new()
            }
        };
        let contents = [content(&config), content(&credentials)];
        let read = Self::of([config, credentials], &contents);
        Self { unreadable, ..read }
    }

    /// Reads the contents of both files. The paths are for messages and for [`AwsConfig::source`].
    pub fn of([config, credentials]: [PathBuf; 2], contents: &[Vec<u8>; 2]) -> Self {
        let mut read = Self {
            config: Arc::new(config),
            credentials: Arc::new(credentials),
            profiles: BTreeMap::new(),
            sso_sessions: BTreeMap::new(),
            services: BTreeMap::new(),
            of_other_sdks: BTreeMap::new(),
            oddities: Vec::new(),
            unreadable: Vec::new(),
        };
        let [of_config, of_credentials] = contents.each_ref().map(|bytes| Ini::parse(bytes));
        read.add_config(of_config);
        read.add_credentials(of_credentials);
        read
    }

    /// Why a file that is there can't be read.
    pub fn unreadable(&self) -> &[Failure] {
        &self.unreadable
    }

    /// What programs read differently, or refuse.
    pub fn oddities(&self) -> &[Oddity] {
        &self.oddities
    }

    /// The profile of that name.
    pub fn profile(&self, name: &str) -> Option<&Block> {
        self.profiles.get(name)
    }

    /// Whether there is such a profile.
    pub fn has(&self, name: &ProfileName) -> bool {
        self.profiles.contains_key(name.as_str())
    }

    /// The names of all profiles, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }

    /// The names of all sso-sessions, sorted.
    pub fn sso_session_names(&self) -> impl Iterator<Item = &str> {
        self.sso_sessions.keys().map(String::as_str)
    }

    /// The region of a profile.
    pub fn region(&self, name: &ProfileName) -> Option<RegionName> {
        RegionName::parse(self.profiles.get(name.as_str())?.get("region")?).ok()
    }

    /// The profiles that say how they get credentials, and whom those are for as far as they say it; sorted by name.
    pub fn profiles(&self) -> Vec<(ProfileName, Principal)> {
        let with_principal = |profile: &Block| {
            let principal = self.principal(profile).unwrap_or_default();
            has_credentials(profile)
                .then_some((ProfileName::parse(profile.name()).ok()?, principal))
        };
        self.profiles.values().filter_map(with_principal).collect()
    }

    /// The source of a profile that takes no sign-in; `None` if there is no such profile, or if the files have paths that
    /// can't be written down, so that nobody could read them again.
    pub fn source(&self, name: &ProfileName) -> Option<ProfileSource> {
        let files = AwsConfigFiles::new(&self.config, &self.credentials).ok()?;
        let digest = digest::of(self, name)?;
        Some(ProfileSource { files, name: name.clone(), digest })
    }

    /// The profile that gives a role; `None` when none does. `partition` is looked at only if it is known. `is_meant` leaves
    /// out profiles whose credentials come from another instance.
    ///
    /// # Errors
    /// More than one does.
    pub fn find(
        &self,
        account: &AccountId,
        role: &RoleName,
        partition: Option<&Partition>,
        is_meant: impl Fn(&ProfileName) -> bool,
    ) -> Result<Option<ProfileName>, Failure> {
        let is_for_role = |arn: &RoleArn| {
            arn.account_id == *account
                && arn.role_name == *role
                && partition.is_none_or(|partition| *partition == arn.partition)
        };
        let found = |profile: &Block| {
            let arn = self.principal(profile).ok()?.role_arn()?;
            let name = ProfileName::parse(profile.name()).ok()?;
            (is_for_role(&arn) && is_meant(&name)).then_some(name)
        };
        let mut names: Vec<ProfileName> = self.profiles.values().filter_map(found).collect();
        match names.len() {
            0 | 1 => Ok(names.pop()),
            _ => Err(Failure::failed(format!(
                "several profiles in {} are for the role {} of the account {account}: {}; \
                 name one with --profile",
                self.files(),
                role.as_str(),
                names.iter().map(ProfileName::as_str).collect::<Vec<_>>().join(", ")
            ))),
        }
    }

    /// Whom a profile's credentials are for, as far as the profile says it.
    ///
    /// # Errors
    /// The ARN, the account or the role of the profile is malformed.
    pub fn principal(&self, profile: &Block) -> Result<Principal, Failure> {
        if let Some(arn) = profile.get("role_arn") {
            return RoleArn::parse(arn)
                .map(Principal::from)
                .map_err(|invalid| wrong(profile, "role_arn", invalid));
        }
        match self.portal_role(profile)? {
            Some((portal, Chain { account_id, role_name, .. })) => Ok(Principal {
                account_id: Some(account_id),
                role_name: Some(role_name),
                partition: Partition::of_region(portal.region.as_str()),
            }),
            None => Ok(Principal::default()),
        }
    }

    /// What each file says of a profile: the config file, then the credentials file.
    pub fn before_containers(&self, profile: &str) -> [Mention; 2] {
        [AwsFile::Config, AwsFile::Credentials].map(|file| {
            let is_there = |profile: &&Block| profile.is_in(file);
            let of_others = || self.of_other_sdks.get(profile).filter(is_there);
            let Some(profile) = self.profiles.get(profile).filter(is_there).or_else(of_others)
            else {
                return Mention::Absent;
            };
            // Such a role is assumed with container credentials, so the server is asked.
            if profile.get("credential_source") == Some("EcsContainer") {
                return Mention::NoCredentials;
            }
            let key = KEYS.into_iter().find(|key| profile.has_in(file, key));
            key.map_or(Mention::NoCredentials, Mention::Wins)
        })
    }

    /// The files, for messages.
    pub fn files(&self) -> String {
        format!("{} or {}", self.config.display(), self.credentials.display())
    }

    /// Both paths.
    pub fn paths(&self) -> [&PathBuf; 2] {
        [&self.config, &self.credentials]
    }

    /// Why there is no profile of this name: the section that looks like it is no profile. Without one, it names the profiles that
    /// there are.
    pub fn why_missing(&self, name: &ProfileName) -> String {
        let is_meant = |oddity: &&Oddity| match &oddity.kind {
            OddityKind::NotAProfile { header } => header == name.as_str(),
            OddityKind::NoName { header } => {
                header.strip_prefix("profile").is_some_and(|rest| rest.trim() == name.as_str())
            }
            OddityKind::Refused(_)
            | OddityKind::TwoDefaults { .. }
            | OddityKind::Spaced { .. }
            | OddityKind::Comment { .. } => false,
        };
        if let Some(oddity) = self.oddities.iter().find(is_meant) {
            return oddity.to_string();
        }
        let known: Vec<&str> = self.names().take(20).collect();
        match known.is_empty() {
            true => "there are no profiles".to_owned(),
            false => format!("profiles there: {}", known.join(", ")),
        }
    }

    fn add_config(&mut self, ini: Ini) {
        let path = Arc::clone(&self.config);
        self.oddities.extend(oddity::of_config(&ini, &path));
        for section in ini.sections {
            let (blocks, name) = match Header::of_config(&section.header) {
                Header::Profile(name) => (&mut self.profiles, name),
                Header::SsoSession(name) => (&mut self.sso_sessions, name),
                Header::Services(name) => (&mut self.services, name),
                Header::Spaced(name) => (&mut self.of_other_sdks, name),
                Header::NoName | Header::Other => continue,
            };
            // `[default]` and `[profile default]`: the last one counts, as a whole.
            let mut block = Block::new(name.clone());
            block.add(AwsFile::Config, &path, section);
            blocks.insert(name, block);
        }
    }

    fn add_credentials(&mut self, ini: Ini) {
        let path = Arc::clone(&self.credentials);
        self.oddities.extend(oddity::of_credentials(&ini, &path));
        for section in ini.sections {
            let name = section.header.clone();
            let profile = self.profiles.entry(name.clone()).or_insert_with(|| Block::new(name));
            profile.add(AwsFile::Credentials, &path, section);
        }
    }
}

/// Whether a profile says how it gets credentials.
fn has_credentials(profile: &Block) -> bool {
    let portal = [portal::GRANTED_START_URL];
    KEYS.iter().chain(&portal).any(|key| profile.get(key).is_some())
}

/// The failure for a wrong value, with its place.
fn wrong(block: &Block, key: &str, invalid: impl std::fmt::Display) -> Failure {
    let place = block.place(key).map(|place| format!("{place}, ")).unwrap_or_default();
    Failure::failed(format!("{place}{key} of `{}` {invalid}", block.name()))
}

/// Each of these makes most SDKs take the profile, or fail with it.
const KEYS: [&str; 7] = [
    "aws_access_key_id",
    "credential_process",
    "role_arn",
    "sso_session",
    "sso_start_url",
    "login_session",
    "web_identity_token_file",
];
