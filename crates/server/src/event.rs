//! What happens to slots without anybody asking, for the person: told in time, and with the command that helps.

use credentials::{InstanceName, SignedDuration, SlotName, Timestamp};

/// An SSO session with less time left than this ends soon: people are told of it.
pub const SESSION_ENDS_SOON: SignedDuration = SignedDuration::from_mins(15);

/// Something that a person may want to know.
#[derive(Clone, Debug)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// Whose SSO session it is about.
    pub instance: Option<InstanceName>,
    /// The slots that it is about.
    pub slots: Vec<SlotName>,
    /// What happened: one line without secrets. Empty where the kind says all.
    pub message: String,
    /// What to do about it: a sentence, with the command to type.
    pub hint: Option<String>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// An SSO session is going to end, in 15 minutes or in 5.
    SessionEnding {
        /// When it ends.
        ends: Timestamp,
    },
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
