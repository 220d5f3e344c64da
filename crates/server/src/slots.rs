//! The slots: what is loaded, in memory and nowhere else, and how each stands.
//!
//! The answer to an SDK is encoded when a slot is loaded or refreshed, so that reading one is a look-up. Every change is
//! made under one lock and in one step: what a reader sees is always whole.

#[cfg(test)]
mod model;
mod now;
mod reads;
mod refreshing;
mod slot;
mod status;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use credentials::{
    Expiration, Generation, InstanceId, Invalid, ProfileName, SlotName, Source, Timestamp,
};
use fastrand::Rng;
use tokio::sync::{Notify, watch};

use crate::audit::Role;
use crate::gate::{ReadableSlot, Reader, Writer};
use crate::peer::Socket;
use crate::refusal::Refusal;
use crate::wire::{ProfileObject, Replace, Upload};

pub(crate) use now::Now;
use reads::Reads;
pub(crate) use refreshing::{Fetch, Finished, Listed};
use slot::Slot;
pub(crate) use status::Statuses;

/// All slots. Reads take a [`ReadableSlot`] or a [`Reader`], writes a [`Writer`], which only the gate makes.
pub(crate) struct Slots {
    contents: Mutex<Contents>,
    /// Whether sources are kept; without that, slots hold what they were handed, and nothing else.
    refreshes: bool,
    /// Told when slots are loaded or unloaded.
    changed: Notify,
    /// How often the list of slots with sources has changed.
    version: watch::Sender<u64>,
}

struct Contents {
    default: Option<Numbered>,
    named: HashMap<ProfileName, Numbered>,
    /// The generation of the slot that was loaded last.
    last_generation: Generation,
    /// When the SSO sessions end of which that is known.
    session_ends: HashMap<InstanceId, Timestamp>,
    chance: Rng,
}

/// A slot with its generation: what is found out for one load is never told of another.
struct Numbered {
    slot: Slot,
    generation: Generation,
    reads: Reads,
}

/// What a slot serves.
pub(crate) struct Served {
    /// The answer for an SDK.
    pub(crate) answer: Bytes,
    /// Whose credentials are in it.
    pub(crate) role: Arc<Role>,
    /// Somebody new, who may be looked for.
    pub(crate) new_reader: Option<NewReader>,
}

/// A reader of a slot that was another's before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NewReader {
    pub(crate) socket: Socket,
    /// The generation that was read.
    pub(crate) generation: Generation,
}

/// What became of a load.
pub(crate) struct Loaded {
    /// Whether the slot will be refreshed.
    pub(crate) refreshes: bool,
    /// Whose credentials are in it.
    pub(crate) role: Arc<Role>,
    /// The profile that was there before, if it was of another source.
    pub(crate) replaced: Option<ProfileName>,
}

impl Slots {
    /// No slots yet; those to come are refreshed, or aren't. `seed` is of their jitter.
    pub(crate) fn new(refreshes: bool, seed: u64) -> Self {
        let contents = Contents {
            default: None,
            named: HashMap::new(),
            last_generation: Generation::default(),
            session_ends: HashMap::new(),
            chance: Rng::with_seed(seed),
        };
        Self {
            contents: Mutex::new(contents),
            refreshes,
            changed: Notify::new(),
            version: watch::Sender::new(0),
        }
    }

    /// Loads the default slot before anybody can ask.
    ///
    /// # Errors
    /// As [`Slots::load`].
    pub(crate) fn start_with(&self, upload: Upload, now: Now) -> Result<(), Refusal> {
        self.put(SlotName::Default, upload, Replace::Anything, now).map(|_| ())
    }

    /// What is served to an SDK, at the far end of this socket.
    pub(crate) fn credentials(
        &self,
        slot: ReadableSlot<'_>,
        socket: Option<Socket>,
        now: Now,
    ) -> Result<Served, Refusal> {
        let name = slot.name();
        let mut contents = self.lock();
        let numbered = contents.numbered_mut(name).ok_or_else(|| nothing_in(name))?;
        let Numbered { slot, generation, reads } = numbered;
        let answer = slot.served(now).ok_or_else(|| slot.why_not(name))?.clone();
        let new_reader =
            reads.note(socket, now).map(|socket| NewReader { socket, generation: *generation });
        Ok(Served { answer, role: Arc::clone(slot.role()), new_reader })
    }

    /// What is loaded in a slot, expired or not.
    pub(crate) fn profile(
        &self,
        slot: ReadableSlot<'_>,
        now: Now,
    ) -> Result<ProfileObject, Refusal> {
        let contents = self.lock();
        let numbered = contents.numbered(slot.name()).ok_or_else(|| nothing_in(slot.name()))?;
        Ok(contents.object(numbered, now))
    }

    /// Which profile is in a slot, and until when it may be served.
    pub(crate) fn loaded(
        &self,
        slot: ReadableSlot<'_>,
    ) -> Option<(ProfileName, Option<Expiration>)> {
        let contents = self.lock();
        let slot = contents.slot(slot.name()).ok()?;
        Some((slot.name().clone(), slot.expiration()))
    }

