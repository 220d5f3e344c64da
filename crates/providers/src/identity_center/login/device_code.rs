//! Device authorization (RFC 8628): a person compares a code in a browser on any device, and we poll AWS until they have.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use credentials::{Failure, Problem, Secret};
use files::Lock;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tracing::debug;

use super::callback::{Callback, PeerCheck, Verdict};
use super::{APPROVAL_TIMEOUT, new_registration, registration};
use crate::identity_center::IdentityCenter;
use crate::identity_center::item::Registration;
use crate::identity_center::oidc::{DeviceAuthorization, TokenError, Workflow};

/// The time between two polls when AWS gives none (RFC 8628, section 3.2), and its increase when AWS asks to slow down.
const DEFAULT_POLL_INTERVAL: Duration = Duration::from_secs(5);

/// A sign-in that waits for a person with a browser on any device.
pub struct DeviceCode {
    identity_center: IdentityCenter,
    client: Registration,
    device_code: Secret,
    user_code: String,
    url: String,
    url_with_code: String,
    redirect: Option<Redirect>,
    interval: Duration,
    deadline: Instant,
    _lock: Lock,
}

/// A URL on this host that leads to the page with the code.
struct Redirect {
    url: String,
    /// The server ends when this is dropped.
    _serving: watch::Sender<Option<Verdict>>,
}

impl fmt::Debug for DeviceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL and the codes are secrets.
        f.debug_struct("DeviceCode").finish_non_exhaustive()
    }
}

impl DeviceCode {
    pub(super) async fn start(
        identity_center: IdentityCenter,
        lock: Lock,
        is_ours: Option<PeerCheck>,
    ) -> Result<Self, Failure> {
        let oidc = identity_center.oidc().await?;
        let mut client = registration(&identity_center, &oidc, Workflow::DeviceCode).await?;
        let started = match oidc.start_device_authorization(&client).await {
            // AWS may have deleted the registration early.
            Err(error) if matches!(error.problem, Problem::SignInNeeded | Problem::Denied) => {
                debug!(%error, "registering again");
                client = new_registration(&identity_center, &oidc, Workflow::DeviceCode).await?;
                oidc.start_device_authorization(&client).await
            }
            outcome => outcome,
        }?;
        drop(oidc);
        let DeviceAuthorization { device_code, user_code, url, url_with_code, life, interval } =
            started;
        let interval = interval.unwrap_or(DEFAULT_POLL_INTERVAL);
        let deadline = Instant::now() + APPROVAL_TIMEOUT.min(life);
        let redirect = Redirect::start(&url_with_code, is_ours).await;
        Ok(Self {
            identity_center,
            client,
            device_code,
            user_code,
            url,
            url_with_code,
            redirect,
            interval,
            deadline,
            _lock: lock,
        })
    }

    /// The code that the page must show as well: `ABCD-EFGH`.
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// The URL of the page that asks for the code.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The URL of the page with the code filled in. It must not be an argument of a program: other users can read those, and
    /// could approve the code as themselves.
    pub fn url_with_code(&self) -> &str {
        &self.url_with_code
    }

    /// A URL on this host that leads to that page, but only for the person's own processes. Where it is not known who connects,
    /// it is the page itself.
    pub fn local_url(&self) -> &str {
        self.redirect.as_ref().map_or(&self.url_with_code, |redirect| &redirect.url)
    }

    /// Waits until a person has approved the sign-in, and keeps it.
    ///
    /// # Errors
    /// The person denied it or took too long; or AWS cannot be reached.
    pub async fn finish(mut self) -> Result<(), Failure> {
        let mut last_error = None;
        while Instant::now() < self.deadline {
            sleep(self.interval).await;
            match self
                .identity_center
                .oidc()
                .await?
                .token_for_device(&self.client, &self.device_code)
                .await
            {
                Ok(tokens) => {
                    let Registration { client_id, client_secret, .. } = self.client;
                    return self
                        .identity_center
                        .begin_session(tokens, client_id, client_secret)
                        .await;
                }
                Err(TokenError::Pending) => {}
                Err(TokenError::SlowDown) => self.interval += DEFAULT_POLL_INTERVAL,
                Err(TokenError::Denied(error)) => {
                    return Err(Failure::new(
                        Problem::SignInNeeded,
                        format!("the sign-in was denied: {error}"),
                    ));
                }
                Err(TokenError::Ended(error)) => {
                    return Err(Failure::new(
                        Problem::SignInNeeded,
                        format!("the code can no longer be used: {error}"),
                    ));
                }
                // The network may be interrupted for a moment.
                Err(TokenError::Other(error)) if error.problem == Problem::Unavailable => {
                    debug!(%error, "polling again");
                    last_error = Some(error);
                }
                Err(TokenError::Other(error)) => return Err(error),
            }
        }
        Err(last_error.unwrap_or_else(|| {
            Failure::new(Problem::SignInNeeded, "nobody approved the code in time")
        }))
    }
}

impl Redirect {
    /// `None` where it is not known who connects, or without a port: the person still sees the page's URL.
    async fn start(page: &str, is_ours: Option<PeerCheck>) -> Option<Self> {
        is_ours.as_ref()?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.ok()?;
        let url = format!("http://{}/", listener.local_addr().ok()?);
        let (server, _, serving) = Callback::new(None, page, is_ours);
        drop(tokio::spawn(Arc::new(server).serve(listener)));
        Some(Self { url, _serving: serving })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    const PAGE: &str = "https://device.example/?user_code=ABCD-EFGH";

    /// What somebody gets who opens the URL.
    async fn visit(url: &str) -> String {
        let host = url.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(host).await.unwrap();
        let request = format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n");
        let mut answer = String::new();
        // The connection may be closed before anything is sent.
        drop(stream.write_all(request.as_bytes()).await);
        drop(stream.read_to_string(&mut answer).await);
        answer
    }

    #[tokio::test]
    async fn only_the_persons_own_browser_is_led_to_the_page_with_the_code() {
        for is_ours in [true, false] {
            let redirect = Redirect::start(PAGE, Some(Arc::new(move |_, _| is_ours))).await;
            let answer = visit(&redirect.unwrap().url).await;
            assert_eq!(answer.contains(&format!("\r\nlocation: {PAGE}\r\n")), is_ours, "{answer}");
            assert_eq!(answer.is_empty(), !is_ours, "{answer}");
        }
        assert!(Redirect::start(PAGE, None).await.is_none());
    }
}
