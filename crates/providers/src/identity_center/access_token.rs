//! The access token: refreshed by one process at a time, and shared by all.
//!
//! A refresh is done under the sign-in lock, and by a task of its own, so that who gives up waiting doesn't leave it
//! between the call and the saving.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use credentials::{Failure, Secret, Timestamp};
use files::Lock;
use tokio::sync::RwLock;
use tokio::time::{Instant, timeout};
use tracing::debug;

use super::IdentityCenter;
use super::item::{Session, blocking};
use super::oidc::{NoTokens, Tokens};
use crate::failure;

/// An access token with fewer seconds left is refreshed, while it is still good for what is under way. So a
/// refresh whose answer was lost costs nobody the session before its time.
const REFRESH_BEFORE: i64 = 10 * 60;
/// The same for who keeps a session going: early enough to learn its end in time.
pub(crate) const KEEP_BEFORE: i64 = 20 * 60;
/// An access token with fewer seconds left is of no use.
const LEAST_LEFT: i64 = 30;
/// A process tries once in so many seconds to refresh a token that is still good.
const EARLY_TRIES_GAP: i64 = 60;
/// By so many seconds the same end is told differently by two answers.
const SAME_END: i64 = 30;
/// So long another process may sign in or refresh. A sign-in takes ten minutes at most.
const PATIENCE: Duration = Duration::from_secs(11 * 60);
const POLL: Duration = Duration::from_millis(20);

/// Read by each refresh from before its call until its tokens are saved.
static SAVING: RwLock<()> = RwLock::const_new(());

/// Waits until no refresh is between its call and its saving: a process should not end before.
pub async fn saved() {
    drop(SAVING.write().await);
}

/// What opens the access portal.
#[derive(Clone)]
pub(crate) struct AccessToken {
    pub(crate) secret: Secret,
    pub(crate) by_aws_cli: bool,
}

/// What can be done with a session at an instant.
pub(crate) enum State {
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
    /// With fewer seconds left than `refresh_before`, a token is aging.
    pub(crate) fn of(session: Option<&Session>, now: Timestamp, refresh_before: i64) -> Self {
        let Some(session) = session else { return Self::Over };
        let token = || session.access_token.clone();
        let prolongs = session.refresh.is_some() && !session.is_last;
        match session.seconds_left(now) {
            left if left > refresh_before => Self::Good(token()),
            left if left > LEAST_LEFT && prolongs => Self::Aging(token()),
            left if left > LEAST_LEFT => Self::Good(token()),
            _ if session.refresh.is_some() => Self::Stale,
            _ => Self::Over,
        }
    }

    fn token(self) -> Option<AccessToken> {
        match self {
            Self::Good(secret) | Self::Aging(secret) => Some(ours(secret)),
            Self::Stale | Self::Over => None,
        }
    }
}

/// Why the access token is refreshed.
pub(crate) struct Need {
    /// It has fewer seconds left.
    refresh_before: i64,
    /// The portal has refused this one.
    refused: Option<Secret>,
    since: Instant,
}

impl Need {
    pub(crate) fn before(refresh_before: i64) -> Self {
        Self { refresh_before, refused: None, since: Instant::now() }
    }
}

/// What this process has tried.
#[derive(Default)]
pub(crate) struct Tries(Mutex<LastTries>);

#[derive(Default)]
struct LastTries {
    early: Option<Timestamp>,
    failed: Option<(Instant, Failure)>,
}

impl Tries {
    /// Whether a token that is still good may be refreshed again.
    fn is_early_one_due(&self, now: Timestamp) -> bool {
        let since = self.last().early.map(|early| now.as_second() - early.as_second());
        // A clock that was set back must not stop refreshing.
        since.is_none_or(|since| !(0..EARLY_TRIES_GAP).contains(&since))
    }

    fn begin_early_one(&self, now: Timestamp) {
        self.last().early = Some(now);
    }

    fn failed(&self, error: Failure) {
        self.last().failed = Some((Instant::now(), error));
    }

    fn failure_since(&self, since: Instant) -> Option<Failure> {
        self.last().failed.as_ref().filter(|(at, _)| *at >= since).map(|(_, error)| error.clone())
    }

