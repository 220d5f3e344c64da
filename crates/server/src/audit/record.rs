//! One decision, as the connection's task passes it on, unformatted.

use std::sync::Arc;

use credentials::{Principal, ProfileName, SlotName, Timestamp};

use crate::peer::Socket;
use crate::refusal::Refusal;
use crate::request::Verb;
use crate::token::Serial;

/// One decision: the request, the requester and the outcome.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) at: Timestamp,
    pub(crate) verb: Verb,
    /// `None`: all named slots, or the path could not be parsed.
    pub(crate) slot: Option<SlotName>,
    /// The role that was served or loaded, if known; or the refusal.
    pub(crate) outcome: Result<Option<Arc<Role>>, Refusal>,
    pub(crate) requester: Requester,
}

/// Who sent the request, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Requester {
    /// The serial of the token, if it is or was one of ours.
    pub(crate) token: Option<Serial>,
    /// The peer's socket, if the kernel knows it.
    pub(crate) socket: Option<Socket>,
}

/// The role in a slot. Built when the slot is loaded, and shared by all its records.
#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) profile: ProfileName,
    pub(crate) principal: Principal,
}
