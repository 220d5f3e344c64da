//! What happens to slots without anybody asking, for the person: told in time, and with the command that mends it.

use credentials::{Expiration, InstanceName, SlotName, Timestamp, shell_word};

/// So long before its end people are told of it, in seconds.
pub(crate) const FIRST_WARNING: i64 = 15 * 60;

/// Something that a person may want to know.
#[derive(Clone, Debug)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// Whose SSO session it is about.
    pub instance: Option<InstanceName>,
    /// The slots that it is about.
    pub slots: Vec<SlotName>,
    /// What happened: one line without secrets.
    pub message: String,
    /// What to do about it: a sentence, with the command to type.
    pub hint: Option<String>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// The end of an SSO session, for a person, if it is near.
pub(crate) fn session_ends_soon(
    instance: &InstanceName,
    ends: Timestamp,
    now: Timestamp,
) -> Option<String> {
    if ends.as_second() - now.as_second() > FIRST_WARNING || ends <= now {
        return None;
    }
    let left = Expiration::new(ends).ok()?.remaining(now);
    let name = shell_word(instance.as_str());
    Some(format!(
        "the SSO session of `{instance}` ends in {left}; sign in anew: aws-sso login --force --sso {name}"
    ))
}
