//! The SSO session: who is signed in, and until when.
//!
//! A session is kept in one place, the item of the store.

use credentials::{Failure, Problem, Secret, Timestamp};
use jiff::SignedDuration;

use super::IdentityCenter;
use super::access_token::{KEEP_SESSION_MARGIN, Renewal, TokenState};
use super::item::{RefreshGrant, Session};
use super::oidc::Tokens;

/// A process that keeps a session alive checks it again after at least and at most these times.
const MIN_CHECK_INTERVAL: SignedDuration = SignedDuration::from_mins(1);
const MAX_CHECK_INTERVAL: SignedDuration = SignedDuration::from_mins(30);

/// A sign-in, as it is shown to a person.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The expiration of the access token.
    pub expires_at: Timestamp,
    /// Whether the access token is renewed for as long as the SSO session lasts.
    pub is_renewed: bool,
    /// The person's user name, if it is known.
    pub user_name: Option<String>,
    /// Whether the sign-in is the AWS CLI's.
    pub from_aws_cli: bool,
}

/// The end of an SSO session, for a process that keeps the session alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SsoSession {
    /// The end of the session, once it is known. AWS shows it only by refusing to renew the access token, or by giving a
    /// token that expires no later. With checks at the right times, it is known at least 19 minutes before.
    pub ends_at: Option<Timestamp>,
    /// The time of the next check: in 1 to 30 minutes.
    pub next_check: Timestamp,
}

impl IdentityCenter {
    /// The present sign-in, as it is known without a call to AWS.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn signed_in(&self) -> Result<Option<SignedIn>, Failure> {
        let now = self.now();
        let session = self.read_item().await?.session;
        if let Some(session) = session.filter(|session| !TokenState::is_signed_out(session, now)) {
            return Ok(Some(SignedIn {
                expires_at: session.expires_at,
                is_renewed: session.refresh.is_some(),
                user_name: session.user_name,
                from_aws_cli: false,
            }));
        }
        Ok(self.token_of_aws_cli().await.map(|(_, expires_at)| SignedIn {
            expires_at,
            is_renewed: false,
            user_name: None,
            from_aws_cli: true,
        }))
    }

    /// Keeps the session alive: renews its access token when no more than 20 minutes are left of it, unless another process
    /// does so, or this process has attempted it within the last minute. It does not wait for a sign-in.
    ///
    /// # Errors
    /// Nobody is signed in; or the access token has expired, and OIDC cannot be reached.
    pub async fn keep_session(&self) -> Result<SsoSession, Failure> {
        let renewal = Renewal::before(KEEP_SESSION_MARGIN);
        let session = self.read_item().await?.session;
        match TokenState::of(session.as_ref(), self.now(), KEEP_SESSION_MARGIN) {
            TokenState::Fresh(_) => return self.session_end(session),
            TokenState::Aging(_) => match self.lock_for_early_renewal().await? {
                Some(lock) => drop(self.renew(lock, renewal).await?),
                None => return self.session_end(session),
            },
            TokenState::Expired => drop(self.renew_after_others(renewal).await?),
            TokenState::SignedOut => {
                let aws_cli = self.token_of_aws_cli().await;
                let (_, ends) = aws_cli.ok_or_else(|| self.nobody_is_signed_in())?;
                return Ok(self.end(ends, true));
            }
        }
        self.session_end(self.read_item().await?.session)
    }

    fn session_end(&self, session: Option<Session>) -> Result<SsoSession, Failure> {
        let session = session.ok_or_else(|| self.nobody_is_signed_in())?;
        Ok(self.end(session.expires_at, session.refresh.is_none() || session.is_last))
    }

    fn end(&self, expires_at: Timestamp, is_last: bool) -> SsoSession {
        let now = self.now();
        let next_check = expires_at - KEEP_SESSION_MARGIN;
        let next_check = next_check.clamp(now + MIN_CHECK_INTERVAL, now + MAX_CHECK_INTERVAL);
        SsoSession { ends_at: is_last.then_some(expires_at), next_check }
    }

    /// Saves a new session. It replaces any other one together with that one's credentials.
    pub(crate) async fn begin_session(
        &self,
        tokens: Tokens,
        client_id: String,
        client_secret: Secret,
    ) -> Result<(), Failure> {
        let refresh = |token| RefreshGrant { token, client_id, client_secret };
        let session = Session {
            expires_at: self.now() + tokens.life,
            access_token: tokens.access_token,
            refresh: tokens.refresh_token.map(refresh),
            is_last: false,
            user_name: None,
            credentials: Vec::new(),
        };
        self.update_item(move |item| item.session = Some(session)).await
    }

    /// Deletes the session, and returns its access token, with which AWS can be told.
    pub(crate) async fn end_session(&self) -> Result<Option<Secret>, Failure> {
        // Without a session, the store need not be opened for writing.
        if self.read_item().await?.session.is_none() {
            return Ok(None);
        }
        let session = self.update_item(|item| item.session.take()).await?;
        Ok(session.map(|session| session.access_token))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.aws.clock.now()
    }

    pub(crate) fn nobody_is_signed_in(&self) -> Failure {
        self.sign_in_needed("nobody is signed in to")
    }

    pub(crate) fn sign_in_needed(&self, what: &str) -> Failure {
        Failure::new(Problem::SignInNeeded, format!("{what} `{}`", self.instance().name))
    }
}
