//! Credentials of a profile, as the SDK obtains them.

use aws_config::profile::{Profile, ProfileFileCredentialsProvider};
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials as SdkCredentials;
use aws_credential_types::provider::ProvideCredentials;
use credentials::{
    AccessKeyId, AccountId, Failure, Fetched, ProfileName, Secret, Timestamp, shell_word,
};

use super::process::{PROVIDER, Process};
use super::{AwsConfig, principal_of};
use crate::failure;
use crate::partial_credentials::PartialCredentials;
use crate::{Aws, complete, credential_process, http_client};

impl Aws {
    /// Credentials of a profile, resolved by the SDK.
    ///
    /// # Errors
    /// There is no such profile, it has no credentials, or their source gives none.
    pub async fn profile(
        &self,
        config: &AwsConfig,
        name: &ProfileName,
    ) -> Result<Fetched, Failure> {
        let profile = config.profile(name)?;
        let uses_sso =
            ["sso_session", "sso_start_url"].iter().any(|key| profile.get(key).is_some());
        let process = match config.process(profile) {
            Some(process) => Some((process.profile, run(&process).await?)),
            None => None,
        };
        let given = match process {
            Some((_, given)) if profile.get("role_arn").is_none() => given,
            process => {
                let provider = self.provider(config, name, process).await?;
                let given = provider.provide_credentials().await;
                let failed = |error| match config.login_profile(profile) {
                    Some(login) => needs_aws_login(login),
                    None => failure::of_credentials(&error, name, uses_sso),
                };
                read(&given.map_err(failed)?)?
            }
        };
        let mut principal = principal_of(&config.profiles, profile)?;
        principal.account_id = principal.account_id.or(given.account_id.clone());
        let credentials =
            complete::ensure_session(self, given, Some((name.as_str(), &config.contents))).await?;
        Ok(Fetched { principal, credentials })
    }

    /// The SDK's provider for a profile, with the profile's region and endpoints and our HTTP client; and with the output of the
    /// process that gives the first credentials of its chain.
    async fn provider(
        &self,
        config: &AwsConfig,
        name: &ProfileName,
        process: Option<(&Profile, PartialCredentials)>,
    ) -> Result<ProfileFileCredentialsProvider, Failure> {
        let http_client = http_client::http_client(self.ca_bundle.as_deref())?;
        let sdk_config =
            complete::loader(http_client.clone(), Some(name.as_str()), config.contents.clone())
                .no_credentials()
                .load()
                .await;
        let provider_config = ProviderConfig::without_region()
            .with_http_client(http_client)
            .with_timeout_config(http_client::time_limits())
            .with_region(Some(sdk_config.region().cloned().unwrap_or(complete::DEFAULT_REGION)))
            .with_use_fips(sdk_config.use_fips())
            .with_use_dual_stack(sdk_config.use_dual_stack());
        let provider = ProfileFileCredentialsProvider::builder()
            .configure(&provider_config)
            .profile_name(name.as_str());
        Ok(match process {
            None => provider.profile_files(config.contents.clone()),
            Some((profile, given)) => provider
                .profile_files(config.contents_with_provider(profile.name()))
                .with_custom_provider(PROVIDER, complete::of_process(&given)),
        }
        .build())
    }
}

async fn run(process: &Process<'_>) -> Result<PartialCredentials, Failure> {
    let given = credential_process::run(process.line).await?;
    let of_profile = || AccountId::parse(process.profile.get("aws_account_id")?).ok();
    Ok(PartialCredentials { account_id: given.account_id.clone().or_else(of_profile), ..given })
}

/// Support for `aws login` is an optional feature of the SDK, and not built in here.
fn needs_aws_login(profile: &str) -> Failure {
    let text = format!(
        "the profile `{profile}` uses a sign-in of `aws login`, which aws-sso does not support"
    );
    let profile = shell_word(profile);
    Failure::failed(text).with_hint(format!(
        "Load its credentials through the AWS CLI: aws configure export-credentials --profile {profile} | \
         aws-sso ecs load --from-stdin --name {profile}"
    ))
}

fn read(given: &SdkCredentials) -> Result<PartialCredentials, Failure> {
    let wrong =
        |what| move |invalid| Failure::failed(format!("the {what} of the profile {invalid}"));
    let token = given.session_token().filter(|token| !token.is_empty());
    let expiration = given.expiry().and_then(|at| Timestamp::try_from(at).ok());
    Ok(PartialCredentials {
        access_key_id: AccessKeyId::parse(given.access_key_id()).map_err(wrong("access key id"))?,
        secret_access_key: Secret::parse(given.secret_access_key().to_owned())
            .map_err(wrong("secret access key"))?,
        session_token: token
            .map(|token| Secret::parse(token.to_owned()))
            .transpose()
            .map_err(wrong("session token"))?,
        expiration: expiration.map(|at| complete::expiration_at(at.as_second())).transpose()?,
        account_id: given.account_id().and_then(|id| AccountId::parse(id.as_str()).ok()),
    })
}
