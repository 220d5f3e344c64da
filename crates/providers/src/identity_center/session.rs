//! The SSO session: its access token, refreshed by one process at a time, and shared by all.
//!
//! The store's item is the one place where a session is. A refresh is done under the sign-in lock, and by a task
//! of its own, so that who gives up waiting doesn't leave it between the call and the saving.

use std::path::Path;
use std::time::Duration;

use credentials::{Secret, Timestamp};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::debug;

use super::IdentityCenter;
use super::item::{Item, Refresh, Session};
use super::oidc::{NoTokens, Tokens};
use crate::ProviderError;
use crate::secure_store::Lock;

/// An access token with fewer seconds left is refreshed, while it is still good for what is under way. So a
/// refresh whose answer was lost costs nobody the session before its time.
const REFRESH_BEFORE: i64 = 10 * 60;
/// An access token with fewer seconds left is of no use.
const LEAST_LEFT: i64 = 30;
/// So long another process may sign in or refresh. A sign-in takes ten minutes at most.
const PATIENCE: Duration = Duration::from_secs(11 * 60);
const POLL: Duration = Duration::from_millis(20);

/// Held from before a refresh's call until its tokens are saved.
static SAVING: Mutex<()> = Mutex::const_new(());

/// Waits until no refresh is between its call and its saving: a process should not end before.
pub async fn saved() {
    drop(SAVING.lock().await);
}

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

/// What opens the access portal.
#[derive(Clone)]
pub(crate) struct AccessToken {
    pub(crate) secret: Secret,
    pub(crate) by_aws_cli: bool,
}

/// What can be done with a session at an instant.
enum State {
    /// Use the token.
    Good(Secret),
    /// Use the token, but refresh it now if nobody else does.
    Aging(Secret),
    /// Refresh the token, then use it.
    Stale,
    /// A person has to sign in.
    Over,
}

impl State {
    fn of(session: Option<&Session>, now: Timestamp) -> Self {
        let Some(session) = session else { return Self::Over };
        let token = || session.access_token.clone();
        match (session.seconds_left(now), &session.refresh) {
            (left, _) if left > REFRESH_BEFORE => Self::Good(token()),
            (left, None) if left > LEAST_LEFT => Self::Good(token()),
            (left, Some(_)) if left > LEAST_LEFT => Self::Aging(token()),
            (_, Some(_)) => Self::Stale,
            (_, None) => Self::Over,
        }
    }

    fn token(self) -> Option<AccessToken> {
        match self {
            Self::Good(secret) | Self::Aging(secret) => {
                Some(AccessToken { secret, by_aws_cli: false })
            }
            Self::Stale | Self::Over => None,
        }
    }
}

