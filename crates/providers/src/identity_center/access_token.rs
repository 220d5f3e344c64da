//! The access token. One process at a time renews it, and all processes share it.
//!
//! A renewal holds the sign-in lock. It runs in a task of its own, which also saves the tokens when its caller stops waiting.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use credentials::{Failure, Secret, Timestamp};
use files::Lock;
use jiff::SignedDuration;
use tokio::sync::RwLock;
use tokio::time::{Instant, sleep, timeout};
use tracing::debug;

use super::IdentityCenter;
use super::item::{Session, blocking};
use super::oidc::{TokenError, Tokens};
use crate::failure;

/// An access token is renewed when less than this is left of it: early, so that a renewal with a lost answer can be repeated.
const RENEW_MARGIN: SignedDuration = SignedDuration::from_mins(10);
/// The same for a process that keeps a session alive. It is longer, so that the session's end is known in time.
pub(crate) const KEEP_SESSION_MARGIN: SignedDuration = SignedDuration::from_mins(20);
/// An access token is not used when less than this is left of it.
const MIN_LEFT: SignedDuration = SignedDuration::from_secs(30);
/// The shortest time between two attempts of a process to renew a token that can still be used.
const EARLY_RENEWAL_INTERVAL: SignedDuration = SignedDuration::from_secs(60);
/// Two answers can give the same end with a difference of up to this.
const END_TOLERANCE: SignedDuration = SignedDuration::from_secs(30);
/// The time limit for another process to sign in or to renew the token. A sign-in takes ten minutes at most.
const LOCK_TIMEOUT: Duration = Duration::from_secs(11 * 60);
const LOCK_POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Each renewal holds it for reading, from before its call until its tokens are saved.
static RENEWALS: RwLock<()> = RwLock::const_new(());

/// Waits until the tokens of all running renewals are saved. A process should not end before.
pub async fn wait_until_saved() {
    drop(RENEWALS.write().await);
}

/// An access token, which opens the access portal.
#[derive(Clone, Debug)]
pub(crate) struct AccessToken {
    pub(crate) secret: Secret,
    pub(crate) from_aws_cli: bool,
}

/// The state of a session's access token at an instant.
#[derive(Debug)]
pub(crate) enum TokenState {
    /// The token can be used.
    Fresh(Secret),
    /// The token can be used, and should be renewed now unless another process does so.
    Aging(Secret),
    /// The token must be renewed before it is used.
    Expired,
    /// A person has to sign in.
    SignedOut,
}

impl TokenState {
    /// A token is aging when no more than `min_left` is left of it.
    pub(crate) fn of(session: Option<&Session>, now: Timestamp, min_left: SignedDuration) -> Self {
        let Some(session) = session else { return Self::SignedOut };
        let token = || session.access_token.clone();
        let can_be_prolonged = session.refresh.is_some() && !session.is_last;
        match session.time_left(now) {
            left if left > min_left => Self::Fresh(token()),
            left if left > MIN_LEFT && can_be_prolonged => Self::Aging(token()),
            left if left > MIN_LEFT => Self::Fresh(token()),
            _ if session.refresh.is_some() => Self::Expired,
            _ => Self::SignedOut,
        }
    }

    /// Whether a person has to sign in again.
    pub(crate) fn is_signed_out(session: &Session, now: Timestamp) -> bool {
        matches!(Self::of(Some(session), now, SignedDuration::ZERO), Self::SignedOut)
    }

    fn token(self) -> Option<AccessToken> {
        match self {
            Self::Fresh(secret) | Self::Aging(secret) => Some(ours(secret)),
            Self::Expired | Self::SignedOut => None,
        }
    }
}

/// The reason for a renewal of the access token.
#[derive(Debug)]
pub(crate) struct Renewal {
    /// The token is renewed when no more than this is left of it.
    min_left: SignedDuration,
    /// The portal has refused this token: it is renewed whatever is left of it.
    refused: Option<Secret>,
    requested_at: Instant,
}

impl Renewal {
    pub(crate) fn before(min_left: SignedDuration) -> Self {
        Self { min_left, refused: None, requested_at: Instant::now() }
    }
}

/// The last renewals that this process has attempted.
#[derive(Debug, Default)]
pub(crate) struct RenewalAttempts(Mutex<LastAttempts>);

#[derive(Debug, Default)]
struct LastAttempts {
    early: Option<Timestamp>,
    failed: Option<(Instant, Failure)>,
}

impl RenewalAttempts {
    /// Whether a token that can still be used may be renewed again.
    fn may_renew_early(&self, now: Timestamp) -> bool {
        let since = self.last().early.map(|early| now.duration_since(early));
        // After the clock was set back, the renewals must go on.
        since.is_none_or(|since| !(SignedDuration::ZERO..EARLY_RENEWAL_INTERVAL).contains(&since))
    }

