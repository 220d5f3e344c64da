//! What a person has configured: `config.yaml` and the AWS config, added up; and which instance is meant.

use credentials::{Failure, Instance, InstanceId, InstanceName, RegionName, shell_word};
use std::path::PathBuf;

use providers::AwsConfig;
use tracing::{debug, warn};

use crate::ground::{env, paths};
use crate::instance::arguments::InstanceArguments;
use config::profile_name::ProfileFormat;
use config::{Account, ConfigFile, UrlAction};

/// Everything that is configured.
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
    /// Whether the AWS config has it too: then the AWS CLI knows it by the same name.
    pub(crate) is_in_aws_config: bool,
}

impl Settings {
    /// Reads both files.
    pub(crate) async fn read(arguments: &InstanceArguments) -> Result<Self, Failure> {
        let (config_path, config) = config_file(arguments)?;
        for note in &config.notes {
            debug!("{}: {note}", config_path.display());
        }
        let format = ProfileFormat::of_config(config.profile_format.as_deref());
        let profile_format = format.map_err(|error| {
            Failure::failed(format!("{}, ProfileFormat {error}", config_path.display()))
        })?;
        let aws_config =
            AwsConfig::read(env::aws_config_file(), env::aws_credentials_file()).await?;
        let instances = add_up(&config, aws_config.instances()?);
        let wanted = arguments.sso.clone();
        Ok(Self { config_path, config, aws_config, profile_format, instances, wanted })
    }

    /// All instances: those of config.yaml, then those that only the AWS config has.
    pub(crate) fn instances(&self) -> &[ConfiguredInstance] {
        &self.instances
    }

    /// Those that may be meant: all, unless a person has chosen one. The likeliest first.
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

    /// Whether a person has chosen one with `--sso` or `AWS_SSO`.
    pub(crate) fn is_one_chosen(&self) -> bool {
        self.wanted.is_some()
    }

    /// As if `--sso` had named it.
    pub(crate) fn choose(&mut self, name: InstanceName) {
        self.wanted = Some(name);
    }

    /// The one that is meant.
    pub(crate) fn chosen(&self) -> Result<&ConfiguredInstance, Failure> {
        self.require_instances()?;
        if let Some(name) = &self.wanted {
            let text = || format!("no instance of IAM Identity Center is called `{name}`");
            return self.named(name).ok_or_else(|| {
                Failure::failed(text()).with_hint(format!("Name one of: {}", self.names()))
            });
        }
        self.default().ok_or_else(|| {
            Failure::failed("several instances of IAM Identity Center are configured")
                .with_hint(format!("Choose one with --sso or AWS_SSO: {}", self.names()))
        })
    }

    /// That there is something to sign in to.
    pub(crate) fn require_instances(&self) -> Result<(), Failure> {
        if self.instances.is_empty() {
            let text = "no instance of IAM Identity Center is configured";
            return Err(Failure::failed(text).with_hint("Say where you sign in: aws-sso setup"));
        }
        Ok(())
    }

    /// The one of that name.
    pub(crate) fn named(&self, name: &InstanceName) -> Option<&ConfiguredInstance> {
        self.instances.iter().find(|instance| instance.instance.name == *name)
    }

    /// The one that a source means: of that name and that start URL.
    pub(crate) fn with_id(&self, id: &InstanceId) -> Option<&ConfiguredInstance> {
        self.named(&id.name).filter(|found| found.instance.start_url == id.start_url)
    }

    /// Whether another instance has the same start URL: another identity, whose sign-in must not be taken for this one's.
    pub(crate) fn shares_start_url(&self, instance: &Instance) -> bool {
        let same = |other: &&ConfiguredInstance| other.instance.start_url == instance.start_url;
        self.instances.iter().filter(same).count() > 1
    }

    /// What is typed to choose this instance: nothing, if it is meant anyway.
    pub(crate) fn flag_for(&self, instance: &Instance) -> String {
        let is_meant = self.default().is_some_and(|default| default.instance.name == instance.name);
        match self.wanted.is_none() && is_meant {
            true => String::new(),
            false => format!(" --sso {}", shell_word(instance.name.as_str())),
        }
    }

    /// `DefaultSSO`, else the one called `Default`, else the only one.
    fn default(&self) -> Option<&ConfiguredInstance> {
        let named = self.config.default_instance.as_ref().and_then(|name| self.named(name));
        let default = || self.named(&InstanceName::parse("Default").ok()?);
        let only = || match self.instances.as_slice() {
            [only] => Some(only),
            _ => None,
        };
        named.or_else(default).or_else(only)
    }

    fn names(&self) -> String {
        let names = self.instances.iter().map(|instance| instance.instance.name.as_str());
        names.collect::<Vec<_>>().join(", ")
    }
}

/// `config.yaml` alone, with its path: an empty one, if there is none and none was named.
pub(crate) fn config_file(arguments: &InstanceArguments) -> Result<(PathBuf, ConfigFile), Failure> {
    let path = arguments.config.clone().unwrap_or_else(paths::config_file);
    let config = ConfigFile::read(&path, &env::home())?;
    if config.is_none() && arguments.config.is_some() {
        let text = format!("there is no config file {}", path.display());
        return Err(Failure::failed(text)
            .with_hint("Make one: aws-sso setup, or leave out --config and AWS_SSO_CONFIG"));
    }
    Ok((path, config.unwrap_or_default()))
}

/// Both sources. Where they disagree about a name, config.yaml wins, and it is said.
fn add_up(config: &ConfigFile, of_aws: Vec<Instance>) -> Vec<ConfiguredInstance> {
    let of_config = config.instances.iter().map(|instance| ConfiguredInstance {
        instance: instance.instance.clone(),
        default_region: instance.default_region.clone(),
        auth_url_action: instance.auth_url_action,
        accounts: instance.accounts.clone(),
        is_in_aws_config: of_aws.contains(&instance.instance),
    });
    let mut instances: Vec<_> = of_config.collect();
    for instance in of_aws {
        match instances.iter().find(|known| known.instance.name == instance.name) {
            Some(known) if known.instance == instance => {}
            Some(_) => warn!(
                "[sso-session {}] of the AWS config is another one than in config.yaml, and not used",
                instance.name
            ),
            None => instances.push(ConfiguredInstance {
                instance,
                default_region: None,
                auth_url_action: None,
                accounts: Vec::new(),
                is_in_aws_config: true,
            }),
        }
    }
    instances
}
