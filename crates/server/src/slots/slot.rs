//! One slot: what it may serve at an instant, and what is to be done so that it goes on.
//!
//! All of it is pure: the time is passed in, and so is chance.

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

/// One role's credentials, as they will be answered, and how they are got again.
pub(crate) struct Slot {
    role: Arc<Role>,
    /// `None` until a source has given something.
    held: Option<Held>,
    /// `None`: the credentials were handed in, and nobody can get them again.
    refresh: Option<Refresh>,
}

/// Credentials that can be served.
struct Held {
    /// Since when they are here.
    obtained: Timestamp,
    expiration: Expiration,
    /// The same by the clock that nobody sets: a clock that is set back makes no credentials live longer.
    deadline: Instant,
    answer: Bytes,
}

/// How a slot is refreshed, and how that stands.
struct Refresh {
    source: Source,
    /// When the credentials are refreshed, or should have been, by whichever clock gets there first: timers stand still
    /// while the machine sleeps, and the other clock is set by people.
    due: Now,
    step: Step,
    /// Whether people know that the source gives credentials of a short life.
    is_known_as_short: bool,
}

enum Step {
    /// Waits until it is due.
    Waiting,
    /// A fetch is under way; after trouble, or without.
    Fetching(Option<Trouble>),
    /// The last fetch has failed. The next one is at that instant, whatever the clock says meanwhile.
    Retrying { trouble: Trouble, at: Instant },
    /// Waits until somebody signs in.
    SignInNeeded(Arc<Failure>),
    /// AWS has said no. Nothing more is done.
    Denied(Arc<Failure>),
}

/// Failed tries in a row.
struct Trouble {
    failures: u32,
    /// The last one.
    failure: Arc<Failure>,
}

impl Slot {
    /// A slot with these credentials, whose age nobody knows.
    ///
    /// # Errors
    /// The answer would be larger than some SDK takes.
    pub(crate) fn new(profile: Profile, now: Now, chance: f64) -> Result<Self, Refusal> {
        let Profile { name, principal, credentials, source } = profile;
        let wall = refresh::due_after_load(now.wall, credentials.expiration, chance);
        let refresh = source.map(|source| Refresh::new(source, now.until(wall)));
        let held = Some(Held::new(&principal, &credentials, now)?);
        Ok(Self { role: Arc::new(Role { profile: name, principal }), held, refresh })
    }

    /// A slot that its source has yet to fill; `due` says in which order.
    pub(crate) fn empty(name: ProfileName, source: Source, due: Now) -> Self {
        let role = Arc::new(Role { profile: name, principal: source.principal() });
        let refresh = Some(Refresh::new(source, due));
        Self { role, held: None, refresh }
    }

    pub(crate) fn name(&self) -> &ProfileName {
        &self.role.profile
    }

    /// Whose credentials are, or will be, in it.
    pub(crate) fn role(&self) -> &Arc<Role> {
        &self.role
    }

    pub(crate) fn expiration(&self) -> Option<Expiration> {
        self.held.as_ref().map(|held| held.expiration)
    }

    /// Since when its credentials are here.
    pub(crate) fn obtained(&self) -> Option<Timestamp> {
        self.held.as_ref().map(|held| held.obtained)
    }

    /// Whether it waits for somebody to sign in.
    pub(crate) fn needs_sign_in(&self) -> bool {
        self.refresh.as_ref().is_some_and(|refresh| matches!(refresh.step, Step::SignInNeeded(_)))
    }

    pub(crate) fn source(&self) -> Option<&Source> {
        self.refresh.as_ref().map(|refresh| &refresh.source)
    }

