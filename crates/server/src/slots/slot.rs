//! One slot: what it may serve at a given time, and when it must be refreshed.
//!
//! It is pure: the time and the random numbers are passed in.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use credentials::{
    Credentials, Expiration, Failure, Fetched, Invalid, Principal, Profile, ProfileName,
    SignedDuration, SlotName, Source, Timestamp, Upstream, refresh,
};
use tokio::time::Instant;

use super::Now;
use crate::audit::Role;
use crate::memory::keep_out_of_swap;
use crate::refusal::Refusal;
use crate::remedy::Remedy;
use crate::wire::{self, ProfileObject, SourceObject, State};

/// One role's credentials in the form of the answer, and their source.
pub(crate) struct Slot {
    role: Arc<Role>,
    /// `None` until the first fetch has succeeded.
    held: Option<Held>,
    /// `None`: the credentials were handed in and cannot be refreshed.
    refresh: Option<Refresh>,
}

/// Credentials that can be served.
struct Held {
    /// When they were obtained.
    obtained: Timestamp,
    expiration: Expiration,
    /// The expiration on the monotonic clock, so that credentials do not live longer when the clock is set back.
    deadline: Instant,
    answer: Bytes,
}

/// How a slot is refreshed, and the state of that.
struct Refresh {
    source: Source,
    /// When the credentials are due, by the clock that reaches it first: the monotonic clock stops while the machine
    /// sleeps, and people set the wall clock.
    due: Now,
    step: Step,
    /// Whether the short life of the source's credentials was reported.
    is_known_as_short: bool,
}

enum Step {
    /// Waits until it is due.
    Waiting,
    /// A fetch runs, perhaps after failures.
    Fetching(Option<Trouble>),
    /// The last fetch has failed. The next one is at that time on the monotonic clock.
    Retrying { trouble: Trouble, at: Instant },
    /// Waits for a sign-in.
    SignInNeeded(Arc<Failure>),
    /// AWS has denied the role. No more fetches.
    Denied(Arc<Failure>),
}

/// Failures in a row.
struct Trouble {
    failures: u32,
    /// The last failure.
    failure: Arc<Failure>,
}

impl Slot {
    /// A slot with these credentials, whose age is unknown.
    ///
    /// # Errors
    /// The answer would be larger than some SDK accepts.
    pub(crate) fn new(profile: Profile, now: Now, chance: f64) -> Result<Self, Refusal> {
        let Profile { name, principal, credentials, source } = profile;
        let wall = refresh::due_after_load(now.wall, credentials.expiration, chance);
        let refresh = source.map(|source| Refresh::new(source, now.until(wall)));
        let held = Some(Held::new(&principal, &credentials, now)?);
        Ok(Self { role: Arc::new(Role { profile: name, principal }), held, refresh })
    }

    /// A slot without credentials, to be filled from its source. `due` gives the order.
    pub(crate) fn empty(name: ProfileName, source: Source, due: Now) -> Self {
        let role = Arc::new(Role { profile: name, principal: source.principal() });
        let refresh = Some(Refresh::new(source, due));
        Self { role, held: None, refresh }
    }

    pub(crate) fn name(&self) -> &ProfileName {
        &self.role.profile
    }

    /// The role whose credentials are or will be in it.
    pub(crate) fn role(&self) -> &Arc<Role> {
        &self.role
    }

    pub(crate) fn expiration(&self) -> Option<Expiration> {
        self.held.as_ref().map(|held| held.expiration)
    }

    /// When its credentials were obtained.
    pub(crate) fn obtained(&self) -> Option<Timestamp> {
        self.held.as_ref().map(|held| held.obtained)
    }

    /// Whether it waits for a sign-in.
    pub(crate) fn needs_sign_in(&self) -> bool {
        self.refresh.as_ref().is_some_and(|refresh| matches!(refresh.step, Step::SignInNeeded(_)))
    }

    pub(crate) fn source(&self) -> Option<&Source> {
        self.refresh.as_ref().map(|refresh| &refresh.source)
    }

