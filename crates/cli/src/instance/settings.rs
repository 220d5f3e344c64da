//! The settings: `config.yaml` merged with the AWS config, and the chosen instance.

mod merge;

use credentials::{Failure, Instance, InstanceId, InstanceName, RegionName, shell_word};
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};

use config::aws_config::AwsConfig;
use tracing::{debug, warn};

use crate::ground::{env, paths};
use crate::instance::arguments::InstanceArguments;
use config::profile_name::ProfileFormat;
use config::{Account, BrokenInstance, ConfigFile, FieldError, UrlAction};
use merge::merge;

/// The settings from both config files.
pub(crate) struct Settings {
    pub(crate) config_path: PathBuf,
    pub(crate) config: ConfigFile,
    pub(crate) aws_config: AwsConfig,
    pub(crate) profile_format: ProfileFormat,
    instances: Vec<ConfiguredInstance>,
    /// `--sso` or `AWS_SSO`.
    wanted: Option<InstanceName>,
}

/// An instance, with what config.yaml adds to its accounts and roles.
#[derive(Clone)]
pub(crate) struct ConfiguredInstance {
    pub(crate) instance: Instance,
    pub(crate) default_region: Option<RegionName>,
    pub(crate) auth_url_action: Option<UrlAction>,
    pub(crate) accounts: Vec<Account>,
    /// The `[sso-session]`s that are this instance: the AWS CLI keeps its sign-ins by these names.
    pub(crate) sso_sessions: Vec<InstanceName>,
}

impl Settings {
    /// Reads both files, and warns about what cannot be read.
    pub(crate) fn read(arguments: &InstanceArguments) -> Result<Self, Failure> {
        let settings = Self::read_silently(arguments)?;
        settings.warn();
        for failure in settings.aws_config.unreadable() {
            warn!("{failure}");
        }
        Ok(settings)
    }

    /// Reads both files. The caller shows what cannot be read.
    pub(crate) fn read_silently(arguments: &InstanceArguments) -> Result<Self, Failure> {
        let (config_path, config) = config_file(arguments)?;
        let format = ProfileFormat::of_config(config.profile_format.as_deref());
        let profile_format = format.map_err(|error| {
            Failure::failed(format!("{}, ProfileFormat {error}", config_path.display()))
        })?;
        let aws_config = aws_config();
        let instances = merge(&config, aws_config.instances());
        let wanted = arguments.sso.clone();
        Ok(Self { config_path, config, aws_config, profile_format, instances, wanted })
    }

    /// All instances: first those of config.yaml, then those that only the AWS config has.
    pub(crate) fn instances(&self) -> &[ConfiguredInstance] {
        &self.instances
    }

    /// The chosen instance, or all instances with the default one first.
    pub(crate) fn candidates(&self) -> Result<Vec<&ConfiguredInstance>, Failure> {
        if self.wanted.is_some() {
            return Ok(vec![self.chosen()?]);
        }
        let default = self.default();
        let is_default = |instance: &ConfiguredInstance| {
            default.is_some_and(|default| default.instance.name == instance.instance.name)
        };
        let mut candidates: Vec<_> = self.instances.iter().collect();
        candidates.sort_by_key(|instance| !is_default(instance));
        Ok(candidates)
    }

    /// Whether a person chose an instance with `--sso` or `AWS_SSO`.
    pub(crate) fn is_one_chosen(&self) -> bool {
        self.wanted.is_some()
    }

    /// Chooses an instance, as `--sso` does.
    pub(crate) fn choose(&mut self, name: InstanceName) {
        self.wanted = Some(name);
    }

    /// The chosen instance, or else the default one.
    pub(crate) fn chosen(&self) -> Result<&ConfiguredInstance, Failure> {
        self.require_instances()?;
        if let Some(name) = &self.wanted {
            if let Some(failure) = self.broken(name) {
                return Err(failure);
            }
            return self.named(name).ok_or_else(|| self.unknown(name));
        }
        self.default().ok_or_else(|| {
            if let Some(failure) = self.broken_default() {
                return failure;
            }
            Failure::failed("several instances of IAM Identity Center are configured")
                .with_hint(format!("Choose one with --sso or AWS_SSO: {}", self.names()))
        })
    }

