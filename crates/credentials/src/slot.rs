//! Slots and the profiles that are loaded into them.

use std::fmt;

use crate::{Credentials, Principal, ProfileName, Source};

/// Which slot: the default one, or a named one. A named slot has the name of its profile.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SlotName {
    /// What `GET /` serves.
    Default,
    /// What `GET /slot/NAME` serves.
    Named(ProfileName),
}

impl fmt::Display for SlotName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the default slot"),
            Self::Named(name) => write!(f, "the slot `{name}`"),
        }
    }
}

/// A profile with the credentials that a source gave for it: what `load` puts into a slot.
#[derive(Clone, Debug)]
pub struct Profile {
    /// A name for the role.
    pub name: ProfileName,
    /// Whom the credentials are for, as far as it is known.
    pub principal: Principal,
    /// The credentials themselves.
    pub credentials: Credentials,
    /// How they are got again; `None` when they were handed in.
    pub source: Option<Source>,
}

/// The how-manieth load of a slot: a later one wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(u64);

impl Generation {
    /// The number itself, for the wire.
    pub fn number(self) -> u64 {
        self.0
    }

    /// The one after this.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
