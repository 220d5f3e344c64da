//! What SDKs find in the `[default]` profile before they would ask a container's server.
#![expect(
    deprecated,
    reason = "its new place is in a crate that is no dependency of ours otherwise"
)]

use aws_config::profile::Profile;
use aws_config::profile::profile_file::ProfileFiles;
use aws_types::os_shim_internal::{Env, Fs};

use crate::ProviderError;

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

/// The key by which `[default]` wins over a container's credentials: in the config file, and in the credentials file.
///
/// # Errors
/// A line is malformed: no SDK would read the file.
pub async fn before_containers() -> Result<[Option<&'static str>; 2], ProviderError> {
    let config = ProfileFiles::builder().include_default_config_file(true).build();
    let credentials = ProfileFiles::builder().include_default_credentials_file(true).build();
    Ok([winning_key(&config).await?, winning_key(&credentials).await?])
}

async fn winning_key(files: &ProfileFiles) -> Result<Option<&'static str>, ProviderError> {
    let profiles = aws_config::profile::load(&Fs::real(), &Env::real(), files, None)
        .await
        .map_err(|error| ProviderError::from_profile_file(&error))?;
    let Some(profile) = profiles.get_profile("default").filter(|profile| !asks_us(profile)) else {
        return Ok(None);
    };
    Ok(KEYS.into_iter().find(|key| profile.get(key).is_some()))
}

/// A role that is assumed with a container's credentials is meant to be.
fn asks_us(profile: &Profile) -> bool {
    profile.get("credential_source").is_some_and(|source| source == "EcsContainer")
}
