//! Profiles of the AWS config, resolved by the SDK itself: whatever a person's `~/.aws/config` can do, works.

mod before_containers;
mod digest;
mod process;
mod resolve;

use std::path::{Path, PathBuf};

use aws_config::profile::{Profile, ProfileSet};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_types::os_shim_internal::{Env, Fs};
use credentials::{
    AccountId, AwsConfigFiles, Chain, Failure, Instance, InstanceId, InstanceName, Link, Partition,
    Principal, ProfileName, ProfileSource, RegionName, RoleArn, RoleName, StartUrl,
};
use tracing::warn;

use crate::failure;

pub use before_containers::{Mention, before_containers};

/// The ways in which a profile can have credentials, told to a person whose profile has none.
const WAYS: [&str; 6] = [
    "aws_access_key_id with aws_secret_access_key",
    "credential_process",
    "role_arn with source_profile or credential_source",
    "role_arn with web_identity_token_file",
    "sso_session with sso_account_id and sso_role_name",
    "sso_start_url with sso_region, sso_account_id and sso_role_name",
];

/// The texts of both files.
pub(crate) type Texts = [(EnvConfigFileKind, String); 2];

/// 10,000 profiles have 2 MB.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// One key of each of [`WAYS`]: without any of them there is nothing to try.
const TELLING_KEYS: [&str; 6] = [
    "aws_access_key_id",
    "credential_process",
    "role_arn",
    "sso_session",
    "sso_start_url",
    "login_session",
];

/// `~/.aws/config` and `~/.aws/credentials`, read once, as every SDK reads them.
#[derive(Debug)]
pub struct AwsConfig {
    profiles: ProfileSet,
    /// What the files held when they were read: the SDK resolves a profile from nothing else.
    contents: EnvConfigFiles,
    /// The same as text.
    texts: Texts,
    config: PathBuf,
    credentials: PathBuf,
}

impl AwsConfig {
    /// Reads both files. One that isn't there is empty.
    ///
    /// # Errors
    /// A file can't be read, or a line is malformed: no SDK would read the file.
    pub async fn read(config: PathBuf, credentials: PathBuf) -> Result<Self, Failure> {
        let texts = texts_of([&config, &credentials]);
        let contents = contents_of(&texts);
        let profiles = match load(&contents).await {
            Ok(profiles) => profiles,
            // The same error with the path of the file in it.
            Err(error) => {
                let mut present = EnvConfigFiles::builder();
                for ((kind, text), path) in texts.into_iter().zip([&config, &credentials]) {
                    if !text.is_empty() {
                        present = present.with_file(kind, path);
                    }
                }
                return Err(load(&present.build()).await.err().unwrap_or(error));
            }
        };
        Ok(Self { profiles, contents, texts, config, credentials })
    }

