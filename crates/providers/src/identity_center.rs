//! IAM Identity Center: the sign-in, the accounts and roles of a person, and credentials for the roles.
//!
//! Nothing here prints, prompts or opens a browser: a started sign-in says what to show, and is then awaited.

mod access_token;
mod aws_cli_cache;
mod catalogue;
mod catalogue_update;
mod changes;
mod item;
mod login;
mod oidc;
mod page;
mod portal;
mod rate_limiter;
mod role_credentials;
mod session;
mod vanity_url;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use credentials::{Failure, Instance};
use jiff::SignedDuration;
use tokio::sync::{Mutex, OnceCell};

pub use access_token::wait_until_saved;
pub use aws_cli_cache::AwsCliCache;
pub use catalogue::{Account, Catalogue, CatalogueFile};
pub use catalogue_update::Progress;
pub use changes::{FolderSnapshot, SignInPlace};
pub use login::{DeviceCode, PeerCheck, Pending, Pkce, SignIn};
pub use oidc::Workflow;
pub use session::{SignedIn, SsoSession};

use access_token::RenewalAttempts;
use changes::Observations;
use portal::Portal;
use rate_limiter::RateLimiter;

use crate::secure_store::{Protection, SecureStore, StoreError};
use crate::{Aws, http_client};

/// How often a call is attempted, and the longest pauses.
#[derive(Clone, Copy, Debug, Default)]
pub struct Retries {
    /// The number of attempts, the first one included. `None`: the SDK's default.
    pub max_attempts: Option<u32>,
    /// The longest pause. `None`: the SDK's default.
    pub max_backoff: Option<Duration>,
    /// How long credentials are waited for: for another process that fetches them, and for our turn if AWS throttles. `None`: 50
    /// seconds. Some programs wait no longer than a minute for a `credential_process`.
    pub patience: Option<Duration>,
}

/// One instance with the store of its sign-in. Clones share their state. A new one makes no call.
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
    rate_limiter: RateLimiter,
    background_portal: OnceCell<Portal>,
    /// Set once the store was opened.
    opened_store: OnceCell<()>,
    attempts: RenewalAttempts,
    observations: Observations,
    /// Held by the one task of this process that waits for the sign-in lock.
    lock_queue: Mutex<()>,
}

impl IdentityCenter {
    /// An instance. `store` holds its sign-in. Without a sign-in there, the one in `aws_cli_cache` is used.
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
            rate_limiter: RateLimiter::new(),
            background_portal: OnceCell::new(),
            opened_store: OnceCell::new(),
            attempts: RenewalAttempts::default(),
            observations: Observations::default(),
            lock_queue: Mutex::default(),
        };
        Self(Arc::new(inner))
    }

    /// The instance that it belongs to.
    pub fn instance(&self) -> &Instance {
        &self.0.instance
    }

    /// The protection of the kept sign-in, or of the next one.
    pub fn protection(&self) -> Protection {
        self.0.store.protection()
    }

    /// A smaller difference between two clocks is ignored: it includes the time that an answer takes.
    pub const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_secs(60);

    /// How far AWS's clock was ahead of ours in the last answer. Zero before the first answer.
    pub fn clock_offset(&self) -> SignedDuration {
        self.0.clock_offset.get()
    }

    /// Renames a kept sign-in whose key is lost, so that nothing can ever open it. Returns its new path.
    ///
    /// # Errors
    /// The store cannot be read for another reason, such as a wrong passphrase.
    pub fn set_aside_if_key_is_lost(&self) -> Result<Option<PathBuf>, Failure> {
        match self.0.store.read() {
            Err(StoreError::KeyMissing { .. }) => Ok(self.0.store.set_aside()?),
            outcome => Ok(outcome.map(|_| None)?),
        }
    }

    /// The SDK's configuration: the instance's region, with endpoints, FIPS and dual stack from the environment and the
    /// AWS config. It is loaded before the first call.
    async fn config(&self) -> Result<&SdkConfig, Failure> {
        let Inner { aws, instance, retries, .. } = &*self.0;
        let make = async || {
            let http_client = http_client::http_client(aws.ca_bundle())?;
            let region = Region::new(instance.region.as_str().to_owned());
            let config = aws
                .loader(http_client)
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

impl fmt::Debug for IdentityCenter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IdentityCenter").field(self.instance()).finish()
    }
}

impl Retries {
    fn patience(self) -> Duration {
        self.patience.unwrap_or(Duration::from_secs(50))
    }

    fn config(self) -> RetryConfig {
        let mut config = RetryConfig::standard();
        if let Some(attempts) = self.max_attempts {
            config = config.with_max_attempts(attempts.max(1));
        }
        if let Some(max_backoff) = self.max_backoff {
            config = config.with_max_backoff(max_backoff);
        }
        config
    }
}

/// How far AWS's clock is ahead of ours.
#[derive(Debug, Default)]
struct ClockOffset {
    seconds: AtomicI64,
}

impl ClockOffset {
    fn get(&self) -> SignedDuration {
        SignedDuration::from_secs(self.seconds.load(Ordering::Relaxed))
    }

    fn set(&self, offset: SignedDuration) {
        self.seconds.store(offset.as_secs(), Ordering::Relaxed);
    }
}
