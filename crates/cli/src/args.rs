//! What can be typed before a command's own arguments, and what several commands share.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use credentials::{AccountId, ProfileName, RoleArn, RoleName};
use jiff::{SignedDuration, Span, SpanRelativeTo};
use tracing::level_filters::LevelFilter;

use crate::commands;
use crate::completion::Values;
use crate::obtain::Wanted;
use crate::server_address::ServerAddress;

/// AWS credentials for every program of yours, from one local server
#[derive(Parser)]
#[command(name = "aws-sso", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// How much to tell on stderr of what goes on: off, error, warn, info, debug or trace
    #[arg(long, global = true, value_name = "LEVEL", default_value = "warn")]
    pub(crate) log_level: LevelFilter,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the container-credentials server, and load it
    #[command(subcommand)]
    Ecs(commands::ecs::Ecs),
    Setup(commands::setup::Arguments),
    Login(commands::login::Arguments),
    Logout(commands::logout::Arguments),
    Whoami(commands::whoami::Arguments),
    List(commands::list::Arguments),
    Exec(commands::exec::Arguments),
    Process(commands::process::Arguments),
    Console(commands::console::Arguments),
    Cache(commands::cache::Arguments),
    Completions(commands::completions::Arguments),
    Man(commands::man::Arguments),
    Doctor(commands::doctor::Arguments),
}

/// Which role. Who uses this has an argument group `source`, of which one may be given.
#[derive(Args)]
#[group(skip)]
pub(crate) struct RoleArguments {
    /// A profile: a role by its name (see `aws-sso list`), or a profile of the AWS config
    #[arg(short, long, value_name = "NAME", group = "source",
          value_parser = ProfileName::parse, add = Values::Profiles)]
    pub(crate) profile: Option<ProfileName>,
    /// The account of the role
    #[arg(short = 'A', long, value_name = "ID", requires = "role", group = "source",
          value_parser = AccountId::parse, add = Values::Accounts)]
    pub(crate) account: Option<AccountId>,
    /// The role's name
    #[arg(short = 'R', long, value_name = "NAME", requires = "account",
          value_parser = RoleName::parse, add = Values::Roles)]
    pub(crate) role: Option<RoleName>,
    /// The role's ARN, instead of --account and --role
    #[arg(short, long, value_name = "ARN", group = "source",
          value_parser = RoleArn::parse, add = Values::Arns)]
    pub(crate) arn: Option<RoleArn>,
}

impl RoleArguments {
    /// What is named, if anything is.
    pub(crate) fn wanted(self) -> Option<Wanted> {
        let Self { profile, account, role, arn } = self;
        let role = account.zip(role).map(|(account, role)| Wanted::Role(account, role, None));
        let arn = arn.map(|arn| Wanted::Role(arn.account_id, arn.role_name, Some(arn.partition)));
        profile.map(Wanted::Profile).or(role).or(arn)
    }
}

/// Where a server is.
#[derive(Args)]
pub(crate) struct AddressArguments {
    /// The server: HOST:PORT (an IPv6 address in brackets) or a URL
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "AWS_SSO_ECS_SERVER",
        hide_env_values = true,
        default_value_t
    )]
    pub(crate) server: ServerAddress,
}

/// Which server a client command talks to, and as whom.
#[derive(Args)]
pub(crate) struct ServerArguments {
    #[command(flatten)]
    pub(crate) address: AddressArguments,
    /// Show the server the authorization token in this file: see `aws-sso ecs token create`
    #[arg(long, value_name = "PATH", env = "AWS_SSO_ECS_TOKEN_FILE", hide_env_values = true)]
    pub(crate) token_file: Option<PathBuf>,
}

/// A length of time: 90m, 8h, 30d.
pub(crate) fn duration(text: &str) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
}

/// How data is printed.
#[derive(Args)]
pub(crate) struct OutputArguments {
    /// How to print the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Output::Text)]
    pub(crate) output: Output,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    Text,
    /// For programs
    Json,
}
