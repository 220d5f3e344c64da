//! The SSO session: who is signed in, and until when.
//!
//! The store's item is the one place where a session is.

use credentials::{Failure, Problem, Secret, Timestamp};

use super::IdentityCenter;
use super::access_token::{KEEP_BEFORE, Need, State};
use super::item::{Refresh, Session};
use super::oidc::Tokens;

/// Who keeps a session going looks again after so many seconds at least, and at most.
const LEAST_PAUSE: i64 = 60;
const MOST_PAUSE: i64 = 30 * 60;

/// A sign-in, as it is told to a person.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// When the access token ends.
    pub expires_at: Timestamp,
    /// Whether it is refreshed then, for as long as the SSO session lasts.
    pub refreshes: bool,
    /// Who signed in, if it is known.
    pub user_name: Option<String>,
    /// Whether it was the AWS CLI that signed in.
    pub by_aws_cli: bool,
}

/// How an SSO session stands, for who keeps it going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SsoSession {
    /// When the session ends, once that is known: AWS tells it only by refusing to refresh the access token, or by
    /// giving one that ends no later. So it is known 19 minutes before, or earlier, if it is looked at when due.
    pub ends: Option<Timestamp>,
    /// When to look again: in 1 to 30 minutes.
    pub look_again: Timestamp,
}

impl IdentityCenter {
    /// Who is signed in and until when; without a call to AWS.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn signed_in(&self) -> Result<Option<SignedIn>, Failure> {
        let now = self.now();
        let is_over = |session: &Session| matches!(State::of(Some(session), now, 0), State::Over);
        if let Some(session) = self.read_item().await?.session.filter(|session| !is_over(session)) {
            return Ok(Some(SignedIn {
                expires_at: self.at(session.expires_at),
                refreshes: session.refresh.is_some(),
                user_name: session.user_name,
                by_aws_cli: false,
            }));
        }
        Ok(self.token_of_aws_cli().await.map(|(_, expires_at)| SignedIn {
            expires_at: self.at(expires_at),
            refreshes: false,
            user_name: None,
            by_aws_cli: true,
        }))
    }

    /// Keeps the session going without being asked for anything else: its access token is refreshed when 20 minutes
    /// of it are left, unless another process does so, or this one has tried within a minute. Waits for nobody who
    /// is signing in.
    ///
    /// # Errors
    /// Nobody is signed in; or the access token has ended, and OIDC can't be reached.
    pub async fn keep_session(&self) -> Result<SsoSession, Failure> {
        let need = Need::before(KEEP_BEFORE);
        let session = self.read_item().await?.session;
        match State::of(session.as_ref(), self.now(), KEEP_BEFORE) {
            State::Good(_) => return self.stands(session),
            State::Aging(_) => match self.lock_for_early_refresh().await? {
                Some(lock) => drop(self.refresh(lock, need).await?),
                None => return self.stands(session),
            },
            State::Stale => drop(self.refresh_after_others(need).await?),
            State::Over => {
                let aws_cli = self.token_of_aws_cli().await;
                let (_, ends) = aws_cli.ok_or_else(|| self.nobody_is_signed_in())?;
                return Ok(self.ends_at(ends, true));
            }
        }
        self.stands(self.read_item().await?.session)
    }

    fn stands(&self, session: Option<Session>) -> Result<SsoSession, Failure> {
        let session = session.ok_or_else(|| self.nobody_is_signed_in())?;
        Ok(self.ends_at(session.expires_at, session.refresh.is_none() || session.is_last))
    }

    fn ends_at(&self, second: i64, is_last: bool) -> SsoSession {
        let now = self.now().as_second();
        let look_again = (second - KEEP_BEFORE).clamp(now + LEAST_PAUSE, now + MOST_PAUSE);
        SsoSession { ends: is_last.then(|| self.at(second)), look_again: self.at(look_again) }
    }

    /// A new session in the place of any other; its credentials go along.
    pub(crate) async fn begin_session(
        &self,
        tokens: Tokens,
        client_id: String,
        client_secret: Secret,
    ) -> Result<(), Failure> {
        let refresh = |token| Refresh { token, client_id, client_secret };
        let session = Session {
            expires_at: self.now().as_second() + tokens.expires_in,
            access_token: tokens.access_token,
            refresh: tokens.refresh_token.map(refresh),
            is_last: false,
            user_name: None,
            credentials: Vec::new(),
        };
        self.update_item(move |item| item.session = Some(session)).await
    }

    /// Forgets the session, and gives what opens the portal for a last time.
    pub(crate) async fn end_session(&self) -> Result<Option<Secret>, Failure> {
        // A store that nobody has signed in to need not be opened for writing.
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

    /// From Unix epoch seconds.
    fn at(&self, second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap_or(self.now())
    }
}
