//! AssumeRole of STS (AWS STS API reference).

use aws_credential_types::Credentials as SdkCredentials;
use aws_types::SdkConfig;
use credentials::{AccountId, Credentials, Failure, Link, ProfileName, RoleName};

use crate::{complete, failure, sdk_config};

/// A call of AssumeRole.
pub(crate) struct AssumeRole<'a> {
    pub(crate) link: &'a Link,
    pub(crate) session_name: String,
    pub(crate) duration_seconds: Option<i32>,
    pub(crate) mfa: Option<MfaCode<'a>>,
}

/// A code of an MFA device.
pub(crate) struct MfaCode<'a> {
    pub(crate) serial: &'a str,
    pub(crate) code: String,
}

impl AssumeRole<'_> {
    /// Makes the call with these credentials. `whose` are they, for the message: `the role Admin`.
    pub(crate) async fn call(
        self,
        config: &SdkConfig,
        with: SdkCredentials,
        whose: &str,
    ) -> Result<Credentials, Failure> {
        let role_arn = &self.link.role_arn;
        let (serial, code) = self.mfa.map(|mfa| (mfa.serial.to_owned(), mfa.code)).unzip();
        let call = sdk_config::sts(config, with)
            .assume_role()
            .role_arn(role_arn.to_string())
            .role_session_name(self.session_name)
            .set_duration_seconds(self.duration_seconds)
            .set_external_id(self.link.external_id.clone())
            .set_source_identity(self.link.source_identity.clone())
            .set_serial_number(serial)
            .set_token_code(code);
        let answer = call.send().await.map_err(|error| {
            let error = failure::of_sdk(&error);
            let text = format!("the role {role_arn} cannot be assumed with {whose}: {error}");
            error.with_message(text)
        })?;
        complete::of_sts(answer.credentials)
    }
}

/// A session name that shows the origin in CloudTrail, cut to the length that STS allows.
pub(crate) fn session_name(role: &RoleName, account: &AccountId) -> String {
    let account = account.as_str();
    let room = MAX_SESSION_NAME_LENGTH - 1 - account.len();
    // A role's name is ASCII: bytes are characters.
    let role = role.as_str();
    format!("{}@{account}", role.get(..room).unwrap_or(role))
}

/// The session name of a role that a profile assumes and names no session for.
pub(crate) fn session_name_of_profile(profile: &ProfileName) -> String {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let name = profile.as_str().chars().map(|c| if is_allowed(c) { c } else { '-' });
    "aws-sso-".chars().chain(name).take(MAX_SESSION_NAME_LENGTH).collect()
}

/// STS API Reference, AssumeRole, RoleSessionName.
const MAX_SESSION_NAME_LENGTH: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_names_are_not_longer_than_sts_allows() {
        let account = AccountId::parse("123456789012").unwrap();
        let longest = RoleName::parse(&"R".repeat(64)).unwrap();
        assert_eq!(session_name(&longest, &account).len(), 64);
        let short = RoleName::parse("Admin").unwrap();
        assert_eq!(session_name(&short, &account), "Admin@123456789012");
        let profile = ProfileName::parse(&"ü".repeat(100)).unwrap();
        assert_eq!(session_name_of_profile(&profile).len(), 64);
        let profile = ProfileName::parse("team/dev:x").unwrap();
        assert_eq!(session_name_of_profile(&profile), "aws-sso-team-dev-x");
    }
}
