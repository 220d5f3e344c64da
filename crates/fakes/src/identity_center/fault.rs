//! What goes wrong when a test says so.

use std::collections::{HashMap, VecDeque};

use super::answer::{Answer, OidcError, PortalError};
use super::operation::Operation;

/// What becomes of a call instead of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// AuthorizationPendingException: nobody has approved yet.
    AuthorizationPending,
    /// SlowDownException: poll less often.
    SlowDown,
    /// 401: UnauthorizedException of the portal, InvalidClientException of OIDC.
    Unauthorized,
    /// 429: TooManyRequestsException.
    Throttled {
        /// What `Retry-After` says, in seconds.
        retry_after: Option<u32>,
    },
    /// 500.
    ServerError,
    /// Never an answer, until the fake is dropped.
    Hang,
    /// 200 with a page of HTML, as captive portals and proxies send it.
    Garbage,
    /// The connection is closed, and nothing was done.
    Disconnect,
    /// All is done (the refresh token is replaced), then the connection is closed without an answer.
    LoseAnswer,
}

/// How a fault is carried out.
pub(super) enum Course {
    Answer(Answer),
    Hang,
    Disconnect,
    LoseAnswer,
}

impl Fault {
    pub(super) fn course(self, operation: Operation) -> Course {
        let portal = operation.is_of_portal();
        Course::Answer(match self {
            Self::Hang => return Course::Hang,
            Self::Disconnect => return Course::Disconnect,
            Self::LoseAnswer => return Course::LoseAnswer,
            Self::AuthorizationPending => OidcError::AuthorizationPending.because("not yet"),
            Self::SlowDown => OidcError::SlowDown.because("too fast"),
            Self::Unauthorized if portal => PortalError::Unauthorized.because("by a fault"),
            Self::Unauthorized => OidcError::InvalidClient.because("by a fault"),
            Self::Throttled { retry_after } => {
                let answer = PortalError::TooManyRequests.because("by a fault");
                answer.retry_after(retry_after)
            }
            Self::ServerError if portal => PortalError::InternalFailure.because("by a fault"),
            Self::ServerError => OidcError::InternalServer.because("by a fault"),
            Self::Garbage => Answer::html(200, "<!doctype html><title>Welcome</title>Log in"),
        })
    }
}

/// The faults to come.
#[derive(Default)]
pub(super) struct Faults {
    once: HashMap<Operation, VecDeque<Fault>>,
    always: HashMap<Operation, Fault>,
}

impl Faults {
    pub(super) fn add(&mut self, operation: Operation, fault: Fault) {
        self.once.entry(operation).or_default().push_back(fault);
    }

    pub(super) fn add_always(&mut self, operation: Operation, fault: Fault) {
        self.always.insert(operation, fault);
    }

    /// The fault of this call: those for one call come first.
    pub(super) fn next(&mut self, operation: Operation) -> Option<Fault> {
        let once = self.once.get_mut(&operation).and_then(VecDeque::pop_front);
        once.or_else(|| self.always.get(&operation).copied())
    }
}
