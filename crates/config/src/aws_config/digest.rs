//! A digest of the settings that a profile's credentials come from.

use credentials::{Chain, ProfileName, SettingsDigest};
use sha2::{Digest, Sha256};

use super::AwsConfig;

/// The digest of a profile's settings and of those that they lead to; `None` if there is no such profile.
pub(super) fn of(config: &AwsConfig, name: &ProfileName) -> Option<SettingsDigest> {
    let mut digest = Sha256::new();
    let mut add = |text: &str| {
        digest.update(text.len().to_le_bytes());
        digest.update(text);
    };
    let mut profile = config.profiles.get(name.as_str())?;
    for _ in 0..=Chain::LONGEST {
        add(profile.name());
        for key in OF_PROFILE {
            add(key);
            add(profile.get(key).unwrap_or_default());
        }
        let session = profile.get("sso_session").and_then(|name| config.sso_sessions.get(name));
        if let Some(session) = session {
            OF_SESSION.iter().for_each(|key| add(session.get(key).unwrap_or_default()));
        }
        let next = profile.get("source_profile").and_then(|name| config.profiles.get(name));
        match next {
            Some(next) if next.name() != profile.name() => profile = next,
            _ => break,
        }
    }
    Some(SettingsDigest(digest.finalize().into()))
}

/// The keys that say which role a profile's credentials are for, and how they are obtained. The access keys of a profile are
/// left out: they are replaced now and then, by hand or by a program, and mean the same role.
const OF_PROFILE: [&str; 18] = [
    "aws_account_id",
    "credential_process",
    "credential_source",
    "duration_seconds",
    "external_id",
    "login_session",
    "mfa_serial",
    "role_arn",
    "role_session_name",
    "services",
    "source_profile",
    "sso_account_id",
    "sso_region",
    "sso_role_name",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
    "endpoint_url",
];

const OF_SESSION: [&str; 2] = ["sso_start_url", "sso_region"];
