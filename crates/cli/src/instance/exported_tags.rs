//! The tags of a role that are exported as environment variables, as `EnvVarTags` in config.yaml says.

use credentials::{Failure, Profile, RoleArn, Source};

use crate::instance::access;
use crate::instance::roles::{Role, Roles};
use crate::instance::settings::Settings;

/// The tags that config.yaml names, with the value of each that the role of the profile has.
pub(crate) fn exported_tags(
    settings: &Settings,
    profile: &Profile,
) -> Result<Vec<(String, Option<String>)>, Failure> {
    let keys = &settings.config.env_var_tags;
    let instance = profile.source.as_ref().and_then(Source::instance);
    let Some(instance) = instance.and_then(|id| settings.with_id(id)).filter(|_| !keys.is_empty())
    else {
        return Ok(keys.iter().map(|key| (key.clone(), None)).collect());
    };
    let catalogue = access::catalogue_file(instance).read();
    let roles = Roles::of(settings, instance, &catalogue)?;
    // A chain that somebody typed has a name of its own, which another role may have.
    let is_meant = |role: &&Role<'_>| roles.source(role).ok() == profile.source;
    let role = roles.named(&profile.name).filter(is_meant);
    let value = |key: &String| role.and_then(|role| value(&roles, role, key));
    Ok(keys.iter().map(|key| (key.clone(), value(key))).collect())
}

/// The value of a tag of config.yaml, or of one that aws-sso-cli gives each role by itself.
fn value<'a>(roles: &Roles<'a>, role: &Role<'a>, key: &str) -> Option<String> {
    let of_role = || {
        Some(match key {
            "AccountID" => role.account_id.as_str().to_owned(),
            "AccountAlias" => role.account_alias()?.to_owned(),
            "AccountName" => role.account_name()?.to_owned(),
            "Email" => role.email()?.to_owned(),
            "Role" => role.role_name.as_str().to_owned(),
            "DefaultRegion" => roles.default_region(role)?.to_owned(),
            "Profile" => role.profile.to_string(),
            "Via" => role.via().map(RoleArn::to_string)?,
            _ => return None,
        })
    };
    role.tag(key).or_else(of_role)
}
