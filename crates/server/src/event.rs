//! What happens to slots without anybody asking, for the person: told in time, and with the command that mends it.

use credentials::{InstanceName, SlotName};

/// Something that a person may want to know.
#[derive(Clone, Debug)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// Whose SSO session it is about.
    pub instance: Option<InstanceName>,
    /// The slots that it is about.
    pub slots: Vec<SlotName>,
    /// One line without secrets: what happened, and the command that mends it.
    pub message: String,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// An SSO session is going to end, in 15 minutes or in 5.
    SessionEnding,
    /// Nobody is signed in any more: slots can't be refreshed until somebody signs in.
    SignInNeeded,
    /// Somebody has signed in again: slots are being refreshed.
    SignedIn,
    /// AWS refuses a slot's role: it isn't refreshed any more.
    Denied,
    /// A slot can't be refreshed until the configuration is mended.
    Misconfigured,
    /// A slot's refresh has failed again and again, and its credentials have expired or soon will.
    Unavailable,
    /// A slot's credentials live for less than 30 minutes: some SDKs ask for such ones again and again.
    ShortLived,
    /// This machine's clock and AWS's differ by more than a minute.
    ClockOff,
}