impl IdentityCenter {
    /// Who is signed in and until when; without a call to AWS.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn signed_in(&self) -> Result<Option<SignedIn>, ProviderError> {
        let now = self.now();
        let at = |second| Timestamp::from_second(second).unwrap_or(now);
        let is_over = |session: &Session| matches!(State::of(Some(session), now), State::Over);
        if let Some(session) = self.read_item().await?.session.filter(|session| !is_over(session)) {
            return Ok(Some(SignedIn {
                expires_at: at(session.expires_at),
                refreshes: session.refresh.is_some(),
                user_name: session.user_name,
                by_aws_cli: false,
            }));
        }
        Ok(self.token_of_aws_cli().map(|(_, expires_at)| SignedIn {
            expires_at: at(expires_at),
            refreshes: false,
            user_name: None,
            by_aws_cli: true,
        }))
    }

    /// An access token, refreshed if it has to be. Never asks a person.
    pub(crate) async fn access_token(&self) -> Result<AccessToken, ProviderError> {
        match self.state().await? {
            State::Good(secret) => Ok(AccessToken { secret, by_aws_cli: false }),
            State::Aging(secret) => match self.try_lock()? {
                Some(lock) => self.refresh(lock, None).await,
                None => Ok(AccessToken { secret, by_aws_cli: false }),
            },
            State::Stale => {
                let lock = self.lock().await?;
                self.refresh(lock, None).await
            }
            State::Over => self.token_of_others().await,
        }
    }

    /// Another access token than one that the portal refused.
    pub(crate) async fn access_token_after(
        &self,
        refused: AccessToken,
    ) -> Result<AccessToken, ProviderError> {
        if refused.by_aws_cli {
            return Err(self.sign_in_needed("AWS has ended the SSO session of the AWS CLI for"));
        }
        let lock = self.lock().await?;
        self.refresh(lock, Some(refused.secret)).await
    }

    /// The sign-in lock, once nobody else has it: one process at a time signs in or refreshes.
    pub(crate) async fn lock(&self) -> Result<Lock, ProviderError> {
        let lock = wait_for(&self.0.store.sign_in_lock_path(), PATIENCE).await?;
        lock.ok_or_else(|| {
            let name = &self.instance().name;
            let text = format!("another aws-sso has been signing in to `{name}` for too long");
            ProviderError::unavailable(text)
        })
    }

    /// The sign-in lock, unless somebody else has it.
    pub(crate) fn try_lock(&self) -> Result<Option<Lock>, ProviderError> {
        Ok(Lock::try_acquire(&self.0.store.sign_in_lock_path())?)
    }

    /// A new session in the place of any other; its credentials go along.
    pub(crate) async fn begin_session(
        &self,
        tokens: Tokens,
        client_id: String,
        client_secret: Secret,
    ) -> Result<(), ProviderError> {
        let refresh = |token| Refresh { token, client_id, client_secret };
        let session = Session {
            expires_at: self.now().as_second() + tokens.expires_in,
            access_token: tokens.access_token,
            refresh: tokens.refresh_token.map(refresh),
            user_name: None,
            credentials: Vec::new(),
        };
        self.update_item(move |item| item.session = Some(session)).await
    }

    /// Forgets the session, and gives what opens the portal for a last time.
    pub(crate) async fn end_session(&self) -> Result<Option<Secret>, ProviderError> {
        // A store that nobody has signed in to need not be opened for writing.
        if self.read_item().await?.session.is_none() {
            return Ok(None);
        }
        let session = self.update_item(|item| item.session.take()).await?;
        Ok(session.map(|session| session.access_token))
    }

    pub(crate) async fn read_item(&self) -> Result<Item, ProviderError> {
        let this = self.clone();
        blocking(move || {
            let bytes = this.0.store.read()?;
            Item::read(bytes.as_ref().map(|bytes| bytes.as_slice()), this.instance())
        })
        .await
    }

    /// Changes the item, under the store's lock.
    pub(crate) async fn update_item<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Item) -> T + Send + 'static,
    ) -> Result<T, ProviderError> {
        let this = self.clone();
        blocking(move || {
            this.0.store.update(|bytes| {
                let mut item = Item::read(bytes, this.instance())?;
                let outcome = change(&mut item);
                Ok((item.write(), outcome))
            })
        })
        .await
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.aws.clock.now()
    }

    fn sign_in_needed(&self, what: &str) -> ProviderError {
        ProviderError::sign_in_needed(format!("{what} `{}`", self.instance().name))
    }

    async fn state(&self) -> Result<State, ProviderError> {
        Ok(State::of(self.read_item().await?.session.as_ref(), self.now()))
    }

    /// Without a session of ours: the AWS CLI's; or that of a process that is just signing in.
    async fn token_of_others(&self) -> Result<AccessToken, ProviderError> {
        if let Some((secret, _)) = self.token_of_aws_cli() {
            return Ok(AccessToken { secret, by_aws_cli: true });
        }
        let nobody = || self.sign_in_needed("nobody is signed in to");
        if self.try_lock()?.is_some() {
            return Err(nobody());
        }
        debug!("somebody else is signing in");
        drop(self.lock().await?);
        self.state().await?.token().ok_or_else(nobody)
    }

    fn token_of_aws_cli(&self) -> Option<(Secret, i64)> {
        let cache = self.0.aws_cli_cache.as_ref()?;
        let (token, expires_at) = cache.token(self.instance())?;
        (expires_at - self.now().as_second() > LEAST_LEFT).then_some((token, expires_at))
    }

    /// Refreshes under the lock, in a task that goes on when nobody waits for it any more.
    async fn refresh(
        &self,
        lock: Lock,
        refused: Option<Secret>,
    ) -> Result<AccessToken, ProviderError> {
        let this = self.clone();
        let saving = SAVING.lock().await;
        let task = tokio::spawn(async move {
            let outcome = this.refresh_locked(refused).await;
            drop((lock, saving));
            outcome
        });
        task.await
            .map_err(|_| ProviderError::unavailable("the refresh of the sign-in broke off"))?
    }

    async fn refresh_locked(&self, refused: Option<Secret>) -> Result<AccessToken, ProviderError> {
        let session = self.read_item().await?.session;
        let is_refused = |token: &Secret| {
            refused.as_ref().is_some_and(|refused| refused.expose() == token.expose())
        };
        let state = State::of(session.as_ref(), self.now());
        let refused = session.as_ref().is_some_and(|session| is_refused(&session.access_token));
        if let (State::Good(secret), false) = (&state, refused) {
            debug!("somebody else has refreshed the access token");
            return Ok(AccessToken { secret: secret.clone(), by_aws_cli: false });
        }
        let over = || self.sign_in_needed("the SSO session is over for");
        let Some(refresh) = session.and_then(|session| session.refresh) else {
            if refused {
                self.end_session().await?;
            }
            return Err(over());
        };
        // An access token that was not refused lives on when there is no other.
        let present = state.token().filter(|_| !refused);
        // AWS may take the refresh token for the last time: first it is tried whether the next one can be saved.
        if let Err(error) = self.update_item(|_| ()).await {
            return present.ok_or(error);
        }
        match self.oidc().await?.refresh(&refresh).await {
            Ok(tokens) => self.refreshed(tokens).await,
            Err(NoTokens::Denied(error) | NoTokens::Over(error)) => {
                debug!(%error, "AWS refuses the refresh token");
                self.refresh_is_over(refused).await?;
                present.ok_or_else(over)
            }
            Err(NoTokens::Other(error)) => present.ok_or(error),
            Err(NoTokens::Pending | NoTokens::SlowDown) => {
                present.ok_or(ProviderError::unavailable("AWS asks to refresh the sign-in later"))
            }
        }
    }

    async fn refreshed(&self, tokens: Tokens) -> Result<AccessToken, ProviderError> {
        let expires_at = self.now().as_second() + tokens.expires_in;
        let access_token = tokens.access_token.clone();
        self.update_item(move |item| {
            let Some(session) = &mut item.session else { return };
            session.access_token = tokens.access_token;
            session.expires_at = expires_at;
            if let (Some(refresh), Some(token)) = (&mut session.refresh, tokens.refresh_token) {
                refresh.token = token;
            }
        })
        .await?;
        Ok(AccessToken { secret: access_token, by_aws_cli: false })
    }

    /// AWS takes the refresh token no more. A session whose access token was refused too is none.
    async fn refresh_is_over(&self, refused: bool) -> Result<(), ProviderError> {
        self.update_item(move |item| match &mut item.session {
            Some(session) if !refused => session.refresh = None,
            _ => item.session = None,
        })
        .await
    }
}

/// A lock, once nobody else has it; `None` if somebody keeps it for longer than that.
pub(crate) async fn wait_for(
    path: &Path,
    patience: Duration,
) -> Result<Option<Lock>, ProviderError> {
    let deadline = Instant::now() + patience;
    loop {
        match Lock::try_acquire(path)? {
            None if Instant::now() < deadline => tokio::time::sleep(POLL).await,
            lock => return Ok(lock),
        }
    }
}

/// The store waits for locks, for the disk and for the keyring: not on the thread that answers others.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ProviderError> + Send + 'static,
) -> Result<T, ProviderError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| ProviderError::unavailable("the secure store broke off"))?
}
