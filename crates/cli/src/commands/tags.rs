//! `aws-sso tags`

use clap::Args;
use credentials::{AccountId, Failure, RoleArn, RoleName};

use crate::ground::ui::Lines;
use crate::ground::values::Values;
use crate::instance::access;
use crate::instance::arguments::InstanceArguments;
use crate::instance::roles::{Role, Roles};
use crate::instance::settings::Settings;

/// List the tags of your roles
///
/// Each role has the tags of config.yaml, and tags for what is known about it. For a table: aws-sso list Profile Tags.
#[derive(Args)]
#[command(after_help = "Example:\n  aws-sso tags --role Admin")]
pub(crate) struct Arguments {
    /// Only the roles of this account
    #[arg(short = 'A', long, value_name = "ID", value_parser = AccountId::parse, add = Values::Accounts)]
    account: Option<AccountId>,
    /// Only the roles with this name
    #[arg(short = 'R', long, value_name = "NAME", value_parser = RoleName::parse, add = Values::Roles)]
    role: Option<RoleName>,
    #[command(flatten)]
    instance: InstanceArguments,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { account, role: name, instance } = arguments;
    let settings = Settings::read(&instance)?;
    let instance = settings.chosen()?;
    let catalogue = access::catalogue_file(instance).read();
    let roles = Roles::of(&settings, instance, &catalogue)?;
    let mut lines = Lines::new();
    for role in &roles.roles {
        let is_wanted = account.as_ref().is_none_or(|id| id == role.account_id)
            && name.as_ref().is_none_or(|name| name == role.role_name);
        if is_wanted {
            lines.push(&roles.arn(role).to_string());
            for (key, value) in tags(&roles, role) {
                lines.push(&format!("  {key}: {value}"));
            }
            lines.push("");
        }
    }
    Ok(())
}

/// The tags of config.yaml, and those that aws-sso-cli gives every role. Sorted.
fn tags(roles: &Roles<'_>, role: &Role<'_>) -> Vec<(String, String)> {
    let via = role.via().map(RoleArn::to_string);
    let known = [
        ("AccountID", Some(role.account_id.as_str())),
        ("AccountName", role.account_name()),
        ("AccountAlias", role.account_alias()),
        ("Email", role.email()),
        ("Role", Some(role.role_name.as_str())),
        ("Profile", Some(role.profile.as_str())),
        ("DefaultRegion", roles.default_region(role)),
        ("Via", via.as_deref()),
    ];
    let mut tags = role.tags();
    for (key, value) in known {
        let is_given = tags.iter().any(|(given, _)| given == key);
        if let Some(value) = value.filter(|value| !is_given && !value.is_empty()) {
            tags.push((key.to_owned(), value.to_owned()));
        }
    }
    tags.sort();
    tags
}
