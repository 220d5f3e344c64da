//! The configuration of the SDK, and its client of STS.

use aws_config::{BehaviorVersion, ConfigLoader};
use aws_credential_types::Credentials as SdkCredentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::sdk_config::SharedHttpClient;
use config::aws_config::{AwsConfig, Block, SdkText};
use credentials::Credentials;

use crate::http_client;
use crate::partial_credentials::PartialCredentials;

/// The region of STS when none is configured: that of its global endpoint.
pub(crate) const DEFAULT_REGION: Region = Region::from_static("us-east-1");

/// A config file in memory with one profile. The SDK reads no file itself.
pub(crate) struct SdkProfile {
    /// The name of the profile in the file.
    pub(crate) name: String,
    pub(crate) files: EnvConfigFiles,
}

impl SdkProfile {
    /// A profile of the AWS config.
    pub(crate) fn of(config: &AwsConfig, profile: &Block) -> Self {
        let SdkText { profile: name, text } = config.sdk_text(profile);
        let files = EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, text);
        Self { name, files: files.build() }
    }

    /// No settings at all.
    pub(crate) fn none() -> Self {
        let files = EnvConfigFiles::builder().with_contents(EnvConfigFileKind::Config, "");
        Self { name: "default".to_owned(), files: files.build() }
    }

    /// The SDK's configuration: region, endpoints, FIPS, retries, time limits.
    pub(crate) fn loader(&self, http_client: SharedHttpClient) -> ConfigLoader {
        loader(http_client).profile_files(self.files.clone()).profile_name(&self.name)
    }
}

/// The SDK's configuration, with our time limits.
fn loader(http_client: SharedHttpClient) -> ConfigLoader {
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http_client)
        .timeout_config(http_client::time_limits())
}

/// The configuration with the default region, if it has none.
pub(crate) fn with_region(config: SdkConfig) -> SdkConfig {
    let region = config.region().cloned().unwrap_or(DEFAULT_REGION);
    config.into_builder().region(region).build()
}

/// Partial credentials for the SDK.
pub(crate) fn of_partial(given: &PartialCredentials) -> SdkCredentials {
    let token = given.session_token.as_ref().map(|token| token.expose().to_owned());
    let key = given.access_key_id.as_str();
    SdkCredentials::new(key, given.secret_access_key.expose(), token, None, "aws-sso")
}

/// Session credentials for the SDK.
pub(crate) fn of_session(session: &Credentials) -> SdkCredentials {
    let token = Some(session.session_token.expose().to_owned());
    let key = session.access_key_id.as_str();
    SdkCredentials::new(key, session.secret_access_key.expose(), token, None, "aws-sso")
}

/// The client of STS that signs with these credentials.
pub(crate) fn sts(config: &SdkConfig, with: SdkCredentials) -> aws_sdk_sts::Client {
    let config = config.to_builder();
    let config = config.credentials_provider(SharedCredentialsProvider::new(with)).build();
    aws_sdk_sts::Client::new(&config)
}
