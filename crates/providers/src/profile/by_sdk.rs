//! Roles for which a token file or the machine vouches: the SDK obtains their credentials.

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials as SdkCredentials;
use aws_credential_types::provider::ProvideCredentials;
use config::aws_config::{AwsConfig, Block};
use credentials::{AccessKeyId, AccountId, Failure, Secret, Timestamp};

use crate::partial_credentials::PartialCredentials;
use crate::sdk_config::{DEFAULT_REGION, SdkProfile};
use crate::{Aws, complete, failure, http_client};

impl Aws {
    /// The credentials of a role for which a token file or the machine vouches.
    pub(super) async fn by_sdk(
        &self,
        config: &AwsConfig,
        profile: &Block,
    ) -> Result<PartialCredentials, Failure> {
        let sdk = SdkProfile::of(config, profile);
        let http_client = http_client::http_client(self.ca_bundle())?;
        let sdk_config = sdk.loader(http_client.clone()).no_credentials().load().await;
        let provider_config = ProviderConfig::without_region()
            .with_http_client(http_client)
            .with_timeout_config(http_client::time_limits())
            .with_region(Some(sdk_config.region().cloned().unwrap_or(DEFAULT_REGION)))
            .with_use_fips(sdk_config.use_fips())
            .with_use_dual_stack(sdk_config.use_dual_stack());
        let provider = ProfileFileCredentialsProvider::builder()
            .configure(&provider_config)
            .profile_files(sdk.files)
            .profile_name(sdk.name)
            .build();
        let given = provider.provide_credentials().await;
        read(&given.map_err(|error| failure::of_credentials(&error, profile.name()))?)
    }
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
