//! Arguments that name a role or an instance.

use std::path::PathBuf;

use clap::Args;
use config::UrlAction;
use credentials::{AccountId, InstanceName, Partition, ProfileName, RoleArn, RoleName};

use crate::ground::values::Values;

/// The role that a person names.
pub(crate) enum Wanted {
    /// A role by its profile name.
    Profile(ProfileName),
    /// A role by its account and name, and the partition if it is known.
    Role(AccountId, RoleName, Option<Partition>),
}

/// The role to use. Commands that flatten this have an argument group `source`, which takes one of these.
#[derive(Args)]
#[group(skip)]
pub(crate) struct RoleArguments {
    /// The profile: a role's profile name (see `aws-sso list`) or a profile in the AWS config
    #[arg(short, long, value_name = "NAME", group = "source",
          value_parser = ProfileName::parse, add = Values::Profiles)]
    pub(crate) profile: Option<ProfileName>,
    /// The account ID of the role
    #[arg(short = 'A', long, value_name = "ID", requires = "role", group = "source",
          value_parser = AccountId::parse, add = Values::Accounts)]
    pub(crate) account: Option<AccountId>,
    /// The name of the role
    #[arg(short = 'R', long, value_name = "NAME", requires = "account",
          value_parser = RoleName::parse, add = Values::Roles)]
    pub(crate) role: Option<RoleName>,
    /// The ARN of the role, instead of --account and --role
    #[arg(short, long, value_name = "ARN", group = "source",
          value_parser = RoleArn::parse, add = Values::Arns)]
    pub(crate) arn: Option<RoleArn>,
}

impl RoleArguments {
    /// The named role, if there is one.
    pub(crate) fn wanted(self) -> Option<Wanted> {
        let Self { profile, account, role, arn } = self;
        let role = account.zip(role).map(|(account, role)| Wanted::Role(account, role, None));
        let arn = arn.map(|arn| Wanted::Role(arn.account_id, arn.role_name, Some(arn.partition)));
        profile.map(Wanted::Profile).or(role).or(arn)
    }
}

/// The instance of IAM Identity Center to use.
#[derive(Args, Clone)]
pub(crate) struct InstanceArguments {
    /// The instance of IAM Identity Center: its name in config.yaml, or an sso-session in the AWS config
    #[arg(short = 'S', long, value_name = "NAME", env = "AWS_SSO", hide_env_values = true,
          value_parser = InstanceName::parse, add = Values::Instances)]
    pub(crate) sso: Option<InstanceName>,
    /// The config file [default: ~/.aws-sso/config.yaml if that folder exists, else ~/.config/aws-sso/config.yaml]
    #[arg(long, value_name = "FILE", env = "AWS_SSO_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,
}

/// What is done with a URL that a person should open.
#[derive(Args)]
pub(crate) struct UrlArguments {
    /// What to do with the URL: open, print, printurl, clip, exec, ansi-osc52, granted-containers or
    /// open-url-in-container
    #[arg(short, long, value_name = "ACTION")]
    pub(crate) url_action: Option<UrlAction>,
    /// The browser for URLs [default: Browser in config.yaml, else the system's]
    #[arg(short, long, value_name = "PATH", env = "AWS_SSO_BROWSER", hide_env_values = true)]
    pub(crate) browser: Option<String>,
}