    fn note_early_renewal(&self, now: Timestamp) {
        self.last().early = Some(now);
    }

    fn failed(&self, error: Failure) {
        self.last().failed = Some((Instant::now(), error));
    }

    fn failure_since(&self, since: Instant) -> Option<Failure> {
        self.last().failed.as_ref().filter(|(at, _)| *at >= since).map(|(_, error)| error.clone())
    }

    fn last(&self) -> MutexGuard<'_, LastAttempts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl IdentityCenter {
    /// An access token, renewed if necessary. It never asks a person.
    pub(crate) async fn access_token(&self) -> Result<AccessToken, Failure> {
        let renewal = Renewal::before(RENEW_MARGIN);
        match self.state().await? {
            TokenState::Fresh(secret) => Ok(ours(secret)),
            TokenState::Aging(secret) => match self.lock_for_early_renewal().await? {
                Some(lock) => self.renew(lock, renewal).await,
                None => Ok(ours(secret)),
            },
            TokenState::Expired => self.renew_after_others(renewal).await,
            TokenState::SignedOut => self.token_of_others().await,
        }
    }

    /// An access token that replaces one which the portal refused.
    pub(crate) async fn access_token_after(
        &self,
        refused: AccessToken,
    ) -> Result<AccessToken, Failure> {
        if refused.from_aws_cli {
            return Err(self.sign_in_needed("AWS has ended the SSO session of the AWS CLI for"));
        }
        let renewal = Renewal { refused: Some(refused.secret), ..Renewal::before(RENEW_MARGIN) };
        self.renew_after_others(renewal).await
    }

    /// Waits for the sign-in lock: one process at a time signs in or renews the token.
    pub(crate) async fn lock(&self) -> Result<Lock, Failure> {
        let path = self.0.store.sign_in_lock_path();
        let wait = async {
            // One task of this process polls the lock; the others wait for that task.
            let _turn = self.0.lock_queue.lock().await;
            wait_for(&path, LOCK_TIMEOUT).await
        };
        let lock = timeout(LOCK_TIMEOUT, wait).await.unwrap_or(Ok(None))?;
        lock.ok_or_else(|| {
            let name = &self.instance().name;
            let minutes = LOCK_TIMEOUT.as_secs() / 60;
            let text = format!(
                "another aws-sso process has been signing in to `{name}` for more than {minutes} minutes"
            );
            Failure::failed(text).with_hint("End that process, then try again.")
        })
    }

    /// The sign-in lock; `None` while another process has it.
    pub(crate) fn try_lock(&self) -> Result<Option<Lock>, Failure> {
        Ok(Lock::try_acquire(&self.0.store.sign_in_lock_path())?)
    }

    /// The sign-in lock for the renewal of a token that can still be used. `None` if another process has it, or if this
    /// process attempted a renewal within the last minute: while OIDC fails, not every call should try again.
    pub(crate) async fn lock_for_early_renewal(&self) -> Result<Option<Lock>, Failure> {
        let attempts = &self.0.attempts;
        if !attempts.may_renew_early(self.now()) {
            return Ok(None);
        }
        let lock = self.try_lock_off_thread().await?;
        // Another task may have begun a renewal before we got the lock.
        let lock = lock.filter(|_| attempts.may_renew_early(self.now()));
        if lock.is_some() {
            attempts.note_early_renewal(self.now());
        }
        Ok(lock)
    }

    /// Waits for the sign-in lock, then renews the token if that is still necessary.
    pub(crate) async fn renew_after_others(
        &self,
        renewal: Renewal,
    ) -> Result<AccessToken, Failure> {
        let lock = self.lock().await?;
        self.renew(lock, renewal).await
    }

    /// Renews the token under the lock, in a task that goes on when its caller stops waiting.
    pub(crate) async fn renew(&self, lock: Lock, renewal: Renewal) -> Result<AccessToken, Failure> {
        let this = self.clone();
        let saving = RENEWALS.read().await;
        let task = tokio::spawn(async move {
            let outcome = this.renew_locked(renewal).await;
            drop((lock, saving));
            outcome
        });
        task.await.map_err(|_| {
            failure::unavailable("the renewal of the access token stopped unexpectedly")
        })?
    }

