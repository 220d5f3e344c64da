//! The fields of a role, for columns and filters, with the names of aws-sso-cli.

use std::borrow::Cow;
use std::str::FromStr;

use credentials::{Invalid, RoleArn, Timestamp};

use super::loaded::Loaded;
use crate::instance::roles::{Role, Roles};

/// A field of a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Profile,
    RoleName,
    AccountIdPad,
    AccountId,
    AccountName,
    AccountAlias,
    EmailAddress,
    Arn,
    DefaultRegion,
    Via,
    Sso,
    Tags,
    /// The number of the role in the instance.
    Id,
    /// The remaining time of the credentials that the running server has.
    Expires,
    /// The expiration of these credentials, in seconds since 1970.
    ExpiresEpoch,
}

impl Field {
    /// The fields that say something about each role.
    pub(super) const ALL: [Self; 12] = [
        Self::Profile,
        Self::RoleName,
        Self::AccountIdPad,
        Self::AccountId,
        Self::AccountName,
        Self::AccountAlias,
        Self::EmailAddress,
        Self::Arn,
        Self::DefaultRegion,
        Self::Via,
        Self::Sso,
        Self::Tags,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Profile => "Profile",
            Self::RoleName => "RoleName",
            Self::AccountIdPad => "AccountIdPad",
            Self::AccountId => "AccountId",
            Self::AccountName => "AccountName",
            Self::AccountAlias => "AccountAlias",
            Self::EmailAddress => "EmailAddress",
            Self::Arn => "Arn",
            Self::DefaultRegion => "DefaultRegion",
            Self::Via => "Via",
            Self::Sso => "SSO",
            Self::Tags => "Tags",
            Self::Id => "Id",
            Self::Expires => "Expires",
            Self::ExpiresEpoch => "ExpiresEpoch",
        }
    }

    /// Whether the field has something that only the running server knows.
    pub(super) fn is_of_server(self) -> bool {
        matches!(self, Self::Expires | Self::ExpiresEpoch)
    }

    /// The text that sorts roles by this field. Roles without credentials are last.
    pub(super) fn order<'a>(
        self,
        roles: &Roles<'a>,
        role: &Role<'a>,
        loaded: &Loaded,
    ) -> Cow<'a, str> {
        if !self.is_of_server() {
            return self.of(roles, role, loaded);
        }
        let expiration = loaded.expiration(roles, role).map_or(i64::MAX, Timestamp::as_second);
        format!("{expiration:0>20}").into()
    }

    pub(super) fn of<'a>(
        self,
        roles: &Roles<'a>,
        role: &Role<'a>,
        loaded: &Loaded,
    ) -> Cow<'a, str> {
        match self {
            Self::Profile => role.profile.to_string().into(),
            Self::RoleName => role.role_name.as_str().into(),
            // Unlike aws-sso-cli, we keep leading zeros, because an account ID has 12 digits.
            Self::AccountIdPad | Self::AccountId => role.account_id.as_str().into(),
            Self::AccountName => role.account_name().unwrap_or_default().into(),
            Self::AccountAlias => role.account_alias().unwrap_or_default().into(),
            Self::EmailAddress => role.email().unwrap_or_default().into(),
            Self::Arn => roles.arn(role).to_string().into(),
            Self::DefaultRegion => roles.default_region(role).unwrap_or_default().into(),
            Self::Via => role.via().map(RoleArn::to_string).unwrap_or_default().into(),
            Self::Sso => roles.instance_name().to_string().into(),
            Self::Tags => {
                let tags = role.tags().into_iter().map(|(key, value)| format!("{key}={value}"));
                tags.collect::<Vec<_>>().join(",").into()
            }
            Self::Id => role.id.to_string().into(),
            Self::Expires => loaded.expires(roles, role).into(),
            Self::ExpiresEpoch => {
                let expiration = loaded.expiration(roles, role);
                expiration.map(|at| at.as_second().to_string()).unwrap_or_default().into()
            }
        }
    }
}

impl FromStr for Field {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const MUST_BE: Invalid = Invalid(
            "one of Profile, RoleName, AccountIdPad, AccountId, AccountName, AccountAlias, EmailAddress, Arn, \
             DefaultRegion, Via, SSO, Tags, Id, Expires and ExpiresEpoch",
        );
        // The names before version 2 of aws-sso-cli.
        let text = match text.to_ascii_lowercase().as_str() {
            "expiresstr" => "Expires",
            "accountidstr" => "AccountIdPad",
            _ => text,
        };
        let is_it = |field: &Self| field.name().eq_ignore_ascii_case(text);
        let others = [Self::Id, Self::Expires, Self::ExpiresEpoch];
        Self::ALL.into_iter().chain(others).find(is_it).ok_or(MUST_BE)
    }
}

/// Fields as one text, with commas or spaces between them: one argument, or `AWS_SSO_FIELDS`.
#[derive(Clone, Debug)]
pub(super) struct Fields(pub(super) Vec<Field>);

impl FromStr for Fields {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let names = text.split([',', ' ']).filter(|name| !name.is_empty());
        names.map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

/// A filter `KEY=VALUE`. Only roles that match it are listed.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    key: String,
    /// In lower case.
    pattern: String,
}

impl Filter {
    /// Parses `FIELD=PREFIX`.
    pub(super) fn of_prefix(text: &str) -> Result<Self, Invalid> {
        format!("{text}*").parse()
    }

    /// Whether the filter is for a field that only the running server knows.
    pub(super) fn is_of_server(&self) -> bool {
        self.key.parse().is_ok_and(Field::is_of_server)
    }

    pub(super) fn holds<'a>(&self, roles: &Roles<'a>, role: &Role<'a>, loaded: &Loaded) -> bool {
        let tag = role.tags().into_iter().find(|(key, _)| *key == self.key);
        let value = match (tag, self.key.parse::<Field>()) {
            (Some((_, value)), _) => value.into(),
            (None, Ok(field)) => field.of(roles, role, loaded),
            (None, Err(_)) => return false,
        };
        matches(&self.pattern, &value.to_lowercase())
    }
}

impl FromStr for Filter {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (key, value) = text
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or(Invalid("KEY=VALUE, such as AccountName=prod*"))?;
        Ok(Self { key: key.to_owned(), pattern: value.to_lowercase() })
    }
}

/// Whether a text matches a pattern, in which `*` matches anything.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_separated_by_commas_or_spaces_and_have_their_old_names_too() {
        let Fields(fields) = "ARN,AccountIdStr ExpiresStr, sso".parse().unwrap();
        assert_eq!(fields, [Field::Arn, Field::AccountIdPad, Field::Expires, Field::Sso]);
        assert_eq!("".parse::<Fields>().unwrap().0, []);
        assert!("Arn,Size".parse::<Fields>().is_err());
    }

    #[test]
    fn a_star_matches_anything() {
        for (pattern, text) in [
            ("prod", "prod"),
            ("prod*", "production"),
            ("*", ""),
            ("*od*", "prod"),
            ("p*o*d", "prod"),
            ("a*a", "aa"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("prod", "production"), ("prod*", "nonprod"), ("a*a", "a"), ("*x", "xy")]
        {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
