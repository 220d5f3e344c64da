//! One slot: what it may serve at a given time, and when it must be refreshed.
//!
//! It is pure: the time and the random numbers are passed in.

mod refreshing;

use std::sync::Arc;

use bytes::Bytes;
use credentials::{
    AccessKeyId, Credentials, Expiration, Failure, Invalid, Principal, Profile, ProfileName,
    SlotName, Source, Timestamp, refresh,
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
    access_key_id: AccessKeyId,
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
        let access_key_id = credentials.access_key_id.clone();
        Ok(Self { obtained: now.wall, expiration, access_key_id, deadline, answer })
    }

    fn is_valid(&self, now: Now) -> bool {
        !self.expiration.has_passed(now.wall) && now.steady < self.deadline
    }
}

const TOO_LARGE: Refusal =
    Refusal::Field("Creds", Invalid("shorter: SDKs accept less than 10000 bytes"));