    /// When it is to be refreshed, if it can be.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.refresh.as_ref().map(|refresh| refresh.due.wall)
    }

    /// The answer for an SDK, while the credentials in it may be served.
    pub(crate) fn served(&self, now: Now) -> Option<&Bytes> {
        self.held.as_ref().filter(|held| held.lives(now)).map(|held| &held.answer)
    }

    /// What is told of it to whoever may read it.
    pub(crate) fn object(&self, now: Now) -> ProfileObject {
        let (state, failure) = self.state(now);
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

    /// Why nothing can be served from this slot, of that name: only a person helps, or waiting does.
    pub(crate) fn why_not(&self, name: &SlotName) -> Refusal {
        let Some(refresh) = &self.refresh else {
            return Refusal::Expired(name.clone(), self.name().clone());
        };
        match &refresh.step {
            Step::Waiting | Step::Fetching(None) => Refusal::Refreshing(None),
            Step::Fetching(Some(trouble)) | Step::Retrying { trouble, .. } => {
                let failure = Arc::clone(&trouble.failure);
                match trouble.passes() {
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
            Step::Fetching(Some(trouble)) | Step::Retrying { trouble, .. } => {
                let state =
                    if trouble.passes() { State::Unavailable } else { State::Misconfigured };
                (state, Some(&trouble.failure))
            }
            Step::SignInNeeded(failure) => (State::SignInNeeded, Some(failure)),
            Step::Denied(failure) => (State::Denied, Some(failure)),
        }
    }
}

impl Trouble {
    /// Whether waiting helps.
    fn passes(&self) -> bool {
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

    fn lives(&self, now: Now) -> bool {
        !self.expiration.has_passed(now.wall) && now.steady < self.deadline
    }
}

const TOO_LARGE: Refusal =
    Refusal::Field("Creds", Invalid("shorter: SDKs read less than 10000 bytes"));

/// What the refresher does with a slot.
impl Slot {
    /// How long until a fetch is to begin, if one is; zero when it should have.
    pub(crate) fn wait(&self, now: Now) -> Option<Duration> {
        let refresh = self.refresh.as_ref()?;
        match &refresh.step {
            Step::Waiting if self.held.is_none() => Some(Duration::ZERO),
            Step::Waiting => Some(refresh.due.since(now)),
            Step::Retrying { at, .. } => Some(at.saturating_duration_since(now.steady)),
            Step::Fetching(_) | Step::SignInNeeded(_) | Step::Denied(_) => None,
        }
    }

    /// A fetch begins.
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

    /// How long its credentials may still be served; not at all when there are none.
    pub(crate) fn time_left(&self, now: Timestamp) -> SignedDuration {
        self.expiration().map_or(SignedDuration::ZERO, |expiration| expiration.time_left(now))
    }

    /// The fetch gave credentials. If they live for a short time, and that is news, it says for how long.
    ///
    /// # Errors
    /// They can't be served: what counts as the fetch's failure.
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
            Failure::failed("the credentials are larger than SDKs read (10000 bytes)")
        })?;
        if self.role.principal != principal {
            self.role = Arc::new(Role { profile: self.role.profile.clone(), principal });
        }
        self.held = Some(held);
        let Some(refresh) = &mut self.refresh else { return Ok(None) };
        refresh.due = now.until(refresh::due(now.wall, expiration, chance));
        refresh.step = Step::Waiting;
        let lifetime = refresh::lifetime(now.wall, expiration);
        // To the second, as AWS tells it, and as long as the answer was on its way.
        let is_short = lifetime + Duration::from_secs(60) < refresh::SHORT_LIFETIME;
        let is_news = is_short && !std::mem::replace(&mut refresh.is_known_as_short, is_short);
        Ok(is_news.then_some(lifetime))
    }

    /// The fetch gave nothing.
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

    /// Nobody is signed in at what it depends on: it isn't tried until somebody is. A fetch that is under way finds
    /// that out by itself.
    pub(crate) fn sign_in_needed(&mut self, upstream: &Upstream, failure: &Arc<Failure>) {
        if let Some(Refresh { source, step, .. }) = &mut self.refresh
            && upstream.is_of(source)
            && matches!(step, Step::Waiting | Step::Retrying { .. })
        {
            *step = Step::SignInNeeded(Arc::clone(failure));
        }
    }

    /// Somebody has signed in, perhaps; and perhaps they are somebody to whom AWS doesn't say no.
    pub(crate) fn signed_in(&mut self, upstream: &Upstream) {
        if let Some(Refresh { source, step, .. }) = &mut self.refresh
            && upstream.is_of(source)
            && matches!(step, Step::SignInNeeded(_) | Step::Denied(_))
        {
            *step = Step::Waiting;
        }
    }

    /// What it depends on answers again: it need not wait any longer.
    pub(crate) fn recovered(&mut self, upstream: &Upstream) {
        if let Some(Refresh { source, step, .. }) = &mut self.refresh
            && upstream.is_of(source)
            && let Step::Retrying { trouble, .. } = step
            && trouble.passes()
        {
            *step = Step::Waiting;
        }
    }

    /// The clock was set, or the machine has slept: what waits for another try need not wait any longer.
    pub(crate) fn clock_stepped(&mut self) {
        if let Some(Refresh { step: step @ Step::Retrying { .. }, .. }) = &mut self.refresh {
            *step = Step::Waiting;
        }
    }
}
