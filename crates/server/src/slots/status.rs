//! The status of all slots, for requesters who may write them.

use std::collections::HashMap;

use credentials::{InstanceId, SlotName, Source, Timestamp};

use super::{Contents, NewReader, Now, Numbered, Slots};
use crate::gate::Writer;
use crate::programs::Program;
use crate::wire::{SessionObject, SlotObject};

/// The slots, and the SSO sessions that they depend on.
pub(crate) struct Statuses {
    pub(crate) default: Option<SlotObject>,
    /// By name.
    pub(crate) named: Vec<SlotObject>,
    /// By name.
    pub(crate) sessions: Vec<SessionObject>,
}

impl Slots {
    /// The status of all slots.
    pub(crate) fn statuses(&self, _: &Writer, now: Now) -> Statuses {
        self.looked_at.notify_one();
        let contents = self.lock();
        let object = |numbered: &Numbered| contents.status(numbered, now);
        let mut named: Vec<_> = contents.named.values().map(object).collect();
        named.sort_unstable_by(|a, b| a.profile.profile_name.cmp(&b.profile.profile_name));
        Statuses {
            default: contents.default.as_ref().map(object),
            named,
            sessions: contents.sessions(),
        }
    }

    /// Notes the program of a reader, unless the slot was loaded or unloaded meanwhile.
    pub(crate) fn found(&self, slot: &SlotName, new_reader: NewReader, program: Program) {
        let mut contents = self.lock();
        let numbered = contents.numbered_mut(slot);
        if let Some(numbered) =
            numbered.filter(|numbered| numbered.generation == new_reader.generation)
        {
            numbered.reads.found(new_reader.socket, program);
        }
    }
}

impl Contents {
    fn status(&self, numbered: &Numbered, now: Now) -> SlotObject {
        let Numbered { slot, reads, .. } = numbered;
        SlotObject {
            profile: self.object(numbered, now),
            obtained: slot.obtained().map(|at| at.as_second()),
            next_refresh: slot.wait(now).map(|wait| (now.wall + wait).as_second()),
            reads: reads.count,
            last_read: reads.last.map(|at| at.as_second()),
            last_reader: reads.reader(),
            last_forwarder: reads.forwarder(),
        }
    }

    pub(super) fn session_end(&self, instance: &InstanceId) -> Option<Timestamp> {
        self.sessions.get(instance)?.as_ref().ok().copied().flatten()
    }

    fn sessions(&self) -> Vec<SessionObject> {
        let mut sessions: HashMap<&InstanceId, SessionObject> = HashMap::new();
        for slot in self.default.iter().chain(self.named.values()).map(|numbered| &numbered.slot) {
            let Some(instance) = slot.source().and_then(Source::instance) else { continue };
            let session = sessions.entry(instance).or_insert_with(|| SessionObject {
                instance: instance.name.as_str().to_owned(),
                ends: self.session_end(instance).map(|ends| ends.as_second()),
                sign_in_needed: false,
            });
            session.sign_in_needed |= slot.needs_sign_in();
        }
        let mut sessions: Vec<_> = sessions.into_values().collect();
        sessions.sort_unstable_by(|a, b| a.instance.cmp(&b.instance));
        sessions
    }
}
