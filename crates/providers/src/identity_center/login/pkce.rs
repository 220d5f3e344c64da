//! Authorization code with PKCE (RFC 7636): a browser on this host returns to a loopback port of ours (RFC 8252, section 7.3).
//!
//! The port is bound before there is a URL to open. Only a request with our `state` counts, on a connection from a process of the
//! person. `state` alone would not do: the URL that contains it is known to whoever reads the arguments of the browser.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use credentials::{Failure, Problem, Secret};
use data_encoding::BASE64URL_NOPAD;
use files::Lock;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::time::timeout;
use url::Url;
use zeroize::Zeroizing;

use super::callback::{Callback, Outcome, PeerCheck, Verdict};
use super::{APPROVAL_TIMEOUT, forget_registration, registration};
use crate::failure;
use crate::identity_center::IdentityCenter;
use crate::identity_center::item::Registration;
use crate::identity_center::oidc::{SCOPE, TokenError, Workflow};

/// The time that the browser has to load the last page.
const PAGE_TIMEOUT: Duration = Duration::from_secs(2);

/// A sign-in that waits for a browser on this host.
pub struct Pkce {
    identity_center: IdentityCenter,
    client: Registration,
    listener: TcpListener,
    url: String,
    local_url: Option<String>,
    is_ours: Option<PeerCheck>,
    redirect_uri: String,
    state: Secret,
    verifier: Secret,
    _lock: Lock,
}

impl fmt::Debug for Pkce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL and the codes are secrets.
        f.debug_struct("Pkce").finish_non_exhaustive()
    }
}

impl Pkce {
    pub(super) async fn start(
        identity_center: IdentityCenter,
        lock: Lock,
        is_ours: Option<PeerCheck>,
    ) -> Result<Self, Failure> {
        let no_port = |error| {
            Failure::failed(format!("there is no free port for the browser to return to: {error}"))
        };
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(no_port)?;
        let port = listener.local_addr().map_err(no_port)?.port();
        let redirect_uri = format!("http://127.0.0.1:{port}/oauth/callback");
        let oidc = identity_center.oidc().await?;
        let client = registration(&identity_center, &oidc, Workflow::Pkce).await?;
        let (state, verifier) = (random::<24>()?, random::<48>()?);
        let challenge = BASE64URL_NOPAD.encode(&Sha256::digest(verifier.expose().as_bytes()));
        let endpoint = oidc.endpoint().await?;
        drop(oidc);
        let parameters = [
            ("response_type", "code"),
            ("client_id", &client.client_id),
            ("redirect_uri", &redirect_uri),
            ("state", state.expose()),
            ("code_challenge_method", "S256"),
            // The spelling of AWS; in RFC 6749 it is "scope".
            ("scopes", SCOPE),
            ("code_challenge", &challenge),
        ];
        let url = Url::parse_with_params(&format!("{endpoint}/authorize"), parameters)
            .map_err(|_| Failure::failed("the endpoint of the OIDC service is not a URL"))?
            .into();
        Ok(Self {
            identity_center,
            client,
            listener,
            url,
            local_url: is_ours.is_some().then(|| format!("http://127.0.0.1:{port}/")),
            is_ours,
            redirect_uri,
            state,
            verifier,
            _lock: lock,
        })
    }

    /// The page to open in a browser on this host. It must not be an argument of a program: other users can read those.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A URL on this host that leads to the page, but only for the person's own processes. It works while
    /// [`finish`](Self::finish) waits. Where it is not known who connects, it is the page itself.
    pub fn local_url(&self) -> &str {
        self.local_url.as_ref().unwrap_or(&self.url)
    }

    /// Waits until a person has approved the sign-in, and keeps it.
    ///
    /// # Errors
    /// The person denied it or took too long; or AWS cannot be reached.
    pub async fn finish(self) -> Result<(), Failure> {
        let Self {
            identity_center,
            client,
            listener,
            url,
            is_ours,
            redirect_uri,
            state,
            verifier,
            ..
        } = self;
        let (callback, returned, verdict_sender) = Callback::new(Some(state), &url, is_ours);
        let serving = tokio::spawn(Arc::new(callback).serve(listener));
        let returned = timeout(APPROVAL_TIMEOUT, returned).await.ok().and_then(Result::ok);
        let outcome = match returned {
            None => {
                // AWS may have deleted the registration, and shows that only in the browser.
                forget_registration(&identity_center, Workflow::Pkce).await?;
                Err(Failure::new(
                    Problem::SignInNeeded,
                    "nobody approved the sign-in in the browser in time",
                ))
            }
            Some(Outcome::Error(text)) => {
                Err(Failure::new(Problem::SignInNeeded, format!("the sign-in was denied: {text}")))
            }
            Some(Outcome::Code(code)) => {
                exchange(&identity_center, client, &code, &verifier, &redirect_uri).await
            }
        };
        let verdict = if outcome.is_ok() { Verdict::SignedIn } else { Verdict::Failed };
        verdict_sender.send_replace(Some(verdict));
        // We must not end before the browser has the page. What it does later is of no importance to the sign-in.
        drop(timeout(PAGE_TIMEOUT, serving).await);
        outcome
    }
}

async fn exchange(
    identity_center: &IdentityCenter,
    client: Registration,
    code: &str,
    verifier: &Secret,
    redirect_uri: &str,
) -> Result<(), Failure> {
    let oidc = identity_center.oidc().await?;
    match oidc.token_for_code(&client, code, verifier, redirect_uri).await {
        Ok(tokens) => {
            identity_center.begin_session(tokens, client.client_id, client.client_secret).await
        }
        Err(TokenError::Other(error)) => Err(error),
        Err(TokenError::Pending | TokenError::SlowDown) => {
            Err(failure::unavailable("AWS asks to sign in later"))
        }
        Err(TokenError::Denied(error) | TokenError::Ended(error)) => {
            // AWS may have deleted the registration: the next sign-in makes a new one.
            forget_registration(identity_center, Workflow::Pkce).await?;
            Err(Failure::new(
                Problem::SignInNeeded,
                format!("AWS refused the code from the browser: {error}"),
            ))
        }
    }
}

/// Random bytes as unpadded base64url, whose characters RFC 7636, section 4.1 allows in a verifier.
fn random<const BYTES: usize>() -> Result<Secret, Failure> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    getrandom::fill(&mut *bytes)
        .map_err(|error| Failure::failed(format!("the system gives no random numbers: {error}")))?;
    Secret::parse(BASE64URL_NOPAD.encode(&*bytes))
        .map_err(|_| Failure::failed("the system gives no random numbers"))
}
