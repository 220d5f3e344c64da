//! Device authorization (RFC 8628): a person compares a code in a browser anywhere, and we ask until they have.

use std::time::Duration;

use credentials::{Failure, Problem, Secret};
use files::Lock;
use tokio::time::{Instant, sleep};
use tracing::debug;

use super::{PATIENCE, new_registration, registration};
use crate::identity_center::IdentityCenter;
use crate::identity_center::item::Registration;
use crate::identity_center::oidc::{DeviceAuthorization, NoTokens, Workflow};

/// Between two polls, when AWS doesn't say (RFC 8628, section 3.2), and what is added when it asks to slow down.
const INTERVAL: Duration = Duration::from_secs(5);

/// A sign-in that waits for a person with a browser anywhere.
pub struct DeviceCode {
    center: IdentityCenter,
    client: Registration,
    device_code: Secret,
    user_code: String,
    url: String,
    url_with_code: String,
    interval: Duration,
    deadline: Instant,
    _lock: Lock,
}

impl DeviceCode {
    pub(super) async fn start(center: IdentityCenter, lock: Lock) -> Result<Self, Failure> {
        let oidc = center.oidc().await?;
        let mut client = registration(&center, &oidc, Workflow::DeviceCode).await?;
        let started = match oidc.start_device_authorization(&client).await {
            // AWS may have forgotten a registration before its time.
            Err(error) if matches!(error.problem, Problem::SignInNeeded | Problem::Denied) => {
                debug!(%error, "registering anew");
                client = new_registration(&center, &oidc, Workflow::DeviceCode).await?;
                oidc.start_device_authorization(&client).await
            }
            outcome => outcome,
        }?;
        drop(oidc);
        let DeviceAuthorization {
            device_code,
            user_code,
            url,
            url_with_code,
            expires_in,
            interval,
        } = started;
        let interval = if interval == 0 { INTERVAL } else { Duration::from_secs(interval) };
        let deadline = Instant::now() + PATIENCE.min(Duration::from_secs(expires_in));
        Ok(Self {
            center,
            client,
            device_code,
            user_code,
            url,
            url_with_code,
            interval,
            deadline,
            _lock: lock,
        })
    }

    /// What the page must show too: `ABCD-EFGH`.
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// The page that asks for the code.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The page, with the code filled in.
    pub fn url_with_code(&self) -> &str {
        &self.url_with_code
    }

    /// Waits until a person has approved, and keeps the sign-in.
    ///
    /// # Errors
    /// They said no or took too long; or AWS can't be reached.
    pub async fn finish(mut self) -> Result<(), Failure> {
        let mut last_error = None;
        while Instant::now() < self.deadline {
            sleep(self.interval).await;
            match self.center.oidc().await?.token_for_device(&self.client, &self.device_code).await
            {
                Ok(tokens) => {
                    let Registration { client_id, client_secret, .. } = self.client;
                    return self.center.begin_session(tokens, client_id, client_secret).await;
                }
                Err(NoTokens::Pending) => {}
                Err(NoTokens::SlowDown) => self.interval += INTERVAL,
                Err(NoTokens::Denied(error)) => {
                    return Err(Failure::new(
                        Problem::SignInNeeded,
                        format!("the sign-in was refused: {error}"),
                    ));
                }
                Err(NoTokens::Over(error)) => {
                    return Err(Failure::new(
                        Problem::SignInNeeded,
                        format!("the code can no longer be used: {error}"),
                    ));
                }
                // A network that is away for a moment has not refused anything.
                Err(NoTokens::Other(error)) if error.problem == Problem::Unavailable => {
                    debug!(%error, "asking again");
                    last_error = Some(error);
                }
                Err(NoTokens::Other(error)) => return Err(error),
            }
        }
        Err(last_error.unwrap_or_else(|| {
            Failure::new(Problem::SignInNeeded, "nobody approved the code in time")
        }))
    }
}