    /// When it is due, if it can be refreshed.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.refresh.as_ref().map(|refresh| refresh.due.wall)
    }

    /// The answer for an SDK, until the credentials expire.
    pub(crate) fn served(&self, now: Now) -> Option<&Bytes> {
        self.held.as_ref().filter(|held| held.is_valid(now)).map(|held| &held.answer)
    }

    /// Its description for requesters who may read it. `obstacle` is why its next refresh cannot work, if that is known
    /// already.
    pub(crate) fn object(&self, now: Now, obstacle: Option<&Arc<Failure>>) -> ProfileObject {
        let (state, failure) = match (self.state(now), obstacle) {
            ((State::Ready | State::Pending, _), Some(failure)) => {
                (state_after(failure), Some(&**failure))
            }
            (known, _) => known,
        };
        ProfileObject {
            state,
            source: self.source().map(SourceObject::of),
            source_text: self.source().map(ToString::to_string),
            reason: failure.map(|failure| failure.message.clone()),
            hint: failure.and_then(|failure| failure.hint.clone()),
            ..ProfileObject::new(
                &self.role.profile,
                &self.role.principal,
                self.expiration(),
                now.wall,
            )
        }
    }

    /// The refusal if the slot, which has this name, has nothing to serve.
    pub(crate) fn refusal(&self, name: &SlotName) -> Refusal {
        let Some(refresh) = &self.refresh else {
            return Refusal::Expired(name.clone(), self.name().clone());
        };
        match &refresh.step {
            Step::Waiting | Step::Fetching(None) => Refusal::Refreshing(None),
            Step::Fetching(Some(trouble)) | Step::Retrying { trouble, .. } => {
                let failure = Arc::clone(&trouble.failure);
                match trouble.is_temporary() {
                    true => Refusal::Refreshing(Some(failure)),
                    false => Refusal::NotRefreshed(failure),
                }
            }
            Step::SignInNeeded(failure) | Step::Denied(failure) => {
                Refusal::NotRefreshed(Arc::clone(failure))
            }
        }
    }

    fn state(&self, now: Now) -> (State, Option<&Failure>) {
        let is_served = self.served(now).is_some();
        let Some(refresh) = &self.refresh else {
            return (if is_served { State::Ready } else { State::Expired }, None);
        };
        match &refresh.step {
            Step::Waiting | Step::Fetching(None) => {
                (if is_served { State::Ready } else { State::Pending }, None)
            }
            Step::Fetching(Some(Trouble { failure, .. }))
            | Step::Retrying { trouble: Trouble { failure, .. }, .. }
            | Step::SignInNeeded(failure)
            | Step::Denied(failure) => (state_after(failure), Some(failure)),
        }
    }
}

/// The state of a slot whose refresh has failed, or will fail, for this reason.
fn state_after(failure: &Failure) -> State {
    match Remedy::of(failure.problem) {
        Remedy::Wait => State::Unavailable,
        Remedy::Correct => State::Misconfigured,
        Remedy::SignIn => State::SignInNeeded,
        Remedy::Permission => State::Denied,
    }
}

impl Trouble {
    /// Whether the failure can end without a person.
    fn is_temporary(&self) -> bool {
        Remedy::of(self.failure.problem) == Remedy::Wait
    }
}

impl Refresh {
    fn new(source: Source, due: Now) -> Self {
        Self { source, due, step: Step::Waiting, is_known_as_short: false }
    }
}

impl Held {
    fn new(principal: &Principal, credentials: &Credentials, now: Now) -> Result<Self, Refusal> {
        let answer = wire::credentials(principal, credentials).ok_or(TOO_LARGE)?;
        keep_out_of_swap::<[u8]>(&answer);
        let expiration = credentials.expiration;
        let deadline = now.steady + refresh::lifetime(now.wall, expiration);
        Ok(Self { obtained: now.wall, expiration, deadline, answer })
    }

    fn is_valid(&self, now: Now) -> bool {
        !self.expiration.has_passed(now.wall) && now.steady < self.deadline
    }
}

const TOO_LARGE: Refusal =
    Refusal::Field("Creds", Invalid("shorter: SDKs accept less than 10000 bytes"));

/// The operations of the refresher on a slot.
impl Slot {
    /// The time until the next fetch, if there is one, zero if it is overdue.
    pub(crate) fn wait(&self, now: Now) -> Option<Duration> {
        let refresh = self.refresh.as_ref()?;
        match &refresh.step {
            Step::Waiting if self.held.is_none() => Some(Duration::ZERO),
            Step::Waiting => Some(refresh.due.since(now)),
            Step::Retrying { at, .. } => Some(at.saturating_duration_since(now.steady)),
            Step::Fetching(_) | Step::SignInNeeded(_) | Step::Denied(_) => None,
        }
    }

    /// Notes that a fetch begins.
    pub(crate) fn begin(&mut self) {
        if let Some(refresh) = &mut self.refresh {
            refresh.step = match std::mem::replace(&mut refresh.step, Step::Waiting) {
                Step::Retrying { trouble, .. } => Step::Fetching(Some(trouble)),
                Step::Waiting | Step::Fetching(_) | Step::SignInNeeded(_) | Step::Denied(_) => {
                    Step::Fetching(None)
                }
            };
        }
    }

