//! Events: what happens to slots in the background, with the command that helps the person.

use credentials::{InstanceName, SignedDuration, SlotName, Timestamp};

/// An SSO session with less time left than this causes a first warning.
pub const SESSION_ENDS_SOON: SignedDuration = SignedDuration::from_mins(15);

/// Something that the person may want to know.
#[derive(Clone, Debug)]
pub struct Event {
    /// The kind of event.
    pub kind: EventKind,
    /// The instance that it is about.
    pub instance: Option<InstanceName>,
    /// The slots that it is about.
    pub slots: Vec<SlotName>,
    /// What happened, on one line without secrets. Empty where the kind is enough.
    pub message: String,
    /// A sentence with the command that helps.
    pub hint: Option<String>,
}

/// The kind of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// An SSO session ends in 15 or in 5 minutes.
    SessionEnding {
        /// When it ends.
        ends: Timestamp,
    },
    /// The sign-in has ended: slots cannot be refreshed until a person signs in.
    SignInNeeded,
    /// A person has signed in again: slots are being refreshed.
    SignedIn,
    /// AWS denies a slot's role. The slot is not refreshed any more.
    Denied,
    /// A slot cannot be refreshed until the configuration is fixed.
    Misconfigured,
    /// A slot's refresh fails repeatedly, and its credentials have expired or expire soon.
    Unavailable,
    /// A slot's credentials live for less than 30 minutes. Some SDKs request such credentials on every call.
    ShortLived,
    /// This machine's clock differs from AWS's by more than a minute.
    ClockOff,
}