    /// What is loaded in the named slots that may be read, sorted by name.
    pub(crate) fn named(&self, reader: &Reader, now: Now) -> Vec<ProfileObject> {
        let contents = self.lock();
        let readable = contents.named.iter().filter(|(name, _)| reader.may_read_named(name));
        let objects = readable.map(|(_, numbered)| contents.object(numbered, now));
        let mut objects: Vec<_> = objects.collect();
        objects.sort_unstable_by(|a, b| a.profile_name.cmp(&b.profile_name));
        objects
    }

    /// Whether a slot can serve, which anyone may know, or why not, which only readers are told.
    pub(crate) fn health(&self, name: &SlotName, now: Now) -> Result<(), Refusal> {
        let contents = self.lock();
        let slot = contents.slot(name)?;
        slot.served(now).map(|_| ()).ok_or_else(|| slot.why_not(name))
    }

    /// Puts an upload into a slot, in place of what was there.
    ///
    /// # Errors
    /// There are no credentials in it and no refreshing is done; or an answer would be larger than SDKs take.
    pub(crate) fn load(
        &self,
        _: &Writer,
        name: SlotName,
        upload: Upload,
        replace: Replace,
        now: Now,
    ) -> Result<Loaded, Refusal> {
        self.put(name, upload, replace, now)
    }

    /// Empties a slot, and says what was in it.
    pub(crate) fn unload(&self, _: &Writer, name: &SlotName) -> Result<Arc<Role>, Refusal> {
        let removed = match name {
            SlotName::Default => self.lock().default.take(),
            SlotName::Named(profile) => self.lock().named.remove(profile),
        };
        let removed = removed.ok_or_else(|| nothing_in(name))?;
        self.changed(removed.slot.source().is_some());
        Ok(Arc::clone(removed.slot.role()))
    }

    /// Empties every named slot.
    pub(crate) fn unload_named(&self, _: &Writer) {
        self.lock().named.clear();
        self.changed(true);
    }

    fn put(
        &self,
        name: SlotName,
        upload: Upload,
        replace: Replace,
        now: Now,
    ) -> Result<Loaded, Refusal> {
        let mut contents = self.lock();
        let slot = match upload {
            Upload::Credentials(mut profile) => {
                profile.source = profile.source.filter(|_| self.refreshes);
                let chance = contents.chance.f64();
                Slot::new(profile, now, chance)?
            }
            Upload::Source(_, _) if !self.refreshes => return Err(NO_REFRESH),
            Upload::Source(name, source) => Slot::empty(name, source, now),
        };
        let there = contents.slot(&name).ok().filter(|there| there.source() != slot.source());
        if let (Replace::SameSource, Some(there)) = (replace, there) {
            let source = there.source().map(ToString::to_string);
            return Err(Refusal::OtherSource(there.name().clone(), source));
        }
        let replaced = there.map(|there| there.name().clone());
        let (has_source, role) = (slot.source().is_some(), Arc::clone(slot.role()));
        let previous = contents.insert(name, slot);
        drop(contents);
        let had_source = previous.is_some_and(|slot| slot.source().is_some());
        self.changed(has_source || had_source);
        Ok(Loaded { refreshes: has_source, role, replaced })
    }

    fn changed(&self, is_listed: bool) {
        if is_listed {
            self.version.send_modify(|version| *version += 1);
            self.changed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        // Every change under the lock is one assignment, so a panic elsewhere leaves nothing half done.
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const NO_REFRESH: Refusal = Refusal::Field(
    "Creds",
    Invalid(
        "given: this server was started with --no-refresh, and can't get credentials by itself",
    ),
);

impl Contents {
    fn slot(&self, name: &SlotName) -> Result<&Slot, Refusal> {
        self.numbered(name).map(|numbered| &numbered.slot).ok_or_else(|| nothing_in(name))
    }

    fn numbered(&self, name: &SlotName) -> Option<&Numbered> {
        match name {
            SlotName::Default => self.default.as_ref(),
            SlotName::Named(profile) => self.named.get(profile),
        }
    }

    fn numbered_mut(&mut self, name: &SlotName) -> Option<&mut Numbered> {
        match name {
            SlotName::Default => self.default.as_mut(),
            SlotName::Named(profile) => self.named.get_mut(profile),
        }
    }

    /// Puts a slot in its place, under a number of its own, and gives what was there.
    fn insert(&mut self, name: SlotName, slot: Slot) -> Option<Slot> {
        self.last_generation = self.last_generation.next();
        let numbered = Numbered { slot, generation: self.last_generation, reads: Reads::default() };
        let previous = match name {
            SlotName::Default => self.default.replace(numbered),
            SlotName::Named(name) => self.named.insert(name, numbered),
        };
        previous.map(|previous| previous.slot)
    }

    fn object(&self, numbered: &Numbered, now: Now) -> ProfileObject {
        let Numbered { slot, generation, .. } = numbered;
        let instance = slot.source().and_then(Source::instance);
        let session_ends = instance.and_then(|instance| self.session_ends.get(instance));
        ProfileObject {
            generation: Some(generation.number()),
            session_ends: session_ends.map(|ends| ends.as_second()),
            ..slot.object(now)
        }
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.default.iter_mut().chain(self.named.values_mut()).map(|numbered| &mut numbered.slot)
    }
}

fn nothing_in(name: &SlotName) -> Refusal {
    match name {
        SlotName::Default => Refusal::NothingLoaded,
        SlotName::Named(name) => Refusal::NoSuchSlot(name.clone()),
    }
}