    /// The time left until its credentials expire. Zero if there are none.
    pub(crate) fn time_left(&self, now: Timestamp) -> SignedDuration {
        self.expiration().map_or(SignedDuration::ZERO, |expiration| expiration.time_left(now))
    }

    /// Stores fetched credentials. Returns their life if it is short and was not reported yet.
    ///
    /// # Errors
    /// They cannot be served. The fetch counts as failed.
    pub(crate) fn refreshed(
        &mut self,
        fetched: Fetched,
        now: Now,
        chance: f64,
    ) -> Result<Option<Duration>, Failure> {
        let Fetched { principal, credentials } = fetched;
        let expiration = credentials.expiration;
        if expiration.has_passed(now.wall) {
            return Err(Failure::failed(format!(
                "AWS gave credentials that have expired ({expiration}) by this machine's clock"
            ))
            .with_hint("Set the clock: sudo timedatectl set-ntp true"));
        }
        let held = Held::new(&principal, &credentials, now).map_err(|_| {
            Failure::failed("the credentials are larger than SDKs accept (10000 bytes)")
        })?;
        if self.role.principal != principal {
            self.role = Arc::new(Role { profile: self.role.profile.clone(), principal });
        }
        self.held = Some(held);
        let Some(refresh) = &mut self.refresh else { return Ok(None) };
        refresh.due = now.until(refresh::due(now.wall, expiration, chance));
        refresh.step = Step::Waiting;
        let lifetime = refresh::lifetime(now.wall, expiration);
        // AWS's value has a resolution of a second, and the answer took time to arrive.
        let is_short = lifetime + Duration::from_secs(60) < refresh::SHORT_LIFETIME;
        let is_news = is_short && !std::mem::replace(&mut refresh.is_known_as_short, is_short);
        Ok(is_news.then_some(lifetime))
    }

    /// Notes that a fetch has failed.
    pub(crate) fn failed(&mut self, failure: Arc<Failure>, now: Now, chance: f64) {
        let has_expired = self.served(now).is_none();
        let Some(refresh) = &mut self.refresh else { return };
        let failures = match &refresh.step {
            Step::Fetching(Some(trouble)) => trouble.failures.saturating_add(1),
            Step::Waiting
            | Step::Fetching(None)
            | Step::Retrying { .. }
            | Step::SignInNeeded(_)
            | Step::Denied(_) => 1,
        };
        let retrying = |failure, is_urgent| Step::Retrying {
            trouble: Trouble { failures, failure },
            at: now.steady + refresh::retry_delay(failures, is_urgent, chance),
        };
        refresh.step = match Remedy::of(failure.problem) {
            Remedy::Permission => Step::Denied(failure),
            Remedy::SignIn => Step::SignInNeeded(failure),
            Remedy::Correct => retrying(failure, false),
            Remedy::Wait => retrying(failure, has_expired),
        };
    }

    /// Stops fetches until a sign-in, if the slot depends on this upstream. A running fetch is not stopped: it will
    /// fail by itself.
    pub(crate) fn sign_in_needed(&mut self, upstream: &Upstream, failure: &Arc<Failure>) {
        if let Some(Refresh { source, step, .. }) = &mut self.refresh
            && upstream.is_of(source)
            && matches!(step, Step::Waiting | Step::Retrying { .. })
        {
            *step = Step::SignInNeeded(Arc::clone(failure));
        }
    }

    /// Allows fetches again after a possible sign-in, even after a denial: another person may have signed in.
    pub(crate) fn signed_in(&mut self, upstream: &Upstream) {
        if let Some(Refresh { source, step, .. }) = &mut self.refresh
            && upstream.is_of(source)
            && matches!(step, Step::SignInNeeded(_) | Step::Denied(_))
        {
            *step = Step::Waiting;
        }
    }

    /// Retries at once if the slot depends on this upstream, which works again.
    pub(crate) fn recovered(&mut self, upstream: &Upstream) {
        if let Some(Refresh { source, step, .. }) = &mut self.refresh
            && upstream.is_of(source)
            && let Step::Retrying { trouble, .. } = step
            && trouble.is_temporary()
        {
            *step = Step::Waiting;
        }
    }

    /// Retries at once after a failure, because the clock was set or the machine has slept.
    pub(crate) fn clock_stepped(&mut self) {
        if let Some(Refresh { step: step @ Step::Retrying { .. }, .. }) = &mut self.refresh {
            *step = Step::Waiting;
        }
    }
}
