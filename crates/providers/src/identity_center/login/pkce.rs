//! Authorization code with PKCE (RFC 7636) through a browser on this host, which comes back to a loopback port of
//! ours (RFC 8252, section 7.3).
//!
//! The port is bound before there is a URL to open. Only a request with our `state` counts; any other is answered
//! and forgotten, so that nobody else on the host can end the sign-in.

mod callback;

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

use super::{PATIENCE, forget_registration, registration};
use crate::failure;
use crate::identity_center::IdentityCenter;
use crate::identity_center::item::Registration;
use crate::identity_center::oidc::{NoTokens, SCOPE, Workflow};
use callback::{Callback, Outcome, Verdict};

/// So long the browser has to read the page that says how it went.
const FAREWELL: Duration = Duration::from_secs(2);

/// A sign-in that waits for a browser on this host.
pub struct Pkce {
    center: IdentityCenter,
    client: Registration,
    listener: TcpListener,
    url: String,
    redirect_uri: String,
    state: Secret,
    verifier: Secret,
    _lock: Lock,
}

impl Pkce {
    pub(super) async fn start(center: IdentityCenter, lock: Lock) -> Result<Self, Failure> {
        let no_port =
            |error| Failure::failed(format!("no port for the browser to come back to: {error}"));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(no_port)?;
        let port = listener.local_addr().map_err(no_port)?.port();
        let redirect_uri = format!("http://127.0.0.1:{port}/oauth/callback");
        let oidc = center.oidc().await?;
        let client = registration(&center, &oidc, Workflow::Pkce).await?;
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
            // AWS's spelling; RFC 6749 has "scope".
            ("scopes", SCOPE),
            ("code_challenge", &challenge),
        ];
        let url = Url::parse_with_params(&format!("{endpoint}/authorize"), parameters)
            .map_err(|_| Failure::failed("the endpoint of OIDC is no URL"))?
            .into();
        Ok(Self { center, client, listener, url, redirect_uri, state, verifier, _lock: lock })
    }

    /// The page to open in a browser on this host.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits until a person has approved, and keeps the sign-in.
    ///
    /// # Errors
    /// They said no or took too long; or AWS can't be reached.
    pub async fn finish(self) -> Result<(), Failure> {
        let Self { center, client, listener, redirect_uri, state, verifier, .. } = self;
        let (callback, returned, say) = Callback::new(state);
        let serving = tokio::spawn(Arc::new(callback).serve(listener));
        let returned = timeout(PATIENCE, returned).await.ok().and_then(Result::ok);
        let outcome = match returned {
            None => {
                // As when AWS has forgotten the registration, which it tells nobody but the browser.
                forget_registration(&center, Workflow::Pkce).await?;
                Err(Failure::new(Problem::SignInNeeded, "nobody approved in the browser in time"))
            }
            Some(Outcome::Error(text)) => {
                Err(Failure::new(Problem::SignInNeeded, format!("the sign-in was refused: {text}")))
            }
            Some(Outcome::Code(code)) => {
                exchange(&center, client, &code, &verifier, &redirect_uri).await
            }
        };
        let verdict = if outcome.is_ok() { Verdict::SignedIn } else { Verdict::Failed };
        say.send_replace(Some(verdict));
        // The page is on its way to the browser: not to be cut off by our end.
        let _ = timeout(FAREWELL, serving).await;
        outcome
    }
}

async fn exchange(
    center: &IdentityCenter,
    client: Registration,
    code: &str,
    verifier: &Secret,
    redirect_uri: &str,
) -> Result<(), Failure> {
    let oidc = center.oidc().await?;
    match oidc.token_for_code(&client, code, verifier, redirect_uri).await {
        Ok(tokens) => center.begin_session(tokens, client.client_id, client.client_secret).await,
        Err(NoTokens::Other(error)) => Err(error),
        Err(NoTokens::Pending | NoTokens::SlowDown) => {
            Err(failure::unavailable("AWS asks to sign in later"))
        }
        Err(NoTokens::Denied(error) | NoTokens::Over(error)) => {
            // AWS may have forgotten the registration: the next sign-in makes a new one.
            forget_registration(center, Workflow::Pkce).await?;
            Err(Failure::new(
                Problem::SignInNeeded,
                format!("AWS refused the browser's code: {error}"),
            ))
        }
    }
}

/// Random bytes as unpadded base64url, whose characters RFC 7636, section 4.1 allows in a verifier.
fn random<const BYTES: usize>() -> Result<Secret, Failure> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    getrandom::fill(&mut *bytes)
        .map_err(|error| Failure::failed(format!("no random numbers: {error}")))?;
    Secret::parse(BASE64URL_NOPAD.encode(&*bytes)).map_err(|_| Failure::failed("no random numbers"))
}
