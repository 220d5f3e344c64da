//! All details of the selected row, as labels and values.

use credentials::Failure;
use selector::{Row, shown_tags};

use super::loaded::{Loaded, where_loaded};
use super::rows::Target;
use crate::instance::roles::{Role, Roles};

/// Lines for the selected row, the most important first, because there may not be room for all. `loaded` is None until
/// the server has answered.
pub(super) fn preview(
    row: &Row<'_, Target<'_>>,
    loaded: Option<&[Loaded]>,
) -> Vec<(&'static str, String)> {
    let target = row.key;
    let last_used = row.used.map_or_else(String::new, |used| match used.age().as_str() {
        "now" => "within the last minute".to_owned(),
        age => format!("{age} ago"),
    });
    let [arn, account, region, tags, via] = match target {
        Target::Role { roles, role } => [
            roles.arn(role).to_string(),
            account(role),
            roles.default_region(role).unwrap_or("none is configured").to_owned(),
            shown_tags(&role.tags()),
            chain(roles, role).unwrap_or_else(|failure| failure.message),
        ],
        Target::Profile(profile) => [
            profile.principal.role_arn().map_or_else(String::new, |arn| arn.to_string()),
            profile.principal.account_id.as_ref().map_or_else(String::new, ToString::to_string),
            String::new(),
            String::new(),
            "a profile of the AWS config".to_owned(),
        ],
    };
    let mut lines = vec![
        ("Profile", target.profile().to_string()),
        ("ARN", arn),
        ("Account", account),
        ("Credentials", where_loaded(loaded, target)),
        ("Region", region),
        ("Tags", tags),
        ("Via", via),
        ("Last used", last_used),
    ];
    lines.retain(|(_, value)| !value.is_empty());
    lines
}

/// The account ID, and the account's names in config.yaml and in AWS.
fn account(role: &Role<'_>) -> String {
    let id = role.account_id;
    match (role.account_name(), role.account_alias()) {
        (Some(name), Some(alias)) if name != alias && !alias.is_empty() => {
            format!("{id} {name} ({alias})")
        }
        (name, alias) => {
            format!("{id} {}", name.or(alias).unwrap_or_default()).trim_end().to_owned()
        }
    }
}

/// The chain to the role. Empty for a role of the access portal.
fn chain(roles: &Roles<'_>, role: &Role<'_>) -> Result<String, Failure> {
    let chain = roles.chain(role)?;
    if chain.links.is_empty() {
        return Ok(String::new());
    }
    let mut text = format!("{}/{}", chain.account_id, chain.role_name.as_str());
    for link in &chain.links {
        text =
            format!("{text} > {}/{}", link.role_arn.account_id, link.role_arn.role_name.as_str());
    }
    Ok(text)
}
