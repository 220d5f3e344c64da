//! What the refresher tells people: each thing once, until it is over.

use std::time::Duration;

use credentials::{InstanceId, SlotName, Timestamp, Upstream};
use tracing::warn;

use super::Refresher;
use crate::event::{self, Event, EventKind};
use crate::slots::Fetch;

impl Refresher {
    /// Tells it of an upstream, unless that was told and is so still.
    pub(super) fn tell_once(&mut self, kind: EventKind, upstream: Upstream, message: &str) {
        if self.standings.entry(upstream.clone()).or_default().told.insert(kind) {
            let slots = self.slots.slots_of(&upstream);
            self.tell(kind, upstream.instance().cloned(), slots, message);
        }
    }

    /// Somebody is signed in there, for certain: tells it if it was told that this is needed.
    pub(super) fn is_signed_in(&mut self, upstream: &Upstream) {
        let standing = self.standings.get_mut(upstream);
        if !standing.is_some_and(|standing| standing.told.remove(&EventKind::SignInNeeded)) {
            return;
        }
        let message = match upstream {
            Upstream::Instance(instance) => {
                format!("somebody has signed in to `{}` again", instance.name)
            }
            Upstream::Profile(profile) => {
                format!("somebody has signed in for the profile `{}`", profile.name)
            }
        };
        let slots = self.slots.slots_of(upstream);
        self.tell(EventKind::SignedIn, upstream.instance().cloned(), slots, &message);
    }

    /// An SSO session ends soon.
    pub(super) fn warn_of_end(&self, instance: InstanceId, ends: Timestamp, now: Timestamp) {
        let Some(message) = event::session_ends_soon(&instance.name, ends, now) else { return };
        let slots = self.slots.slots_of(&Upstream::Instance(instance.clone()));
        self.tell(EventKind::SessionEnding, Some(instance), slots, &message);
    }

    /// A source gives credentials that SDKs don't keep for long.
    pub(super) fn tell_short_life(&self, fetch: &Fetch, life: Duration) {
        let minutes = life.as_secs().div_ceil(60);
        let message = format!(
            "the credentials of {} live for {minutes} min only, and some SDKs ask for such ones on every call: \
             let the sessions of `{}` last for an hour",
            fetch.slot, fetch.source,
        );
        let instance = fetch.source.instance().cloned();
        self.tell(EventKind::ShortLived, instance, vec![fetch.slot.clone()], &message);
    }

    pub(super) fn tell(
        &self,
        kind: EventKind,
        instance: Option<InstanceId>,
        slots: Vec<SlotName>,
        message: &str,
    ) {
        let instance = instance.map(|instance| instance.name);
        let event = Event { kind, instance, slots, message: message.to_owned() };
        if self.events.try_send(event).is_err() {
            warn!(?kind, "more happens than can be told");
        }
    }
}
