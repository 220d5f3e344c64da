//! Credentials from AWS: from IAM Identity Center, from profiles of the AWS config, and from credentials that are passed in.
//!
//! It knows no slots, no HTTP server and no terminal. Only `aws-config` reads the environment, as in every AWS SDK.
#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "tests write files of their own"))]

mod assume_role;
pub mod child;
mod complete;
mod credential_process;
mod failure;
mod federation;
mod http_client;
pub mod identity_center;
mod partial_credentials;
mod profile;
mod sdk_config;
pub mod secure_store;
mod unreachable;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_config::ConfigLoader;
use aws_types::sdk_config::SharedHttpClient;
use config::aws_config::AwsConfig;
use credentials::Clock;
use sdk_config::SdkProfile;

pub use credential_process::WITHIN_CREDENTIAL_PROCESS;
pub use federation::pages::{Destination, Service};
pub use federation::{Console, console_home};
pub use partial_credentials::PartialCredentials;
pub use profile::AskForCode;

/// What all calls to AWS need. Clients are made when a call is made.
#[derive(Clone)]
pub struct Aws {
    clock: Arc<dyn Clock>,
    ca_bundle: Option<PathBuf>,
    /// The settings of calls that no profile is named for.
    profile: Arc<SdkProfile>,
}

impl Aws {
    /// `ca_bundle` is trusted in addition to the system's roots (`AWS_CA_BUNDLE`, which the SDK does not read itself).
    pub fn new(clock: Arc<dyn Clock>, ca_bundle: Option<PathBuf>) -> Self {
        Self { clock, ca_bundle, profile: Arc::new(SdkProfile::none()) }
    }

    /// Takes regions, endpoints and other settings from the profile of this name (`AWS_PROFILE`), if there is one.
    #[must_use]
    pub fn with_profile(self, config: &AwsConfig, name: &str) -> Self {
        let profile = config.profile(name).map(|profile| SdkProfile::of(config, profile));
        Self { profile: profile.map_or(self.profile, Arc::new), ..self }
    }

    fn ca_bundle(&self) -> Option<&Path> {
        self.ca_bundle.as_deref()
    }

    fn loader(&self, http_client: SharedHttpClient) -> ConfigLoader {
        self.profile.loader(http_client)
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").field("ca_bundle", &self.ca_bundle).finish_non_exhaustive()
    }
}
