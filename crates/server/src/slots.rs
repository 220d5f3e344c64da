//! The slots: the loaded credentials, only in memory, and the state of each slot.
//!
//! The answer to an SDK is encoded when a slot is loaded or refreshed, so that a read is only a look-up. Every change
//! is one step under one lock, so a reader always sees a consistent state.

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
    Expiration, Failure, Generation, InstanceId, Invalid, ProfileName, SlotName, Source, Timestamp,
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

/// All slots. Reads take a [`ReadableSlot`] or a [`Reader`], writes a [`Writer`]. Only the gate builds these.
pub(crate) struct Slots {
    contents: Mutex<Contents>,
    /// Whether sources are kept. If not, slots hold only the credentials that are handed in.
    refreshes: bool,
    /// Notified when slots are loaded or unloaded.
    changed: Notify,
    /// The version of the list of slots with sources.
    version: watch::Sender<u64>,
    /// Notifies those who wait for the check of a session.
    checked: watch::Sender<()>,
    /// Notified when somebody asks for the state of slots.
    looked_at: Notify,
}

struct Contents {
    default: Option<Numbered>,
    named: HashMap<ProfileName, Numbered>,
    /// The generation of the last load.
    last_generation: Generation,
    /// The last check of each SSO session.
    sessions: HashMap<InstanceId, SessionCheck>,
    chance: Rng,
}

/// The result of checking an SSO session: its end, if known, or why the next refresh cannot work.
pub(crate) type SessionCheck = Result<Option<Timestamp>, Arc<Failure>>;

/// A slot with its generation, so that a result for one load is never used for another.
struct Numbered {
    slot: Slot,
    generation: Generation,
    reads: Reads,
}

/// The answer of a slot.
pub(crate) struct Served {
    /// The answer for an SDK.
    pub(crate) answer: Bytes,
    /// The role whose credentials are in it.
    pub(crate) role: Arc<Role>,
    /// A new reader, whose program may be searched.
    pub(crate) new_reader: Option<NewReader>,
}

/// A reader that is not the last reader of the slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NewReader {
    pub(crate) socket: Socket,
    /// The generation that was read.
    pub(crate) generation: Generation,
}

/// The result of a load.
pub(crate) struct Loaded {
    /// Whether the slot has a source, from which it is refreshed.
    pub(crate) refreshes: bool,
    /// The instance of that source.
    pub(crate) instance: Option<InstanceId>,
    /// The role whose credentials are in it.
    pub(crate) role: Arc<Role>,
    /// The profile that was there before, if it had another source.
    pub(crate) replaced: Option<ProfileName>,
}

impl Slots {
    /// Builds an empty set of slots. `seed` is for the jitter of refreshes.
    pub(crate) fn new(refreshes: bool, seed: u64) -> Self {
        let contents = Contents {
            default: None,
            named: HashMap::new(),
            last_generation: Generation::default(),
            sessions: HashMap::new(),
            chance: Rng::with_seed(seed),
        };
        Self {
            contents: Mutex::new(contents),
            refreshes,
            changed: Notify::new(),
            version: watch::Sender::new(0),
            checked: watch::Sender::new(()),
            looked_at: Notify::new(),
        }
    }

    /// Loads the default slot before the server runs.
    ///
    /// # Errors
    /// As [`Slots::load`].
    pub(crate) fn start_with(&self, upload: Upload, now: Now) -> Result<(), Refusal> {
        self.put(SlotName::Default, upload, Replace::Anything, now).map(|_| ())
    }

    /// The answer for the SDK at the other end of this socket.
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
        let answer = slot.served(now).ok_or_else(|| slot.refusal(name))?.clone();
        let new_reader =
            reads.note(socket, now).map(|socket| NewReader { socket, generation: *generation });
        Ok(Served { answer, role: Arc::clone(slot.role()), new_reader })
    }

    /// The profile in a slot, expired or not.
    pub(crate) fn profile(
        &self,
        slot: ReadableSlot<'_>,
        now: Now,
    ) -> Result<ProfileObject, Refusal> {
        self.looked_at.notify_one();
        let contents = self.lock();
        let numbered = contents.numbered(slot.name()).ok_or_else(|| nothing_in(slot.name()))?;
        Ok(contents.object(numbered, now))
    }

    /// The profile name in a slot, and its expiration.
    pub(crate) fn loaded(
        &self,
        slot: ReadableSlot<'_>,
    ) -> Option<(ProfileName, Option<Expiration>)> {
        let contents = self.lock();
        let slot = contents.slot(slot.name()).ok()?;
        Some((slot.name().clone(), slot.expiration()))
    }

    /// The profiles in the named slots that may be read, sorted by name.
    pub(crate) fn named(&self, reader: &Reader, now: Now) -> Vec<ProfileObject> {
        self.looked_at.notify_one();
        let contents = self.lock();
        let readable = contents.named.iter().filter(|(name, _)| reader.may_read_named(name));
        let objects = readable.map(|(_, numbered)| contents.object(numbered, now));
        let mut objects: Vec<_> = objects.collect();
        objects.sort_unstable_by(|a, b| a.profile_name.cmp(&b.profile_name));
        objects
    }

    /// Whether a slot can serve, which anyone may know. Only readers may know why not.
    pub(crate) fn health(&self, name: &SlotName, now: Now) -> Result<(), Refusal> {
        let contents = self.lock();
        let slot = contents.slot(name)?;
        slot.served(now).map(|_| ()).ok_or_else(|| slot.refusal(name))
    }

    /// Puts an upload into a slot and replaces its content.
    ///
    /// # Errors
    /// It has no credentials and the server refreshes nothing, or an answer would be larger than SDKs accept.
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

    /// Unloads a slot, and returns the role that was in it.
    pub(crate) fn unload(&self, _: &Writer, name: &SlotName) -> Result<Arc<Role>, Refusal> {
        let removed = match name {
            SlotName::Default => self.lock().default.take(),
            SlotName::Named(profile) => self.lock().named.remove(profile),
        };
        let removed = removed.ok_or_else(|| nothing_in(name))?;
        self.changed(removed.slot.source().is_some());
        Ok(Arc::clone(removed.slot.role()))
    }

    /// Unloads every named slot.
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
        let is_new = matches!(&name, SlotName::Named(name) if !contents.named.contains_key(name));
        if is_new && contents.named.len() >= MAX_SLOTS {
            return Err(Refusal::TooManySlots(MAX_SLOTS));
        }
        let (has_source, role) = (slot.source().is_some(), Arc::clone(slot.role()));
        let instance = slot.source().and_then(Source::instance).cloned();
        contents.forget_unused_sessions();
        let previous = contents.insert(name, slot);
        drop(contents);
        let had_source = previous.is_some_and(|slot| slot.source().is_some());
        self.changed(has_source || had_source);
        Ok(Loaded { refreshes: has_source, instance, role, replaced })
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

/// Limits the memory that uploads can take, to about 100 MB.
const MAX_SLOTS: usize = 10_000;

const NO_REFRESH: Refusal = Refusal::Field(
    "Creds",
    Invalid("given: this server was started with --no-refresh and cannot fetch credentials"),
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

    /// Inserts a slot with a new generation, and returns the old slot.
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
        let session = instance.and_then(|instance| self.sessions.get(instance));
        let obstacle = session.and_then(|session| session.as_ref().err());
        ProfileObject {
            generation: Some(generation.number()),
            session_ends: instance.and_then(|it| self.session_end(it)).map(|ends| ends.as_second()),
            ..slot.object(now, obstacle)
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
