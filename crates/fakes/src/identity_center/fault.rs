//! Faults that a test asks for.

use std::collections::{HashMap, VecDeque};

use super::answer::{Answer, OidcError, PortalError};
use super::operation::Operation;

/// What happens to a call instead of its normal answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// AuthorizationPendingException: the person has not decided yet.
    AuthorizationPending,
    /// SlowDownException: poll less often.
    SlowDown,
    /// 401: UnauthorizedException of the portal, InvalidClientException of OIDC.
    Unauthorized,
    /// 429: TooManyRequestsException.
    Throttled {
        /// The value of `Retry-After`, in seconds.
        retry_after: Option<u32>,
    },
    /// 500: an internal error.
    ServerError,
    /// No answer until the fake is dropped.
    Hang,
    /// 200 with an HTML page, as captive portals and proxies send it.
    Garbage,
    /// The connection is closed before the call has any effect.
    Disconnect,
    /// The call has its effect (the refresh token is replaced), but the connection is closed without an answer.
    LoseAnswer,
}

/// How a call with a fault ends.
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

/// The faults of later calls.
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

    /// The fault of the next call. Faults for one call come before the fault for all calls.
    pub(super) fn next(&mut self, operation: Operation) -> Option<Fault> {
        let once = self.once.get_mut(&operation).and_then(VecDeque::pop_front);
        once.or_else(|| self.always.get(&operation).copied())
    }
}
