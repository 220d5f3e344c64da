//! What the refresher and the list of slots do with the slots. They pass no gate: nothing of theirs comes from a
//! request, and they hand nothing out.

use std::sync::Arc;
use std::time::Duration;

use credentials::{
    Failure, Fetched, Generation, InstanceId, ProfileName, SignedDuration, SlotName, Source,
    Timestamp, Upstream,
};
use tokio::sync::watch;

use super::now::Now;
use super::slot::Slot;
use super::{Contents, Numbered, Slots};

/// A fetch that is to be made for a slot.
#[derive(Clone, Debug)]
pub(crate) struct Fetch {
    pub(crate) slot: SlotName,
    pub(crate) source: Source,
    /// The generation that it is for.
    pub(crate) generation: Generation,
}

/// What came of a fetch.
#[derive(Debug)]
pub(crate) enum Finished {
    /// The slot has new credentials. If they live for a short time, and that is news: for how long.
    Refreshed { short_life: Option<Duration> },
    /// It has not.
    Failed { failure: Arc<Failure>, left: SignedDuration },
}

/// A slot in the list that outlives the server: names, and when it is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) slot: SlotName,
    pub(crate) name: ProfileName,
    pub(crate) source: Source,
    pub(crate) due: Timestamp,
}

impl Slots {
    /// Begins the fetch that has been due for longest, if one is due: of a slot that isn't among the `busy` ones, from
    /// an upstream that isn't `full`.
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

    /// How long until the next fetch is to begin; zero when it should have. `None`: nothing is to be fetched, whatever
    /// the time.
    pub(crate) fn wait(&self, now: Now) -> Option<Duration> {
        self.lock().entries().filter_map(|(_, numbered)| numbered.slot.wait(now)).min()
    }

    /// Whether the fetch is for what is in the slot now: nobody has loaded or unloaded it since.
    pub(crate) fn is_wanted(&self, Fetch { slot, generation, .. }: &Fetch) -> bool {
        self.lock().numbered(slot).is_some_and(|numbered| numbered.generation == *generation)
    }

    /// Ends a fetch. `None`: the slot was loaded or unloaded meanwhile, and nothing has changed.
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

    /// Nobody is signed in there: no slot of it is fetched.
    pub(crate) fn sign_in_needed(&self, upstream: &Upstream, failure: &Arc<Failure>) {
        self.lock().all_mut().for_each(|slot| slot.sign_in_needed(upstream, failure));
    }

    /// Somebody has signed in there, perhaps.
    pub(crate) fn signed_in(&self, upstream: &Upstream) {
        self.lock().all_mut().for_each(|slot| slot.signed_in(upstream));
    }

    /// It answers again.
    pub(crate) fn recovered(&self, upstream: &Upstream) {
        self.lock().all_mut().for_each(|slot| slot.recovered(upstream));
    }

    /// The clock was set, or the machine has slept.
    pub(crate) fn clock_stepped(&self) {
        self.lock().all_mut().for_each(Slot::clock_stepped);
    }

    /// When the SSO session of an instance ends; `None` when that isn't known, or not soon.
    pub(crate) fn session_ends(&self, instance: &InstanceId, at: Option<Timestamp>) {
        let mut contents = self.lock();
        match at {
            Some(at) => contents.session_ends.insert(instance.clone(), at),
            None => contents.session_ends.remove(instance),
        };
    }

    /// The slots that depend on it.
    pub(crate) fn slots_of(&self, upstream: &Upstream) -> Vec<SlotName> {
        let contents = self.lock();
        let of_it = contents.entries().filter(|(_, numbered)| numbered.depends_on(upstream));
        of_it.map(|(name, _)| name.to_owned()).collect()
    }

    /// Whether any slot depends on it.
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

    /// Ready when slots have been loaded or unloaded since it was last ready.
    pub(crate) async fn changed_since(&self) {
        self.changed.notified().await;
    }

    /// The slots that a restarted server can fill again.
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

    /// Takes up slots of a list, where nothing is loaded yet.
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

    /// How often the list has changed, as it goes on.
    pub(crate) fn versions(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }
}

/// The name of a slot, before anybody needs one of their own.
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
    fn entries(&self) -> impl Iterator<Item = (SlotNameRef<'_>, &Numbered)> {
        let default = self.default.iter().map(|numbered| (SlotNameRef::Default, numbered));
        default.chain(self.named.iter().map(|(name, slot)| (SlotNameRef::Named(name), slot)))
    }
}
