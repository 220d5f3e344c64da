//! `credential_process` at the end of a chain of profiles. We run it, and the SDK gets its credentials: the SDK would limit
//! neither its time nor its output, and its environment would have our passphrase.

use aws_config::profile::Profile;
use aws_runtime::env_config::file::EnvConfigFiles;
use credentials::Chain;

use super::AwsConfig;

/// The name under which the SDK finds the credentials of the process (`credential_source`).
pub(super) const PROVIDER: &str = "AwsSsoProcess";

/// A `credential_process`, and the profile that has it.
pub(super) struct Process<'a> {
    pub(super) line: &'a str,
    pub(super) profile: &'a Profile,
}

impl AwsConfig {
    /// The process that a profile's credentials come from, perhaps by way of roles that are assumed one after the other. The
    /// rules are the SDK's.
    pub(super) fn process<'a>(&'a self, first: &'a Profile) -> Option<Process<'a>> {
        let mut profile = first;
        for step in 0..=Chain::LONGEST {
            if step > 0 && STATIC_KEYS.iter().all(|key| profile.get(key).is_some()) {
                return None;
            }
            match profile.get("source_profile") {
                _ if profile.get("role_arn").is_none() => break,
                Some(next) if next == profile.name() => break,
                Some(next) => profile = self.profiles.get_profile(next)?,
                None => return None,
            }
        }
        let line = profile.get("credential_process")?;
        let has_other = BEFORE_PROCESS.iter().any(|key| profile.get(key).is_some());
        (!has_other).then_some(Process { line, profile })
    }

    /// The files for the SDK, where every role with this source profile takes its credentials from [`PROVIDER`].
    pub(super) fn contents_with_provider(&self, source_profile: &str) -> EnvConfigFiles {
        let changed = |line: &str| match value_of("source_profile", line) {
            Some(value) if value == source_profile => format!("credential_source = {PROVIDER}\n"),
            _ => format!("{line}\n"),
        };
        let mut files = EnvConfigFiles::builder();
        for (kind, text) in &self.texts {
            files = files.with_contents(*kind, text.lines().map(changed).collect::<String>());
        }
        files.build()
    }
}

/// The value in a line of the AWS config, if the line has this key. An indented line belongs to the one before it.
fn value_of<'a>(key: &str, line: &'a str) -> Option<&'a str> {
    let (name, value) = line.split_once('=').filter(|_| !line.starts_with([' ', '\t']))?;
    let comments = [" #", " ;", "\t#", "\t;"];
    let comment = comments.iter().filter_map(|mark| value.find(mark)).min();
    let value = value.get(..comment.unwrap_or(value.len()))?;
    name.trim().eq_ignore_ascii_case(key).then(|| value.trim())
}

/// With both of these, a profile at the end of a chain is taken by its keys.
const STATIC_KEYS: [&str; 2] = ["aws_access_key_id", "aws_secret_access_key"];

/// What the SDK prefers to a process.
const BEFORE_PROCESS: [&str; 8] = [
    "credential_source",
    "web_identity_token_file",
    "sso_session",
    "sso_start_url",
    "sso_region",
    "sso_account_id",
    "sso_role_name",
    "login_session",
];

#[cfg(test)]
mod tests {
    use super::*;
    use credentials::ProfileName;

    const CONFIG: &str = "\
[profile plain]
credential_process = vault read
[profile with-keys]
credential_process = vault read
aws_access_key_id = AKIA1
aws_secret_access_key = CANARY
[profile assumed]
role_arn = arn:aws:iam::123456789012:role/Ops
SOURCE_PROFILE =plain # of the vault
[profile twice]
role_arn = arn:aws:iam::123456789012:role/Ops
source_profile = assumed
[profile itself]
role_arn = arn:aws:iam::123456789012:role/Ops
source_profile = itself
credential_process = own
[profile by-keys]
role_arn = arn:aws:iam::123456789012:role/Ops
source_profile = with-keys
[profile loop]
role_arn = arn:aws:iam::123456789012:role/Ops
source_profile = back
[profile back]
role_arn = arn:aws:iam::123456789012:role/Ops
source_profile = loop
[profile web]
web_identity_token_file = /token
credential_process = vault read
";

    async fn config() -> (tempfile::TempDir, AwsConfig) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, CONFIG).unwrap();
        let config = AwsConfig::read(path, folder.path().join("none")).await.unwrap();
        (folder, config)
    }

    #[tokio::test]
    async fn the_process_at_the_end_of_a_chain_is_found() {
        let (_folder, config) = config().await;
        for (name, expected) in [
            ("plain", Some("vault read")),
            ("with-keys", Some("vault read")),
            ("assumed", Some("vault read")),
            ("twice", Some("vault read")),
            ("itself", Some("own")),
            ("by-keys", None),
            ("loop", None),
            ("web", None),
        ] {
            let profile = config.profile(&ProfileName::parse(name).unwrap()).unwrap();
            assert_eq!(config.process(profile).map(|process| process.line), expected, "{name}");
        }
    }

    #[tokio::test]
    async fn only_roles_of_that_source_profile_take_their_credentials_from_the_provider() {
        let (_folder, config) = config().await;
        let contents = config.contents_with_provider("plain");
        let profiles = super::super::load(&contents).await.unwrap();
        let value = |name: &str, key: &str| {
            profiles.get_profile(name).and_then(|profile| profile.get(key)).map(str::to_owned)
        };
        assert_eq!(value("assumed", "credential_source").as_deref(), Some(PROVIDER));
        assert_eq!(value("assumed", "source_profile"), None);
        assert_eq!(value("twice", "source_profile").as_deref(), Some("assumed"));
        assert_eq!(value("itself", "source_profile").as_deref(), Some("itself"));
    }
}