    /// The `[sso-session NAME]` sections that have a start URL and a region, sorted by name.
    ///
    /// # Errors
    /// Says which one is wrong, and how.
    pub fn instances(&self) -> Result<Vec<Instance>, Failure> {
        let mut names: Vec<_> = self.profiles.sso_sessions().collect();
        names.sort_unstable();
        let mut instances = Vec::new();
        for name in names {
            let section = self.profiles.sso_session(name);
            let value = |key| section.and_then(|section| section.get(key));
            let (Some(start_url), Some(region)) = (value("sso_start_url"), value("sso_region"))
            else {
                continue;
            };
            let wrong = |what: &'static str| {
                let files = self.files();
                move |invalid| {
                    Failure::failed(format!("{what} of [sso-session {name}] in {files} {invalid}"))
                }
            };
            instances.push(Instance {
                name: InstanceName::parse(name).map_err(wrong("the name"))?,
                start_url: StartUrl::parse(start_url).map_err(wrong("sso_start_url"))?,
                region: RegionName::parse(region).map_err(wrong("sso_region"))?,
            });
        }
        Ok(instances)
    }

    /// Whether there is such a profile.
    pub fn has(&self, name: &ProfileName) -> bool {
        self.profiles.get_profile(name.as_str()).is_some()
    }

    /// Whether a `credential_process` gives a profile's credentials, perhaps those that its role is assumed with.
    pub fn runs_process(&self, name: &ProfileName) -> bool {
        self.profiles.get_profile(name.as_str()).and_then(|of| self.process(of)).is_some()
    }

    /// The region of a profile.
    pub fn region(&self, name: &ProfileName) -> Option<RegionName> {
        let region = self.profiles.get_profile(name.as_str())?.get("region")?;
        RegionName::parse(region).ok()
    }

    /// The profiles that say how they get credentials, and whom those are for as far as they say it; sorted by name.
    pub fn profiles(&self) -> Vec<(ProfileName, Principal)> {
        let mut names: Vec<_> = self.profiles.profiles().collect();
        names.sort_unstable();
        let profile = |name: &str| {
            let profile = self.profiles.get_profile(name)?;
            let says_how = TELLING_KEYS.iter().any(|key| profile.get(key).is_some());
            let principal = principal_of(&self.profiles, profile).unwrap_or_default();
            says_how.then_some((ProfileName::parse(name).ok()?, principal))
        };
        names.into_iter().filter_map(profile).collect()
    }

    /// The names of all profiles, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.profiles.profiles()
    }

    /// The source of a profile that the SDK resolves; `None` if there is no such profile, or if the files have paths that
    /// can't be written down, so that nobody could read them again.
    pub fn source(&self, name: &ProfileName) -> Option<ProfileSource> {
        let files = AwsConfigFiles::new(&self.config, &self.credentials).ok()?;
        let digest = digest::of(&self.profiles, name)?;
        Some(ProfileSource { files, name: name.clone(), digest })
    }

    /// The instance and the chain of roles, when a profile's credentials come from an `sso_session`, perhaps by way of
    /// `source_profile`s. The SDK resolves other profiles: see `Aws::profile`.
    pub fn chain(&self, name: &ProfileName) -> Option<(InstanceId, Chain)> {
        let mut links = Vec::new();
        let mut profile = self.profiles.get_profile(name.as_str())?;
        while let Some(role_arn) = profile.get("role_arn") {
            // The SDK knows what to say of a chain that has no end, or asks for a token.
            if links.len() >= Chain::LONGEST || profile.get("mfa_serial").is_some() {
                return None;
            }
            links.push(Link {
                role_arn: RoleArn::parse(role_arn).ok()?,
                external_id: profile.get("external_id").map(str::to_owned),
                source_identity: None,
                session_name: profile.get("role_session_name").map(str::to_owned),
            });
            profile = self.profiles.get_profile(profile.get("source_profile")?)?;
        }
        links.reverse();
        let session = profile.get("sso_session")?;
        let start_url = self.profiles.sso_session(session)?.get("sso_start_url")?;
        let instance = InstanceId {
            name: InstanceName::parse(session).ok()?,
            start_url: StartUrl::parse(start_url).ok()?,
        };
        let chain = Chain {
            account_id: AccountId::parse(profile.get("sso_account_id")?).ok()?,
            role_name: RoleName::parse(profile.get("sso_role_name")?).ok()?,
            links,
        };
        Some((instance, chain))
    }

    /// The profile that gives a role; `None` when none does. `partition` is looked at only if it is known; `through` leaves
    /// out every profile whose credentials don't come through that instance.
    ///
    /// # Errors
    /// More than one does.
    pub fn find(
        &self,
        account: &AccountId,
        role: &RoleName,
        partition: Option<&Partition>,
        through: Option<&InstanceId>,
    ) -> Result<Option<ProfileName>, Failure> {
        let is_through = |name: &str, instance: &InstanceId| {
            let chain = ProfileName::parse(name).ok().and_then(|name| self.chain(&name));
            chain.is_some_and(|(of_profile, _)| of_profile == *instance)
        };
        let is_for_role = |name: &&str| {
            let profile = self.profiles.get_profile(name);
            let arn = profile
                .and_then(|profile| principal_of(&self.profiles, profile).ok())
                .and_then(|principal| principal.role_arn());
            arn.is_some_and(|arn| {
                arn.account_id == *account
                    && arn.role_name == *role
                    && partition.is_none_or(|partition| *partition == arn.partition)
                    && through.is_none_or(|instance| is_through(name, instance))
            })
        };
        let mut names: Vec<_> = self.profiles.profiles().filter(is_for_role).collect();
        names.sort_unstable();
        match names[..] {
            [] => Ok(None),
            [name] => ProfileName::parse(name)
                .map(Some)
                .map_err(|invalid| Failure::failed(format!("the profile's name {invalid}"))),
            _ => Err(Failure::failed(format!(
                "several profiles in {} are for the role {} of the account {account}: {}; \
                 name one with --profile",
                self.files(),
                role.as_str(),
                names.join(", ")
            ))),
        }
    }

    /// The files, for messages.
    pub fn files(&self) -> String {
        format!("{} or {}", self.config.display(), self.credentials.display())
    }

    /// Some names of profiles, for a person who misspelled one.
    pub fn some_names(&self) -> String {
        let mut known: Vec<_> = self.profiles.profiles().collect();
        known.sort_unstable();
        known.truncate(20);
        match known.is_empty() {
            true => "there are no profiles".to_owned(),
            false => format!("profiles there: {}", known.join(", ")),
        }
    }

    /// The profile with a `login_session` that this profile's credentials come from, perhaps by way of `source_profile`s.
    fn login_profile<'a>(&'a self, profile: &'a Profile) -> Option<&'a str> {
        let source = |profile: &&Profile| self.profiles.get_profile(profile.get("source_profile")?);
        let mut chain = std::iter::successors(Some(profile), source).take(Chain::LONGEST + 1);
        chain.find(|profile| profile.get("login_session").is_some()).map(Profile::name)
    }

    fn profile(&self, name: &ProfileName) -> Result<&Profile, Failure> {
        let files = self.files();
        let Some(profile) = self.profiles.get_profile(name.as_str()) else {
            let known = self.some_names();
            return Err(Failure::failed(format!("no profile `{name}` in {files}; {known}")));
        };
        if TELLING_KEYS.iter().all(|key| profile.get(key).is_none()) {
            return Err(Failure::failed(format!(
                "the profile `{name}` in {files} has no credentials; it has none of: {}",
                WAYS.join("; ")
            )));
        }
        Ok(profile)
    }
}

