//! What SDKs find in a profile before they would ask a container's server.
#![expect(
    deprecated,
    reason = "its new place is in a crate that is no dependency of ours otherwise"
)]

use crate::failure;
use aws_config::profile::Profile;
use aws_config::profile::profile_file::ProfileFiles;
use aws_types::os_shim_internal::{Env, Fs};
use credentials::Failure;

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
pub async fn before_containers(profile: &str) -> Result<[Mention; 2], Failure> {
    let config = ProfileFiles::builder().include_default_config_file(true).build();
    let credentials = ProfileFiles::builder().include_default_credentials_file(true).build();
    Ok([mention(&config, profile).await?, mention(&credentials, profile).await?])
}

async fn mention(files: &ProfileFiles, profile: &str) -> Result<Mention, Failure> {
    let profiles = aws_config::profile::load(&Fs::real(), &Env::real(), files, None)
        .await
        .map_err(|error| failure::of_profile_file(&error))?;
    let Some(profile) = profiles.get_profile(profile) else { return Ok(Mention::Absent) };
    let key = KEYS.into_iter().find(|key| profile.get(key).is_some());
    Ok(key.filter(|_| !asks_us(profile)).map_or(Mention::NoCredentials, Mention::Wins))
}

/// A role that is assumed with a container's credentials is meant to be.
fn asks_us(profile: &Profile) -> bool {
    profile.get("credential_source").is_some_and(|source| source == "EcsContainer")
}
