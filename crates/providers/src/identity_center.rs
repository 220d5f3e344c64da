//! IAM Identity Center: signing in, what one may use, and the credentials for it.
//!
//! Nothing here prints, prompts or opens a browser: signing in gives what to show, and is then awaited.

mod access_token;
mod aws_cli_cache;
mod catalogue;
mod changes;
mod item;
mod login;
mod oidc;
mod pace;
mod portal;
mod refresh;
mod role_credentials;
mod session;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use credentials::{Failure, Instance};
use tokio::sync::{Mutex, OnceCell};

pub use access_token::saved;
pub use aws_cli_cache::AwsCliCache;
pub use catalogue::{Account, Catalogue, CatalogueFile};
pub use changes::{FolderLook, SignInSeen};
pub use login::{DeviceCode, Pending, Pkce, SignIn};
pub use oidc::Workflow;
pub use refresh::Progress;
pub use session::{SignedIn, SsoSession};

use access_token::Tries;
use changes::Looks;
use pace::Pace;
use portal::Portal;

use crate::secure_store::{Protection, SecureStore, StoreError};
use crate::{Aws, complete, http_client};

/// How often a call is tried, and how long is waited at most between two tries.
#[derive(Clone, Copy, Debug, Default)]
pub struct Retries {
    /// Tries in all; the SDK's own number when absent.
    pub attempts: Option<u32>,
    /// Maximum time between two tries; the SDK's own limit when absent.
    pub max_backoff: Option<Duration>,
}

/// One instance, and what is kept of it. Cloning is cheap; making one costs nothing.
#[derive(Clone)]
pub struct IdentityCenter(Arc<Inner>);

struct Inner {
    aws: Aws,
    instance: Instance,
    store: SecureStore,
    aws_cli_cache: Option<AwsCliCache>,
    retries: Retries,
    config: OnceCell<SdkConfig>,
    clock_offset: Arc<ClockOffset>,
    pace: Pace,
    portal_in_turn: OnceCell<Portal>,
    /// Once the store was opened.
    is_ready: OnceCell<()>,
    tries: Tries,
    looks: Looks,
    /// For who waits for the sign-in lock.
    lock_queue: Mutex<()>,
}

impl IdentityCenter {
    /// `store` holds this instance's item; `aws_cli_cache` is looked at when it has no sign-in.
    pub fn new(
        aws: Aws,
        instance: Instance,
        store: SecureStore,
        aws_cli_cache: Option<AwsCliCache>,
        retries: Retries,
    ) -> Self {
        let config = OnceCell::new();
        let clock_offset = Arc::default();
        let inner = Inner {
            aws,
            instance,
            store,
            aws_cli_cache,
            retries,
            config,
            clock_offset,
            pace: Pace::new(),
            portal_in_turn: OnceCell::new(),
            is_ready: OnceCell::new(),
            tries: Tries::default(),
            looks: Looks::default(),
            lock_queue: Mutex::default(),
        };
        Self(Arc::new(inner))
    }

    /// The instance.
    pub fn instance(&self) -> &Instance {
        &self.0.instance
    }

    /// What protects its sign-in, or would.
    pub fn protection(&self) -> Protection {
        self.0.store.protection()
    }

    /// By so many seconds clocks may differ: the way of an answer is part of it.
    pub const CLOCK_TOLERANCE: i64 = 60;

    /// By how many seconds AWS's clock was ahead of ours in the last answer; 0 before the first.
    pub fn clock_offset(&self) -> i64 {
        self.0.clock_offset.0.load(Ordering::Relaxed)
    }

    /// Moves a kept sign-in aside that nothing will ever open, because the key for it is gone: where to.
    ///
    /// # Errors
    /// The store can't be read for another reason, such as a wrong passphrase.
    pub fn set_aside_if_its_key_is_gone(&self) -> Result<Option<PathBuf>, Failure> {
        match self.0.store.read() {
            Err(StoreError::KeyMissing { .. }) => Ok(self.0.store.set_aside()?),
            outcome => Ok(outcome.map(|_| None)?),
        }
    }

    /// The SDK's configuration: the instance's region; endpoints, FIPS and dual stack by the environment and the
    /// AWS config; made when the first call is.
    async fn config(&self) -> Result<&SdkConfig, Failure> {
        let Inner { aws, instance, retries, .. } = &*self.0;
        let make = async || {
            let http_client = http_client::http_client(aws.ca_bundle.as_deref())?;
            let region = Region::new(instance.region.as_str().to_owned());
            let config = complete::loader(http_client, None)
                .region(region)
                .no_credentials()
                .retry_config(retries.config())
                .load()
                .await;
            Ok(config)
        };
        self.0.config.get_or_try_init(make).await
    }
}

impl Retries {
    fn config(self) -> RetryConfig {
        let mut config = RetryConfig::standard();
        if let Some(attempts) = self.attempts {
            config = config.with_max_attempts(attempts.max(1));
        }
        if let Some(limit) = self.max_backoff {
            config = config.with_max_backoff(limit);
        }
        config
    }
}

/// AWS's clock less ours, in seconds.
#[derive(Debug, Default)]
struct ClockOffset(AtomicI64);