    fn last(&self) -> MutexGuard<'_, LastTries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl IdentityCenter {
    /// An access token, refreshed if it has to be. Never asks a person.
    pub(crate) async fn access_token(&self) -> Result<AccessToken, Failure> {
        let need = Need::before(REFRESH_BEFORE);
        match self.state().await? {
            State::Good(secret) => Ok(ours(secret)),
            State::Aging(secret) => match self.lock_for_early_refresh().await? {
                Some(lock) => self.refresh(lock, need).await,
                None => Ok(ours(secret)),
            },
            State::Stale => self.refresh_after_others(need).await,
            State::Over => self.token_of_others().await,
        }
    }

    /// Another access token than one that the portal refused.
    pub(crate) async fn access_token_after(
        &self,
        refused: AccessToken,
    ) -> Result<AccessToken, Failure> {
        if refused.by_aws_cli {
            return Err(self.sign_in_needed("AWS has ended the SSO session of the AWS CLI for"));
        }
        let need = Need { refused: Some(refused.secret), ..Need::before(REFRESH_BEFORE) };
        self.refresh_after_others(need).await
    }

    /// The sign-in lock, once nobody else has it: one process at a time signs in or refreshes.
    pub(crate) async fn lock(&self) -> Result<Lock, Failure> {
        let path = self.0.store.sign_in_lock_path();
        let wait = async {
            // One of this process looks again and again; the others wait for that one.
            let _first = self.0.lock_queue.lock().await;
            wait_for(&path, PATIENCE).await
        };
        let lock = timeout(PATIENCE, wait).await.unwrap_or(Ok(None))?;
        lock.ok_or_else(|| {
            let name = &self.instance().name;
            let text = format!("another aws-sso has been signing in to `{name}` for too long");
            failure::unavailable(text)
        })
    }

    /// The sign-in lock, unless somebody else has it.
    pub(crate) fn try_lock(&self) -> Result<Option<Lock>, Failure> {
        Ok(Lock::try_acquire(&self.0.store.sign_in_lock_path())?)
    }

    /// The right to refresh a token that is still good: nobody else does, and it was not tried just now. While OIDC
    /// isn't reached, or gives only what ends with the session, not every call must try again.
    pub(crate) async fn lock_for_early_refresh(&self) -> Result<Option<Lock>, Failure> {
        let tries = &self.0.tries;
        if !tries.is_early_one_due(self.now()) {
            return Ok(None);
        }
        let lock = self.try_lock_aside().await?;
        // Under the lock there is but one who looks and begins; another may have, meanwhile.
        let lock = lock.filter(|_| tries.is_early_one_due(self.now()));
        if lock.is_some() {
            tries.begin_early_one(self.now());
        }
        Ok(lock)
    }

    /// Refreshes once nobody else does, if it is needed then still.
    pub(crate) async fn refresh_after_others(&self, need: Need) -> Result<AccessToken, Failure> {
        let lock = self.lock().await?;
        self.refresh(lock, need).await
    }

    /// Refreshes under the lock, in a task that goes on when nobody waits for it any more.
    pub(crate) async fn refresh(&self, lock: Lock, need: Need) -> Result<AccessToken, Failure> {
        let this = self.clone();
        let saving = SAVING.read().await;
        let task = tokio::spawn(async move {
            let outcome = this.refresh_locked(need).await;
            drop((lock, saving));
            outcome
        });
        task.await.map_err(|_| failure::unavailable("the refresh of the sign-in broke off"))?
    }