    fn unknown(&self, name: &InstanceName) -> Failure {
        self.aws_config.broken_sso_session(name).unwrap_or_else(|| {
            Failure::failed(format!("there is no instance of IAM Identity Center `{name}`"))
                .with_hint(format!("Choose one with --sso or AWS_SSO: {}", self.names()))
        })
    }

    /// Fails if no instance is configured.
    pub(crate) fn require_instances(&self) -> Result<(), Failure> {
        if self.instances.is_empty() {
            if let Some(broken) = self.config.broken_instances.first() {
                return Err(self.failure_of(broken));
            }
            let text = "no instance of IAM Identity Center is configured";
            return Err(Failure::failed(text).with_hint("Configure an instance: aws-sso setup"));
        }
        Ok(())
    }

    /// The instance of that name, or with an `[sso-session]` of that name.
    pub(crate) fn named(&self, name: &InstanceName) -> Option<&ConfiguredInstance> {
        let is_named = |instance: &&ConfiguredInstance| instance.instance.name == *name;
        let has_session = |instance: &&ConfiguredInstance| instance.sso_sessions.contains(name);
        let instances = || self.instances.iter();
        instances().find(is_named).or_else(|| instances().find(has_session))
    }

    /// The instance that a profile of the AWS config signs in to. Several can have its start URL: then the one with the
    /// `[sso-session]` of the profile counts, or the chosen one, or the default.
    ///
    /// # Errors
    /// None of these has it: another one could give another person's roles.
    pub(crate) fn of_portal(&self, portal: &Instance) -> Result<&ConfiguredInstance, Failure> {
        let has_url =
            |instance: &&ConfiguredInstance| instance.instance.start_url == portal.start_url;
        let found: Vec<_> = self.instances.iter().filter(has_url).collect();
        let by_session = found.iter().find(|found| found.sso_sessions.contains(&portal.name));
        if let ([only], _) | (_, Some(only)) = (found.as_slice(), by_session) {
            return Ok(only);
        }
        let chosen = self.wanted.as_ref().and_then(|name| self.named(name));
        let chosen = chosen.or_else(|| self.default()).filter(has_url);
        chosen.ok_or_else(|| match (found.is_empty(), self.broken(&portal.name)) {
            (true, Some(failure)) => failure,
            (_, _) => {
                let url = &portal.start_url;
                Failure::failed(format!(
                    "the start URL {url} is that of no instance, or of several"
                ))
                .with_hint(format!("Choose one with --sso or AWS_SSO: {}", self.names()))
            }
        })
    }

    /// The instance with this name and this start URL.
    pub(crate) fn with_id(&self, id: &InstanceId) -> Option<&ConfiguredInstance> {
        self.named(&id.name).filter(|found| found.instance.start_url == id.start_url)
    }

    /// Whether another instance has the same start URL. It is another identity, so its sign-in must not be used here.
    pub(crate) fn shares_start_url(&self, instance: &Instance) -> bool {
        let same = |other: &&ConfiguredInstance| other.instance.start_url == instance.start_url;
        self.instances.iter().filter(same).count() > 1
    }

    /// The flag that chooses this instance. Empty if it is the default.
    pub(crate) fn flag_for(&self, instance: &Instance) -> String {
        let is_meant = self.default().is_some_and(|default| default.instance.name == instance.name);
        match self.wanted.is_none() && is_meant {
            true => String::new(),
            false => format!(" --sso {}", shell_word(instance.name.as_str())),
        }
    }

