//! Credentials from AWS: from IAM Identity Center, from profiles of the AWS config, and from credentials that are passed in.
//!
//! It knows no slots, no HTTP server and no terminal. Only `aws-config` reads the environment, as in every AWS SDK.
#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "tests write files of their own"))]

pub mod child;
mod complete;
mod credential_process;
mod failure;
mod federation;
mod http_client;
pub mod identity_center;
mod partial_credentials;
pub mod secure_store;
mod shared_config;
mod unreachable;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use aws_runtime::env_config::file::EnvConfigFiles;
use credentials::Clock;

pub use credential_process::WITHIN_CREDENTIAL_PROCESS;
pub use federation::{Console, console_home};
pub use partial_credentials::PartialCredentials;
pub use shared_config::{AwsConfig, Mention, before_containers};

/// What all calls to AWS need. Clients are made when a call is made.
#[derive(Clone)]
pub struct Aws {
    clock: Arc<dyn Clock>,
    ca_bundle: Option<PathBuf>,
    /// The AWS config file and the shared credentials file.
    config_files: Option<[PathBuf; 2]>,
}

impl Aws {
    /// `ca_bundle` is trusted in addition to the system's roots (`AWS_CA_BUNDLE`, which the SDK does not read itself).
    pub fn new(clock: Arc<dyn Clock>, ca_bundle: Option<PathBuf>) -> Self {
        Self { clock, ca_bundle, config_files: None }
    }

    /// Takes regions, endpoints and other settings from these files: the AWS config file and the shared credentials file.
    /// Their paths are absolute. (Without HOME, the SDK itself would look in a folder called `~`.)
    #[must_use]
    pub fn with_config_files(self, files: [PathBuf; 2]) -> Self {
        Self { config_files: Some(files), ..self }
    }

    /// The content of the files, or nothing.
    fn config_contents(&self) -> EnvConfigFiles {
        let none = [PathBuf::new(), PathBuf::new()];
        let files = self.config_files.as_ref().unwrap_or(&none).each_ref();
        shared_config::contents_of(&shared_config::texts_of(files.map(PathBuf::as_path)))
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").field("ca_bundle", &self.ca_bundle).finish_non_exhaustive()
    }
}
