//! `aws-sso eval`

use std::path::Path;

use clap::{ArgGroup, Args};
use credentials::{AccountId, Failure, Problem, ProfileName, RegionName, RoleName};

use crate::ground::{env, ui};
use crate::instance::arguments::{InstanceArguments, RoleArguments, Wanted};
use crate::instance::exported_tags::exported_tags;
use crate::instance::history;
use crate::instance::obtain::{default_region, obtain};
use crate::instance::settings::Settings;
use crate::instance::which_role::which_role;
use crate::programs::exports::Exports;
use crate::programs::format::Format;

/// Print the keys of a role as variables for a shell
///
/// The keys are not refreshed, and every program of the shell sees them. `aws-sso exec` gives one command credentials that
/// stay fresh; `aws-sso ecs env` lets a shell use the server.
#[derive(Args)]
#[command(after_help = "Example:\n  eval \"$(aws-sso eval --profile prod:Admin)\"")]
#[command(group(ArgGroup::new("source")))]
pub(crate) struct Arguments {
    #[command(flatten)]
    role: RoleArguments,
    /// Unset the variables again
    #[arg(short, long, conflicts_with_all = ["source", "refresh"])]
    clear: bool,
    /// Take the role whose keys this shell has
    #[arg(short, long, conflicts_with = "source")]
    refresh: bool,
    /// Do not set the region
    #[arg(short, long)]
    no_region: bool,
    /// Set the region even if the environment has another one
    #[arg(short = 'O', long, conflicts_with = "no_region")]
    overwrite_region: bool,
    /// The format: a shell, or the tool that reads it [default: that of the shell in the variable SHELL]
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    #[command(flatten)]
    instance: InstanceArguments,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let format = arguments.format.unwrap_or_else(format_of_shell);
    let region_is_ours =
        env::text(REGION_OF_ROLE).is_some_and(|ours| env::text(REGION) == Some(ours));
    let exports = match arguments.clear {
        true => cleared(region_is_ours),
        false => {
            let takes_region = !arguments.no_region
                && (arguments.overwrite_region || region_is_ours || !env::has_region());
            keys(arguments, takes_region).await?
        }
    };
    ui::data(&format.write(&exports)?);
    Ok(())
}

/// The keys of the role, and what prompts and scripts read.
async fn keys(arguments: Arguments, takes_region: bool) -> Result<Exports, Failure> {
    let Arguments { role, refresh, instance, .. } = arguments;
    let mut settings = Settings::read(&instance)?;
    let wanted = match refresh {
        true => role_of_shell()?,
        false => which_role(role, &mut settings, None, "aws-sso eval").await?,
    };
    let profile = obtain(&settings, wanted).await?;
    history::note(&profile);
    let region = default_region(&settings, &profile)?.filter(|_| takes_region);
    let region = region.as_ref().map(RegionName::as_str);
    let exports = Exports::of_credentials(&profile.credentials)
        .with_role(&profile, region)
        .with_tags(&exported_tags(&settings, &profile)?)
        .with(EXPIRATION, Some(&profile.credentials.expiration.to_string()))
        .with(ARN, profile.principal.role_arn().map(|arn| arn.to_string()).as_deref());
    Ok(match region {
        Some(region) => exports.with(REGION_OF_ROLE, Some(region)),
        None => exports,
    })
}

fn role_of_shell() -> Result<Wanted, Failure> {
    let account = env::optional(ACCOUNT, |text| AccountId::parse(&text))?;
    let role = env::optional(ROLE, |text| RoleName::parse(&text))?;
    if let Some((account, role)) = account.zip(role) {
        return Ok(Wanted::Role(account, role, None));
    }
    let profile = env::optional(PROFILE, |text| ProfileName::parse(&text))?;
    profile.map(Wanted::Profile).ok_or_else(|| {
        Failure::new(Problem::Usage, "this shell has the keys of no role")
            .with_hint("Name a role: aws-sso eval --profile NAME")
    })
}

fn cleared(region_is_ours: bool) -> Exports {
    let mut names = vec![
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_CREDENTIAL_EXPIRATION",
        PROFILE,
        ACCOUNT,
        ROLE,
        ARN,
        EXPIRATION,
        REGION_OF_ROLE,
    ];
    if region_is_ours {
        names.extend(["AWS_REGION", REGION]);
    }
    Exports::unsetting(names).without_tags(env::names())
}

fn format_of_shell() -> Format {
    let shell = env::shell();
    match Path::new(&shell).file_stem().and_then(|name| name.to_str()) {
        _ if cfg!(windows) => Format::Powershell,
        Some("fish") => Format::Fish,
        Some("pwsh") => Format::Powershell,
        _ => Format::Sh,
    }
}

const PROFILE: &str = "AWS_SSO_PROFILE";
const ACCOUNT: &str = "AWS_SSO_ACCOUNT_ID";
const ROLE: &str = "AWS_SSO_ROLE_NAME";
const ARN: &str = "AWS_SSO_ROLE_ARN";
const EXPIRATION: &str = "AWS_SSO_SESSION_EXPIRATION";
const REGION: &str = "AWS_DEFAULT_REGION";
/// The region that the last `eval` set. Only a region that is equal to it is replaced.
const REGION_OF_ROLE: &str = "AWS_SSO_DEFAULT_REGION";
