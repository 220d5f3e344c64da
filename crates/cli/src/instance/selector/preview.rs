//! What is told of the chosen row, as labels and values: everything, where the list has room for a part.

use std::borrow::Cow;

use super::rows::{Column, Of, Row, Rows, shown_tags};
use super::told::Told;
use crate::ground::ui::printable;
use crate::instance::history::Use;
use crate::instance::roles::{Role, Roles};

/// The most important first: there may be no room for all.
pub(super) fn lines<'a>(
    rows: &'a Rows<'_>,
    row: &'a Row<'_>,
    told: &Told,
) -> Vec<(&'static str, Cow<'a, str>)> {
    let mut lines = vec![
        ("Profile", Cow::Borrowed(rows.shown(row, Column::Profile))),
        ("ARN", arn(row).into()),
        ("Account", account(rows, row).into()),
        ("Credentials", told.at_hand(row).into()),
        ("Region", region(row).into()),
        ("Tags", shown_tags(&row.tags).into()),
        ("Way", way(row).into()),
        ("Last used", row.used.map_or_else(String::new, |used| used_ago(used, rows.now)).into()),
    ];
    lines.retain(|(_, value)| !value.is_empty());
    lines
}

/// For the list: at most four columns wide.
pub(super) fn age(used: Use, now: i64) -> String {
    let minutes = now.saturating_sub(used.last_used).max(0) / 60;
    match (minutes, minutes / 60, minutes / (60 * 24)) {
        (0, ..) => "now".to_owned(),
        (minutes @ ..60, ..) => format!("{minutes}m"),
        (_, hours @ ..48, _) => format!("{hours}h"),
        (.., days @ ..100) => format!("{days}d"),
        (.., days @ ..1000) => format!("{}w", days / 7),
        (.., days) => format!("{}y", (days / 365).min(999)),
    }
}

fn used_ago(used: Use, now: i64) -> String {
    match age(used, now).as_str() {
        "now" => "within the last minute".to_owned(),
        age => format!("{age} ago"),
    }
}

fn arn(row: &Row<'_>) -> String {
    match &row.of {
        Of::Role { roles, role } => roles.arn(role).to_string(),
        Of::AwsConfig { principal, .. } => {
            principal.role_arn().map_or_else(String::new, |arn| arn.to_string())
        }
    }
}

/// The id, and the names that config.yaml and AWS give it.
fn account(rows: &Rows<'_>, row: &Row<'_>) -> String {
    let shown = |column| rows.shown(row, column);
    let names = match (shown(Column::Account), shown(Column::Alias)) {
        (name, "") => name.to_owned(),
        (name, alias) => format!("{name} ({alias})"),
    };
    format!("{} {names}", shown(Column::AccountId)).trim().to_owned()
}

fn region(row: &Row<'_>) -> String {
    match &row.of {
        Of::Role { roles, role } => {
            roles.default_region(role).unwrap_or("none is configured").to_owned()
        }
        Of::AwsConfig { .. } => String::new(),
    }
}

/// By which roles one gets there, if it takes more than the sign-in.
fn way(row: &Row<'_>) -> String {
    match &row.of {
        Of::Role { roles, role } => chain(roles, role),
        Of::AwsConfig { .. } => "a profile of the AWS config".to_owned(),
    }
}

fn chain(roles: &Roles<'_>, role: &Role<'_>) -> String {
    let chain = match roles.chain(role) {
        Ok(chain) => chain,
        Err(error) => return printable(&error.message).into_owned(),
    };
    if chain.links.is_empty() {
        return String::new();
    }
    let mut way = format!("{}/{}", chain.account_id, chain.role_name.as_str());
    for link in &chain.links {
        way = format!("{way} > {}/{}", link.role_arn.account_id, link.role_arn.role_name.as_str());
    }
    way
}
