//! The operations of the refresher and the slot list. They need no gate, because none of their input comes from a
//! request and they serve nothing.

use std::sync::Arc;
use std::time::Duration;

use credentials::{
    Failure, Fetched, Generation, InstanceId, ProfileName, SignedDuration, SlotName, Source,
    Timestamp, Upstream,
};
use tokio::sync::watch;

use super::now::Now;
use super::slot::Slot;
use super::{Contents, Numbered, SessionCheck, Slots};

/// A fetch for a slot.
#[derive(Clone, Debug)]
pub(crate) struct Fetch {
    pub(crate) slot: SlotName,
    pub(crate) source: Source,
    /// The generation of the slot.
    pub(crate) generation: Generation,
}

/// The result of a fetch.
#[derive(Debug)]
pub(crate) enum Finished {
    /// The slot has new credentials. `short_life` is their life if it is short and was not reported yet.
    Refreshed { short_life: Option<Duration> },
    /// The fetch failed.
    Failed { failure: Arc<Failure>, left: SignedDuration },
}

/// A slot in the slot list: names and the due time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) slot: SlotName,
    pub(crate) name: ProfileName,
    pub(crate) source: Source,
    pub(crate) due: Timestamp,
}

impl Slots {
    /// Begins the fetch that has been due for longest, if one is due. Skips the `busy` slots and the `full` upstreams.
    pub(crate) fn begin(&self, now: Now, busy: &[SlotName], full: &[Upstream]) -> Option<Fetch> {
        let mut contents = self.lock();
        let is_due = |(name, numbered): &(SlotNameRef<'_>, &Numbered)| {
            numbered.slot.wait(now).is_some_and(|wait| wait.is_zero())
                && !busy.iter().any(|busy| name.is(busy))
                && numbered.slot.source().is_some_and(|s| !full.iter().any(|full| full.is_of(s)))
        };
        let due = contents.entries().filter(is_due);
        let (name, _) =
            due.min_by_key(|(_, numbered)| (numbered.slot.due(), numbered.generation))?;
        let slot = name.to_owned();
        let numbered = contents.numbered_mut(&slot)?;
        let (source, generation) = (numbered.slot.source()?.clone(), numbered.generation);
        numbered.slot.begin();
        Some(Fetch { slot, source, generation })
    }

    /// The time until the next fetch, zero if it is overdue. `None`: no slot needs a fetch at any time.
    pub(crate) fn wait(&self, now: Now) -> Option<Duration> {
        self.lock().entries().filter_map(|(_, numbered)| numbered.slot.wait(now)).min()
    }

    /// Whether the fetch is still for the current load of its slot.
    pub(crate) fn is_wanted(&self, Fetch { slot, generation, .. }: &Fetch) -> bool {
        self.lock().numbered(slot).is_some_and(|numbered| numbered.generation == *generation)
    }

    /// Ends a fetch. `None`: the slot was loaded or unloaded meanwhile, so nothing was changed.
    pub(crate) fn finish(
        &self,
        Fetch { slot, generation, .. }: &Fetch,
        outcome: Result<Fetched, Failure>,
        now: Now,
    ) -> Option<Finished> {
        let mut contents = self.lock();
        let chance = contents.chance.f64();
        let numbered =
            contents.numbered_mut(slot).filter(|numbered| numbered.generation == *generation)?;
        let slot = &mut numbered.slot;
        match outcome.and_then(|fetched| slot.refreshed(fetched, now, chance)) {
            Ok(short_life) => Some(Finished::Refreshed { short_life }),
            Err(failure) => {
                let failure = Arc::new(failure);
                slot.failed(Arc::clone(&failure), now, chance);
                Some(Finished::Failed { failure, left: slot.time_left(now.wall) })
            }
        }
    }

    /// Stops the fetches of an upstream that needs a sign-in.
    pub(crate) fn sign_in_needed(&self, upstream: &Upstream, failure: &Arc<Failure>) {
        self.lock().all_mut().for_each(|slot| slot.sign_in_needed(upstream, failure));
    }

    /// Resumes the fetches of an upstream, because a person may have signed in.
    pub(crate) fn signed_in(&self, upstream: &Upstream) {
        self.lock().all_mut().for_each(|slot| slot.signed_in(upstream));
    }

    /// Lets the slots of an upstream that works again retry at once.
    pub(crate) fn recovered(&self, upstream: &Upstream) {
        self.lock().all_mut().for_each(|slot| slot.recovered(upstream));
    }

    /// Lets failed slots retry at once, because the clock was set or the machine has slept.
    pub(crate) fn clock_stepped(&self) {
        self.lock().all_mut().for_each(Slot::clock_stepped);
    }

