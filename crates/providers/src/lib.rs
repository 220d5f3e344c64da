//! Credentials from AWS: what a person's AWS config, environment or own program gives, made whole.
//!
//! No slots, no HTTP server, no terminal: values in, values out. The environment is read by `aws-config`
//! alone, as it is in every AWS SDK.
#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "tests write files of their own"))]

mod complete;
mod credential_process;
mod failure;
mod federation;
mod given;
mod http_client;
pub mod identity_center;
pub mod secure_store;
mod shared_config;
mod unreachable;

use std::path::PathBuf;
use std::sync::Arc;

use credentials::Clock;

pub use credential_process::WITHIN_CREDENTIAL_PROCESS;
pub use federation::{Console, console_home};
pub use given::Given;
pub use shared_config::{AwsConfig, Mention, before_containers};

/// The way to AWS. Making one costs nothing; clients are built when a call is made.
#[derive(Clone)]
pub struct Aws {
    clock: Arc<dyn Clock>,
    ca_bundle: Option<PathBuf>,
}

impl Aws {
    /// `ca_bundle` is trusted beside the system's roots (`AWS_CA_BUNDLE`, which the SDK itself doesn't read).
    pub fn new(clock: Arc<dyn Clock>, ca_bundle: Option<PathBuf>) -> Self {
        Self { clock, ca_bundle }
    }
}
