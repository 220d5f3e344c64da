//! The operations of the refresher on one slot.

use std::sync::Arc;
use std::time::Duration;

use credentials::{Failure, Fetched, Problem, SignedDuration, Timestamp, Upstream, refresh};

use super::{Held, Refresh, Slot, Step, Trouble};
use crate::audit::Role;
use crate::remedy::Remedy;
use crate::slots::Now;

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
        let is_same = |held: &Held| held.access_key_id == credentials.access_key_id;
        if expiration.is_assumed() && self.held.as_ref().is_some_and(is_same) {
            return self.came_again(now).map(|()| None);
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

    /// Notes that the source gave the same credentials, without an expiration. They do not live longer than assumed at
    /// first.
    ///
    /// # Errors
    /// That time is over.
    fn came_again(&mut self, now: Now) -> Result<(), Failure> {
        let left = self.time_left(now.wall);
        if self.served(now).is_none() {
            let text =
                "the source gave the same credentials again, and does not say when they expire";
            return Err(Failure::new(Problem::Unavailable, text));
        }
        if let Some(refresh) = &mut self.refresh {
            refresh.due = now.until(now.wall + (left / 2).max(SignedDuration::from_mins(1)));
            refresh.step = Step::Waiting;
        }
        Ok(())
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