/// What the AWS config file and the shared credentials file hold.
pub(crate) fn texts_of([config, credentials]: [&Path; 2]) -> Texts {
    let text = |path| text_of(path).unwrap_or_default();
    [(EnvConfigFileKind::Config, text(config)), (EnvConfigFileKind::Credentials, text(credentials))]
}

/// The texts for the SDK, which reads no file itself. Its default paths begin with `~`, which it looks for in the current
/// folder when HOME is unset.
pub(crate) fn contents_of(texts: &Texts) -> EnvConfigFiles {
    // The SDK takes no set of files without one.
    let [(config, in_config), (credentials, in_credentials)] = texts;
    let contents = EnvConfigFiles::builder().with_contents(*config, in_config);
    contents.with_contents(*credentials, in_credentials).build()
}

async fn load(files: &EnvConfigFiles) -> Result<ProfileSet, Failure> {
    // Which profile counts as selected is of no account here.
    let loaded = aws_config::profile::load(&Fs::real(), &Env::real(), files, None).await;
    loaded.map_err(|error| failure::of_profile_file(&error))
}

/// What a file holds; `None` if it isn't there or can't be read, which concerns only who needs a profile of it.
fn text_of(path: &Path) -> Option<String> {
    match files::read(path, MAX_BYTES) {
        Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.is_missing() => None,
        Err(error) => {
            warn!("{error}");
            None
        }
    }
}

/// Whom a profile's credentials are for, as far as the profile says it.
fn principal_of(profiles: &ProfileSet, profile: &Profile) -> Result<Principal, Failure> {
    let wrong = |key: &'static str| {
        let name = profile.name().to_owned();
        move |invalid| Failure::failed(format!("{key} of the profile `{name}` {invalid}"))
    };
    if let Some(arn) = profile.get("role_arn") {
        return RoleArn::parse(arn).map(Principal::from).map_err(wrong("role_arn"));
    }
    let (Some(account), Some(role)) = (profile.get("sso_account_id"), profile.get("sso_role_name"))
    else {
        return Ok(Principal::default());
    };
    let session = profile.get("sso_session").and_then(|name| profiles.sso_session(name));
    let region = session.and_then(|session| session.get("sso_region"));
    Ok(Principal {
        account_id: Some(AccountId::parse(account).map_err(wrong("sso_account_id"))?),
        role_name: Some(RoleName::parse(role).map_err(wrong("sso_role_name"))?),
        partition: region
            .or_else(|| profile.get("sso_region"))
            .map_or_else(Partition::default, Partition::of_region),
    })
}