    /// Sets the result of checking an instance's SSO session.
    pub(crate) fn session_checked(&self, instance: &InstanceId, check: SessionCheck) {
        self.lock().sessions.insert(instance.clone(), check);
        self.checked.send_replace(());
    }

    /// Forgets why refreshes of an instance could not work, because they do, or a person may have signed in.
    pub(crate) fn session_may_work(&self, instance: &InstanceId) {
        let mut contents = self.lock();
        if contents.sessions.get(instance).is_some_and(Result::is_err) {
            contents.sessions.remove(instance);
        }
    }

    /// Waits for the first check of an instance's SSO session, and returns why its next refresh cannot work, if so.
    pub(crate) async fn obstacle(&self, instance: &InstanceId) -> Option<Arc<Failure>> {
        let mut checked = self.checked.subscribe();
        loop {
            if let Some(check) = self.lock().sessions.get(instance) {
                return check.as_ref().err().cloned();
            }
            checked.changed().await.ok()?;
        }
    }

    /// The slots that depend on an upstream.
    pub(crate) fn slots_of(&self, upstream: &Upstream) -> Vec<SlotName> {
        let contents = self.lock();
        let of_it = contents.entries().filter(|(_, numbered)| numbered.depends_on(upstream));
        of_it.map(|(name, _)| name.to_owned()).collect()
    }

    /// Whether any slot depends on an upstream.
    pub(crate) fn is_needed(&self, upstream: &Upstream) -> bool {
        self.lock().entries().any(|(_, numbered)| numbered.depends_on(upstream))
    }

    /// The instances that slots depend on.
    pub(crate) fn instances(&self) -> Vec<InstanceId> {
        let mut instances: Vec<InstanceId> = Vec::new();
        for (_, numbered) in self.lock().entries() {
            if let Some(instance) = numbered.slot.source().and_then(Source::instance)
                && !instances.contains(instance)
            {
                instances.push(instance.clone());
            }
        }
        instances
    }

    /// Waits until slots are loaded or unloaded after the last call.
    pub(crate) async fn changed_since(&self) {
        self.changed.notified().await;
    }

    /// Waits until somebody asks for the state of slots after the last call.
    pub(crate) async fn looked_at(&self) {
        self.looked_at.notified().await;
    }

    /// The slots that a restarted server can fetch again.
    pub(crate) fn list(&self) -> Vec<Listed> {
        let listed = |(name, numbered): (SlotNameRef<'_>, &Numbered)| {
            let slot = &numbered.slot;
            Some(Listed {
                slot: name.to_owned(),
                name: slot.name().clone(),
                source: slot.source()?.clone(),
                due: slot.due()?,
            })
        };
        self.lock().entries().filter_map(listed).collect()
    }

    /// Restores the slots of a list, except where a slot is loaded already.
    pub(crate) fn restore(&self, list: Vec<Listed>, now: Now) {
        let mut contents = self.lock();
        for Listed { slot, name, source, due } in list {
            if contents.numbered(&slot).is_none() {
                contents.insert(slot, Slot::empty(name, source, now.until(due)));
            }
        }
        drop(contents);
        self.changed(true);
    }

    /// Watches the version of the list.
    pub(crate) fn versions(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }
}

/// A borrowed slot name.
#[derive(Clone, Copy)]
enum SlotNameRef<'a> {
    Default,
    Named(&'a ProfileName),
}

impl SlotNameRef<'_> {
    fn is(self, name: &SlotName) -> bool {
        match (self, name) {
            (Self::Default, SlotName::Default) => true,
            (Self::Named(name), SlotName::Named(other)) => name == other,
            _ => false,
        }
    }

    fn to_owned(self) -> SlotName {
        match self {
            Self::Default => SlotName::Default,
            Self::Named(name) => SlotName::Named(name.clone()),
        }
    }
}

impl Numbered {
    fn depends_on(&self, upstream: &Upstream) -> bool {
        self.slot.source().is_some_and(|source| upstream.is_of(source))
    }
}

impl Contents {
    /// Forgets the checks of instances that no slot depends on: they are checked again for the next slot.
    pub(super) fn forget_unused_sessions(&mut self) {
        let mut sessions = std::mem::take(&mut self.sessions);
        sessions.retain(|instance, _| {
            let of_it = |source: &Source| source.instance() == Some(instance);
            self.entries().any(|(_, numbered)| numbered.slot.source().is_some_and(of_it))
        });
        self.sessions = sessions;
    }

    fn entries(&self) -> impl Iterator<Item = (SlotNameRef<'_>, &Numbered)> {
        let default = self.default.iter().map(|numbered| (SlotNameRef::Default, numbered));
        default.chain(self.named.iter().map(|(name, slot)| (SlotNameRef::Named(name), slot)))
    }
}
