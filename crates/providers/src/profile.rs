//! Credentials of a profile of the AWS config.

mod by_sdk;
#[cfg(test)]
mod tests;

use config::aws_config::{Assumed, AwsConfig, Base, Block, Way};
use credentials::{
    AccessKeyId, AccountId, Credentials, Failure, Fetched, Invalid, Problem, ProfileName, Secret,
    shell_word,
};

use crate::assume_role::{AssumeRole, MfaCode};
use crate::partial_credentials::PartialCredentials;
use crate::sdk_config::{self, SdkProfile};
use crate::{Aws, assume_role, child, complete, credential_process, http_client};

/// Asks the person for the code of an MFA device. The argument is the device's serial number or ARN.
pub type AskForCode<'a> = dyn Fn(&str) -> Result<String, Failure> + Sync + 'a;

impl Aws {
    /// Credentials of a profile that signs in to no instance of IAM Identity Center. Without `ask`, nobody is asked for the code
    /// of an MFA device.
    ///
    /// # Errors
    /// There is no such profile, it has no credentials, or their source gives none.
    pub async fn profile(
        &self,
        config: &AwsConfig,
        name: &ProfileName,
        ask: Option<&AskForCode<'_>>,
    ) -> Result<Fetched, Failure> {
        let Way { profile, base, roles } = config.way(name)?;
        let sdk = SdkProfile::of(config, profile);
        let given = self.base(config, name, &base, &roles).await?;
        let mut principal = config.principal(profile)?;
        principal.account_id = principal.account_id.or(given.account_id.clone());
        let credentials = match roles.is_empty() {
            true => complete::ensure_session(self, given, Some(&sdk)).await?,
            false => self.assume_all(&sdk, name, given, &roles, ask).await?,
        };
        Ok(Fetched { principal, credentials })
    }

    async fn base(
        &self,
        config: &AwsConfig,
        name: &ProfileName,
        base: &Base<'_>,
        roles: &[Assumed<'_>],
    ) -> Result<PartialCredentials, Failure> {
        match base {
            Base::Keys(profile) => keys(profile),
            Base::Process { line, profile } => process(line, profile).await,
            Base::Login(profile) => aws_login(config, profile).await,
            Base::Sdk(profile) => self.by_sdk(config, profile).await,
            Base::Portal { instance, .. } => {
                Err(match roles.iter().find(|role| role.mfa_serial.is_some()) {
                    Some(role) => without_user(role, instance.name.as_str()),
                    None => edited(name),
                })
            }
        }
    }

    async fn assume_all(
        &self,
        sdk: &SdkProfile,
        name: &ProfileName,
        given: PartialCredentials,
        roles: &[Assumed<'_>],
        ask: Option<&AskForCode<'_>>,
    ) -> Result<Credentials, Failure> {
        let http_client = http_client::http_client(self.ca_bundle())?;
        let region = sdk.loader(http_client).no_credentials().load().await;
        let region = sdk_config::with_region(region);
        let mut with = sdk_config::of_partial(&given);
        let mut last = None;
        for role in roles {
            let session_name = || assume_role::session_name_of_profile(name);
            let link = &role.link;
            let assumed = AssumeRole {
                link,
                session_name: link.session_name.clone().unwrap_or_else(session_name),
                duration_seconds: role.duration_seconds,
                mfa: code(name, role, ask)?,
            };
            let whom = format!("the source profile of `{}`", role.profile.name());
            let session = assumed.call(&region, with, &whom).await?;
            with = sdk_config::of_session(&session);
            last = Some(session);
        }
        last.ok_or_else(|| Failure::failed("there is no role to assume"))
    }
}

/// The access keys in a profile.
fn keys(profile: &Block) -> Result<PartialCredentials, Failure> {
    let name = profile.name();
    let value = |key: &'static str| profile.get(key).unwrap_or_default();
    let wrong = |key: &'static str| {
        move |invalid: Invalid| Failure::failed(format!("{key} of the profile `{name}` {invalid}"))
    };
    let secret = |key: &'static str| Secret::parse(value(key).to_owned()).map_err(wrong(key));
    // Some tools write the older name, some both.
    let token = ["aws_session_token", "aws_security_token"];
    let token = token.into_iter().find(|key| profile.get(key).is_some());
    Ok(PartialCredentials {
        access_key_id: AccessKeyId::parse(value("aws_access_key_id"))
            .map_err(wrong("aws_access_key_id"))?,
        secret_access_key: secret("aws_secret_access_key")?,
        session_token: token.map(secret).transpose()?,
        expiration: None,
        account_id: account_of(profile),
    })
}

async fn process(line: &str, profile: &Block) -> Result<PartialCredentials, Failure> {
    // A value may go on on the next lines. botocore takes their ends for white space.
    let line = line.replace('\n', " ");
    let given = credential_process::run(&line).await?;
    Ok(PartialCredentials {
        account_id: given.account_id.clone().or_else(|| account_of(profile)),
        ..given
    })
}

/// The sign-in of `aws login`, through the AWS CLI: only it has the keys.
async fn aws_login(config: &AwsConfig, profile: &Block) -> Result<PartialCredentials, Failure> {
    let name = profile.name();
    let mut command = child::command("aws");
    let [of_config, of_credentials] = config.paths();
    command.env("AWS_CONFIG_FILE", of_config).env("AWS_SHARED_CREDENTIALS_FILE", of_credentials);
    command.args(["configure", "export-credentials", "--format", "process", "--profile", name]);
    credential_process::run_command(command, "the AWS CLI").await.map_err(|error| {
        let text = format!("the profile `{name}` uses a sign-in of `aws login`: {error}");
        Failure::new(Problem::SignInNeeded, text).with_hint(format!(
            "Sign in with the AWS CLI 2.32 or later: aws login --profile {}",
            shell_word(name)
        ))
    })
}

fn account_of(profile: &Block) -> Option<AccountId> {
    AccountId::parse(profile.get("aws_account_id")?).ok()
}

/// The code that a role asks for.
fn code<'a>(
    name: &ProfileName,
    role: &Assumed<'a>,
    ask: Option<&AskForCode<'_>>,
) -> Result<Option<MfaCode<'a>>, Failure> {
    let Some(serial) = role.mfa_serial else { return Ok(None) };
    let Some(ask) = ask else {
        let text = format!("the profile `{name}` needs a code of the MFA device {serial}");
        let profile = shell_word(name.as_str());
        return Err(Failure::new(Problem::SignInNeeded, text).with_hint(format!(
            "Load it again on a terminal: aws-sso ecs load --profile {profile} (add --slotted for a named slot)"
        )));
    };
    Ok(Some(MfaCode { serial, code: ask(serial)? }))
}

/// A profile that was loaded before it signed in to an instance.
fn edited(name: &ProfileName) -> Failure {
    let profile = shell_word(name.as_str());
    Failure::failed(format!("the profile `{name}` now signs in to IAM Identity Center")).with_hint(
        format!(
            "Load it again: aws-sso ecs load --profile {profile} (add --slotted for a named slot)"
        ),
    )
}

/// AWS takes codes of MFA devices from users of IAM only.
fn without_user(role: &Assumed<'_>, instance: &str) -> Failure {
    Failure::failed(format!(
        "the profile `{}` has mfa_serial, but its source signs in to `{instance}`: only a user of IAM has an MFA device. \
         Remove mfa_serial",
        role.profile.name()
    ))
}