    async fn renew_locked(&self, renewal: Renewal) -> Result<AccessToken, Failure> {
        let session = self.read_item().await?.session;
        let state = TokenState::of(session.as_ref(), self.now(), renewal.min_left);
        let is_refused = |token: &Secret| {
            renewal.refused.as_ref().is_some_and(|refused| refused.expose() == token.expose())
        };
        let refused = session.as_ref().is_some_and(|session| is_refused(&session.access_token));
        if let (TokenState::Fresh(secret), false) = (&state, refused) {
            debug!("another process has renewed the access token");
            return Ok(ours(secret.clone()));
        }
        let session_ended = || self.sign_in_needed("the SSO session has ended for");
        let Some(refresh) = session.and_then(|session| session.refresh) else {
            if refused {
                self.end_session().await?;
            }
            return Err(session_ended());
        };
        // A token that was not refused can still be used when the renewal fails.
        let present = state.token().filter(|_| !refused);
        // A renewal that failed while we waited would fail for us too.
        if let Some(error) = self.0.attempts.failure_since(renewal.requested_at) {
            return present.ok_or(error);
        }
        // AWS may accept this refresh token only once, so we first check that the next one can be saved.
        if let Err(error) = self.update_item(|_| ()).await {
            return present.ok_or(error);
        }
        // AWS counts the token's life from this instant or later.
        let asked_at = self.now();
        let error = match self.oidc().await?.renew(&refresh).await {
            Ok(tokens) => return self.save_renewed(asked_at, tokens).await,
            Err(TokenError::Denied(error) | TokenError::Ended(error)) => {
                debug!(%error, "AWS refused the refresh token");
                self.end_renewals(refused).await?;
                return present.ok_or_else(session_ended);
            }
            Err(TokenError::Other(error)) => error,
            Err(TokenError::Pending | TokenError::SlowDown) => {
                failure::unavailable("AWS asks to renew the access token later")
            }
        };
        self.0.attempts.failed(error.clone());
        present.ok_or(error)
    }

    async fn save_renewed(
        &self,
        asked_at: Timestamp,
        tokens: Tokens,
    ) -> Result<AccessToken, Failure> {
        let expires_at = asked_at + tokens.life;
        let access_token = tokens.access_token.clone();
        self.update_item(move |item| {
            let Some(session) = &mut item.session else { return };
            let was_aged = session.time_left(asked_at) <= KEEP_SESSION_MARGIN;
            session.is_last =
                was_aged && expires_at.duration_since(session.expires_at) <= END_TOLERANCE;
            session.access_token = tokens.access_token;
            session.expires_at = expires_at;
            if let (Some(refresh), Some(token)) = (&mut session.refresh, tokens.refresh_token) {
                refresh.token = token;
            }
            // The session ends now. Each further renewal would give a token for a few seconds.
            if tokens.life.is_positive() && tokens.life <= MIN_LEFT {
                session.refresh = None;
            }
        })
        .await?;
        Ok(ours(access_token))
    }

    /// Notes that AWS refuses the refresh token. If the access token was refused as well, the session is deleted.
    async fn end_renewals(&self, refused: bool) -> Result<(), Failure> {
        self.update_item(move |item| match &mut item.session {
            Some(session) if !refused => session.refresh = None,
            _ => item.session = None,
        })
        .await
    }

    async fn state(&self) -> Result<TokenState, Failure> {
        Ok(TokenState::of(self.read_item().await?.session.as_ref(), self.now(), RENEW_MARGIN))
    }

    /// The token of the AWS CLI's sign-in, or of another process that is signing in right now.
    async fn token_of_others(&self) -> Result<AccessToken, Failure> {
        if let Some((secret, _)) = self.token_of_aws_cli().await {
            return Ok(AccessToken { secret, from_aws_cli: true });
        }
        if self.try_lock_off_thread().await?.is_some() {
            return Err(self.nobody_is_signed_in());
        }
        debug!("another process is signing in");
        drop(self.lock().await?);
        self.state().await?.token().ok_or_else(|| self.nobody_is_signed_in())
    }

    pub(crate) async fn token_of_aws_cli(&self) -> Option<(Secret, Timestamp)> {
        self.0.aws_cli_cache.as_ref()?;
        let this = self.clone();
        let read = move || Ok(this.0.aws_cli_cache.as_ref().and_then(|c| c.token(this.instance())));
        let (token, expires_at) = blocking(read).await.ok()??;
        (expires_at.duration_since(self.now()) > MIN_LEFT).then_some((token, expires_at))
    }

    /// [`IdentityCenter::try_lock`] on a thread that may wait for the disk.
    async fn try_lock_off_thread(&self) -> Result<Option<Lock>, Failure> {
        let this = self.clone();
        blocking(move || this.try_lock()).await
    }
}

fn ours(secret: Secret) -> AccessToken {
    AccessToken { secret, from_aws_cli: false }
}

/// Waits for a lock; `None` if another process still has it after `timeout`.
pub(crate) async fn wait_for(path: &Path, timeout: Duration) -> Result<Option<Lock>, Failure> {
    let deadline = Instant::now() + timeout;
    loop {
        let path = path.to_owned();
        match blocking(move || Ok(Lock::try_acquire(&path)?)).await? {
            None if Instant::now() < deadline => sleep(LOCK_POLL_INTERVAL).await,
            lock => return Ok(lock),
        }
    }
}
