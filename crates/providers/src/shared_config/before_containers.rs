//! What SDKs find in a profile before they would ask a container's server.

use std::path::Path;

use aws_config::profile::Profile;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use credentials::Failure;

use super::load;

/// Each of these makes most SDKs take the profile, or fail with it.
const KEYS: [&str; 7] = [
    "aws_access_key_id",
    "credential_process",
    "role_arn",
    "sso_session",
    "sso_start_url",
    "login_session",
    "web_identity_token_file",
];

/// What one of the two files says of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mention {
    /// The file doesn't have it.
    Absent,
    /// It has no credentials, or those of a role that is assumed with a container's.
    NoCredentials,
    /// This key makes it win over a container's credentials.
    Wins(&'static str),
}

/// What the config file says of the profile, and what the credentials file does.
///
/// # Errors
/// A line is malformed: no SDK would read the file.
pub async fn before_containers(
    profile: &str,
    [config, credentials]: [&Path; 2],
) -> Result<[Mention; 2], Failure> {
    Ok([
        mention(EnvConfigFileKind::Config, config, profile).await?,
        mention(EnvConfigFileKind::Credentials, credentials, profile).await?,
    ])
}

async fn mention(kind: EnvConfigFileKind, path: &Path, profile: &str) -> Result<Mention, Failure> {
    // The SDK's error names the file.
    if !path.is_file() {
        return Ok(Mention::Absent);
    }
    let profiles = load(&EnvConfigFiles::builder().with_file(kind, path).build()).await?;
    let Some(profile) = profiles.get_profile(profile) else { return Ok(Mention::Absent) };
    let key = KEYS.into_iter().find(|key| profile.get(key).is_some());
    Ok(key.filter(|_| !asks_us(profile)).map_or(Mention::NoCredentials, Mention::Wins))
}

/// A role that is assumed with a container's credentials is meant to be.
fn asks_us(profile: &Profile) -> bool {
    profile.get("credential_source").is_some_and(|source| source == "EcsContainer")
}