    async fn refresh_locked(&self, need: Need) -> Result<AccessToken, Failure> {
        let session = self.read_item().await?.session;
        let state = State::of(session.as_ref(), self.now(), need.refresh_before);
        let is_refused = |token: &Secret| {
            need.refused.as_ref().is_some_and(|refused| refused.expose() == token.expose())
        };
        let refused = session.as_ref().is_some_and(|session| is_refused(&session.access_token));
        if let (State::Good(secret), false) = (&state, refused) {
            debug!("somebody else has refreshed the access token");
            return Ok(ours(secret.clone()));
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
        // Who waited for one that failed need not find out by themselves, one after the other.
        if let Some(error) = self.0.tries.failure_since(need.since) {
            return present.ok_or(error);
        }
        // AWS may take the refresh token for the last time: first it is tried whether the next one can be saved.
        if let Err(error) = self.update_item(|_| ()).await {
            return present.ok_or(error);
        }
        // What AWS counts from is no earlier, however often the call is tried.
        let asked_at = self.now();
        let error = match self.oidc().await?.refresh(&refresh).await {
            Ok(tokens) => return self.refreshed(asked_at, tokens).await,
            Err(NoTokens::Denied(error) | NoTokens::Over(error)) => {
                debug!(%error, "AWS refuses the refresh token");
                self.refresh_is_over(refused).await?;
                return present.ok_or_else(over);
            }
            Err(NoTokens::Other(error)) => error,
            Err(NoTokens::Pending | NoTokens::SlowDown) => {
                failure::unavailable("AWS asks to refresh the sign-in later")
            }
        };
        self.0.tries.failed(error.clone());
        present.ok_or(error)
    }

    async fn refreshed(&self, asked_at: Timestamp, tokens: Tokens) -> Result<AccessToken, Failure> {
        let expires_at = asked_at.as_second() + tokens.expires_in;
        let access_token = tokens.access_token.clone();
        self.update_item(move |item| {
            let Some(session) = &mut item.session else { return };
            let was_aged = session.seconds_left(asked_at) <= KEEP_BEFORE;
            session.is_last = was_aged && expires_at <= session.expires_at + SAME_END;
            session.access_token = tokens.access_token;
            session.expires_at = expires_at;
            if let (Some(refresh), Some(token)) = (&mut session.refresh, tokens.refresh_token) {
                refresh.token = token;
            }
            // The session ends: each call would refresh it for some seconds more.
            if (1..=LEAST_LEFT).contains(&tokens.expires_in) {
                session.refresh = None;
            }
        })
        .await?;
        Ok(ours(access_token))
    }

    /// AWS takes the refresh token no more. A session whose access token was refused too is none.
    async fn refresh_is_over(&self, refused: bool) -> Result<(), Failure> {
        self.update_item(move |item| match &mut item.session {
            Some(session) if !refused => session.refresh = None,
            _ => item.session = None,
        })
        .await
    }

    async fn state(&self) -> Result<State, Failure> {
        Ok(State::of(self.read_item().await?.session.as_ref(), self.now(), REFRESH_BEFORE))
    }

    /// Without a session of ours: the AWS CLI's; or that of a process that is just signing in.
    async fn token_of_others(&self) -> Result<AccessToken, Failure> {
        if let Some((secret, _)) = self.token_of_aws_cli().await {
            return Ok(AccessToken { secret, by_aws_cli: true });
        }
        if self.try_lock_aside().await?.is_some() {
            return Err(self.nobody_is_signed_in());
        }
        debug!("somebody else is signing in");
        drop(self.lock().await?);
        self.state().await?.token().ok_or_else(|| self.nobody_is_signed_in())
    }

    pub(crate) async fn token_of_aws_cli(&self) -> Option<(Secret, i64)> {
        self.0.aws_cli_cache.as_ref()?;
        let this = self.clone();
        let read = move || Ok(this.0.aws_cli_cache.as_ref().and_then(|c| c.token(this.instance())));
        let (token, expires_at) = blocking(read).await.ok()??;
        (expires_at - self.now().as_second() > LEAST_LEFT).then_some((token, expires_at))
    }

    /// [`IdentityCenter::try_lock`], where the disk may be slow.
    async fn try_lock_aside(&self) -> Result<Option<Lock>, Failure> {
        let this = self.clone();
        blocking(move || this.try_lock()).await
    }
}

fn ours(secret: Secret) -> AccessToken {
    AccessToken { secret, by_aws_cli: false }
}

/// A lock, once nobody else has it; `None` if somebody keeps it for longer than that.
pub(crate) async fn wait_for(path: &Path, patience: Duration) -> Result<Option<Lock>, Failure> {
    let deadline = Instant::now() + patience;
    loop {
        let path = path.to_owned();
        match blocking(move || Ok(Lock::try_acquire(&path)?)).await? {
            None if Instant::now() < deadline => tokio::time::sleep(POLL).await,
            lock => return Ok(lock),
        }
    }
}
