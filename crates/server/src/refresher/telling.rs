//! The events that the refresher reports: each one once, until it is over.

use std::time::Duration;

use credentials::{Failure, InstanceId, SlotName, Timestamp, Upstream};
use tracing::warn;

use super::Refresher;
use crate::event::{Event, EventKind};
use crate::slots::Fetch;

impl Refresher {
    /// Reports an event of an upstream, unless it was reported and is not over.
    pub(super) fn report_once(&mut self, kind: EventKind, upstream: Upstream, failure: &Failure) {
        if self.upstreams.entry(upstream.clone()).or_default().reported.insert(kind) {
            let slots = self.slots.slots_of(&upstream);
            self.report_failure(kind, upstream.instance().cloned(), slots, failure);
        }
    }

    /// Notes that a person is signed in. Reports it if the need was reported.
    pub(super) fn is_signed_in(&mut self, upstream: &Upstream) {
        let state = self.upstreams.get_mut(upstream);
        if !state.is_some_and(|state| state.reported.remove(&EventKind::SignInNeeded)) {
            return;
        }
        let message = match upstream {
            Upstream::Instance(instance) => {
                format!("signed in to `{}` again", instance.name)
            }
            Upstream::Profile(profile) => {
                format!("signed in for the profile `{}`", profile.name)
            }
        };
        self.report(Event {
            kind: EventKind::SignedIn,
            instance: upstream.instance().map(|instance| instance.name.clone()),
            slots: self.slots.slots_of(upstream),
            message,
            hint: None,
        });
    }

    /// Reports that an SSO session ends soon.
    pub(super) fn report_end(&self, instance: InstanceId, ends: Timestamp) {
        let slots = self.slots.slots_of(&Upstream::Instance(instance.clone()));
        let (kind, instance) = (EventKind::SessionEnding { ends }, Some(instance.name));
        self.report(Event { kind, instance, slots, message: String::new(), hint: None });
    }

    /// Reports a source of credentials with a short life.
    pub(super) fn report_short_life(&self, fetch: &Fetch, life: Duration) {
        let minutes = life.as_secs().div_ceil(60);
        let message = format!(
            "the credentials of {} live for {minutes} min only, and some SDKs request such credentials on every call",
            fetch.slot
        );
        self.report(Event {
            kind: EventKind::ShortLived,
            instance: fetch.source.instance().map(|instance| instance.name.clone()),
            slots: vec![fetch.slot.clone()],
            message,
            hint: Some(format!(
                "Set the session duration of `{}` to an hour or more",
                fetch.source
            )),
        });
    }

    pub(super) fn report_failure(
        &self,
        kind: EventKind,
        instance: Option<InstanceId>,
        slots: Vec<SlotName>,
        failure: &Failure,
    ) {
        let Failure { message, hint, .. } = failure.clone();
        let instance = instance.map(|instance| instance.name);
        self.report(Event { kind, instance, slots, message, hint });
    }

    fn report(&self, event: Event) {
        let kind = event.kind;
        if self.events.try_send(event).is_err() {
            warn!(?kind, "an event was not reported, because too many wait");
        }
    }
}
