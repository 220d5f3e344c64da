//! The slots: what is loaded, in memory and nowhere else.
//!
//! The answer to an SDK is encoded when a slot is loaded, so that reading one is a look-up.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use credentials::{Expiration, Invalid, Principal, Profile, ProfileName, SlotName, Timestamp};

use crate::gate::{Reader, Writer};
use crate::refusal::Refusal;
use crate::wire::{self, ProfileObject};

/// All slots. Reads take a [`Reader`], writes a [`Writer`], which only the gate makes.
#[derive(Default)]
pub(crate) struct Slots(Mutex<Contents>);

#[derive(Default)]
struct Contents {
    default: Option<Slot>,
    named: HashMap<ProfileName, Slot>,
}

/// One role's credentials, as they will be answered.
pub(crate) struct Slot {
    name: ProfileName,
    principal: Principal,
    expiration: Expiration,
    answer: Bytes,
}

impl Slot {
    /// Encodes a profile.
    ///
    /// # Errors
    /// The answer would be larger than some SDK takes.
    pub(crate) fn new(profile: Profile) -> Result<Self, Refusal> {
        let answer = wire::credentials(&profile)
            .ok_or(Refusal::Field("Creds", Invalid("shorter: SDKs read less than 10000 bytes")))?;
        let Profile { name, principal, credentials, .. } = profile;
        Ok(Self { name, principal, expiration: credentials.expiration, answer })
    }

    /// What the slot may serve at an instant.
    fn at(&self, now: Timestamp) -> Result<&Bytes, Refusal> {
        if self.expiration.has_passed(now) { Err(Refusal::Expired) } else { Ok(&self.answer) }
    }

    fn object(&self, now: Timestamp) -> ProfileObject {
        ProfileObject::new(&self.name, &self.principal, self.expiration, now)
    }
}

impl Slots {
    /// Slots of which the default one is loaded before anybody can ask.
    pub(crate) fn with_default(slot: Option<Slot>) -> Self {
        Self(Mutex::new(Contents { default: slot, named: HashMap::new() }))
    }

    /// The answer for an SDK.
    pub(crate) fn credentials(
        &self,
        _: &Reader,
        name: &SlotName,
        now: Timestamp,
    ) -> Result<Bytes, Refusal> {
        self.lock().slot(name)?.at(now).cloned()
    }

    /// What is loaded in a slot, expired or not.
    pub(crate) fn profile(
        &self,
        _: &Reader,
        name: &SlotName,
        now: Timestamp,
    ) -> Result<ProfileObject, Refusal> {
        Ok(self.lock().slot(name)?.object(now))
    }

    /// Which profile is in a slot, and until when it may be served.
    pub(crate) fn loaded(&self, _: &Reader, name: &SlotName) -> Option<(ProfileName, Expiration)> {
        let contents = self.lock();
        let slot = contents.slot(name).ok()?;
        Some((slot.name.clone(), slot.expiration))
    }

    /// What is loaded in the named slots, sorted by name.
    pub(crate) fn named(&self, _: &Reader, now: Timestamp) -> Vec<ProfileObject> {
        let mut objects: Vec<_> = self.lock().named.values().map(|slot| slot.object(now)).collect();
        objects.sort_unstable_by(|a, b| a.profile_name.cmp(&b.profile_name));
        objects
    }

    /// Whether a slot can serve, which anyone may know, or why not, which only readers are told.
    pub(crate) fn health(&self, name: &SlotName, now: Timestamp) -> Result<(), Refusal> {
        self.lock().slot(name)?.at(now).map(|_| ())
    }

    /// Puts a profile into a slot, in place of what was there.
    pub(crate) fn load(&self, _: &Writer, name: SlotName, slot: Slot) {
        let mut contents = self.lock();
        match name {
            SlotName::Default => contents.default = Some(slot),
            SlotName::Named(name) => {
                contents.named.insert(name, slot);
            }
        }
    }

    /// Empties a slot.
    pub(crate) fn unload(&self, _: &Writer, name: &SlotName) -> Result<(), Refusal> {
        let mut contents = self.lock();
        let removed = match name {
            SlotName::Default => contents.default.take(),
            SlotName::Named(profile) => contents.named.remove(profile),
        };
        removed.map(|_| ()).ok_or(nothing_in(name))
    }

    /// Empties every named slot.
    pub(crate) fn unload_named(&self, _: &Writer) {
        self.lock().named.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        // Every change under the lock is one assignment, so a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Contents {
    fn slot(&self, name: &SlotName) -> Result<&Slot, Refusal> {
        let slot = match name {
            SlotName::Default => self.default.as_ref(),
            SlotName::Named(profile) => self.named.get(profile),
        };
        slot.ok_or(nothing_in(name))
    }
}

fn nothing_in(name: &SlotName) -> Refusal {
    match name {
        SlotName::Default => Refusal::NothingLoaded,
        SlotName::Named(_) => Refusal::NoSuchSlot,
    }
}
