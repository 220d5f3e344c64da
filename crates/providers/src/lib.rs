//! Credentials from AWS: what a person's AWS config, environment or own program gives, made whole.
//!
//! No slots, no HTTP server, no terminal: values in, values out. The environment is read by `aws-config`
//! alone, as it is in every AWS SDK.

mod complete;
mod error;
mod given;
mod http_client;
pub mod identity_center;
pub mod secure_store;
mod shared_config;

use std::path::PathBuf;
use std::sync::Arc;

use credentials::{Clock, Credentials, Principal};

pub use error::{Problem, ProviderError};
pub use given::Given;

/// What a provider gives: credentials, and whom they are for.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Whom the credentials are for, as far as it is known.
    pub principal: Principal,
    /// Whole: with a session token and an expiration.
    pub credentials: Credentials,
}

/// The way to AWS. Making one costs nothing; clients are built when a call is made.
#[derive(Clone)]
pub struct Aws {
    clock: Arc<dyn Clock>,
    ca_bundle: Option<PathBuf>,
    config_files: Vec<PathBuf>,
}

impl Aws {
    /// `ca_bundle` is trusted beside the system's roots (`AWS_CA_BUNDLE`, which the SDK itself doesn't read).
    /// `config_files` are named when a profile is not in them.
    pub fn new(
        clock: Arc<dyn Clock>,
        ca_bundle: Option<PathBuf>,
        config_files: Vec<PathBuf>,
    ) -> Self {
        Self { clock, ca_bundle, config_files }
    }
}
