//! One decision: what the connection's task hands over, as it is, without formatting anything.

use std::sync::Arc;

use credentials::{Principal, ProfileName, SlotName, Timestamp};

use crate::peer::Socket;
use crate::refusal::Refusal;
use crate::request::Verb;
use crate::token::Serial;

/// What was asked for, by whom, and what came of it.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) at: Timestamp,
    pub(crate) verb: Verb,
    /// `None`: all named slots, or nothing that could be read.
    pub(crate) slot: Option<SlotName>,
    /// What was handed out or loaded, where it is known; or why not.
    pub(crate) outcome: Result<Option<Arc<Role>>, Refusal>,
    pub(crate) requester: Requester,
}

/// Who asked, as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Requester {
    /// The token that was sent, if it is or was one of ours.
    pub(crate) token: Option<Serial>,
    /// The far end of the connection, where the kernel tells.
    pub(crate) socket: Option<Socket>,
}

/// Whose credentials a slot holds: made when it is loaded, shared by every record of it.
#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) profile: ProfileName,
    pub(crate) principal: Principal,
}
