//! Slots, and the profiles that are loaded into them.

use std::fmt;

use crate::{Credentials, Principal, ProfileName, Source};

/// The name of a slot. A named slot has the name of its profile.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SlotName {
    /// The default slot, which `GET /` serves.
    Default,
    /// A named slot, which `GET /slot/NAME` serves.
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

/// A profile and its credentials, as `load` puts them into a slot.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The name of the profile.
    pub name: ProfileName,
    /// The account and the role of the credentials, as far as they are known.
    pub principal: Principal,
    /// The credentials.
    pub credentials: Credentials,
    /// How the credentials are obtained again. `None` if they were handed in.
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