    /// `DefaultSSO`, else the one called `Default`, else the only one. None if that one is broken: another instance could give
    /// another person's roles.
    fn default(&self) -> Option<&ConfiguredInstance> {
        if self.broken_default().is_some() {
            return None;
        }
        let named = self.config.default_instance.as_ref().and_then(|name| self.named(name));
        let default = || self.named(&InstanceName::parse("Default").ok()?);
        let only = || match (self.instances.as_slice(), self.config.broken_instances.as_slice()) {
            ([only], []) => Some(only),
            _ => None,
        };
        named.or_else(default).or_else(only)
    }

    /// Why the default instance cannot be used, if config.yaml has it and it is broken.
    fn broken_default(&self) -> Option<Failure> {
        match &self.config.default_instance {
            Some(name) if self.broken(name).is_some() => self.broken(name),
            Some(name) if self.named(name).is_some() => None,
            Some(_) | None => self.broken(&InstanceName::parse("Default").ok()?),
        }
    }

    /// Why the instance of that name cannot be used, if it is broken.
    fn broken(&self, name: &InstanceName) -> Option<Failure> {
        let broken = self.config.broken_instances.iter().find(|broken| broken.name == *name);
        broken.map(|broken| self.failure_of(broken))
    }

    /// Tells a person once what of config.yaml cannot be read. A server reads it again and again.
    fn warn(&self) {
        let (config, path) = (&self.config, self.config_path.display());
        for note in config.notes.iter().chain(&config.unused) {
            debug!("{path}: {note}");
        }
        let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
        let problems = config.problems.iter().filter(|problem| !self.is_error(problem));
        let messages = problems.map(|problem| problem.in_file(&path));
        let new: Vec<String> = messages.filter(|message| told.insert(message.clone())).collect();
        for message in new.iter().take(MAX_TOLD) {
            warn!("{message}");
        }
        if new.len() > MAX_TOLD {
            warn!("{path} has {} more such lines: aws-sso doctor", new.len() - MAX_TOLD);
        }
    }

    /// Whether a command that needs what cannot be read fails with this very problem.
    fn is_error(&self, problem: &FieldError) -> bool {
        let of_store = matches!(&self.config.secure_store, Some(Err(error)) if error == problem);
        let broken = &self.config.broken_instances;
        let meant = match self.instances.is_empty() {
            true => broken.first(),
            false => broken.iter().find(|broken| self.wanted.as_ref() == Some(&broken.name)),
        };
        of_store || meant.is_some_and(|broken| broken.error == *problem)
    }

    fn failure_of(&self, broken: &BrokenInstance) -> Failure {
        Failure::failed(broken.error.in_file(self.config_path.display()))
    }

    fn names(&self) -> String {
        let names = self.instances.iter().map(|instance| instance.instance.name.as_str());
        names.collect::<Vec<_>>().join(", ")
    }
}

/// Reads the AWS config that the environment names.
pub(crate) fn aws_config() -> AwsConfig {
    AwsConfig::read(env::aws_config_file(), env::aws_credentials_file())
}

/// Reads `config.yaml` only. Without the file, the settings are empty, unless a flag or a variable names the file.
pub(crate) fn config_file(arguments: &InstanceArguments) -> Result<(PathBuf, ConfigFile), Failure> {
    let path = arguments.config.clone().unwrap_or_else(paths::config_file);
    let config = ConfigFile::read(&path, &env::home())?;
    if config.is_none() && arguments.config.is_some() {
        let text = format!("there is no config file {}", path.display());
        return Err(Failure::failed(text)
            .with_hint("Create one: aws-sso setup, or leave out --config and AWS_SSO_CONFIG"));
    }
    Ok((path, config.unwrap_or_default()))
}

/// Shows a warning that this process has not shown yet.
pub(crate) fn warn_once(message: String) {
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if !told.contains(&message) {
        warn!("{message}");
        told.insert(message);
    }
}

/// The messages that this process has shown.
static TOLD: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

/// Limit of messages at once.
const MAX_TOLD: usize = 10;
