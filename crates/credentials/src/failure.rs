//! The one failure: what every operation of ours gives instead of its result, from where it fails to the person who reads it.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Why something could not be done.
///
/// It goes home as it is, from a provider to a slot, over the wire, to a terminal: nothing is parsed out of its text again.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What kind of failure it is, by what to do next.
    pub problem: Problem,
    /// What happened: a lower-case fragment on one line, without secrets. Empty when the person has been shown it already.
    pub message: String,
    /// What to do about it: a sentence, with the command to type.
    pub hint: Option<String>,
    /// The error below it, for the log. It may hold what another program said, so no person is shown it unasked.
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// The kinds of failure, by what to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// AWS said no: ask for the permission, or for another role.
    Denied,
    /// The configuration, the input or this machine is not as it must be: mend it.
    Invalid,
    /// The sign-in is missing or over: sign in.
    SignInNeeded,
    /// AWS is asked too often: wait.
    Throttled,
    /// AWS can't be reached: look at the network.
    Unavailable,
    /// Arguments are missing or contradict each other.
    Usage,
    /// Our server is not there, does not answer, or is not ours.
    Unreachable,
    /// The command to run is not there.
    CommandNotFound,
    /// The command to run is there and can't be run.
    CommandNotExecutable,
    /// The person stopped it.
    Interrupted,
}

impl Failure {
    /// A failure of this kind. Line breaks and control characters in the message become blanks.
    pub fn new(problem: Problem, message: impl fmt::Display) -> Self {
        Self { problem, message: one_line(&message.to_string()), hint: None, source: None }
    }

    /// A failure that a person has to mend here: [`Problem::Invalid`].
    pub fn failed(message: impl fmt::Display) -> Self {
        Self::new(Problem::Invalid, message)
    }

    /// A failure that the person has been shown already.
    pub fn already_shown() -> Self {
        Self::failed("")
    }

    /// The same with what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with the error that caused it.
    #[must_use]
    pub fn caused_by(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// Message and hint on one line, for who reads no hint apart: SDKs.
    pub fn whole(&self) -> String {
        whole(&self.message, self.hint.as_deref())
    }

    /// The same failure in other words.
    #[must_use]
    pub fn with_message(mut self, message: impl fmt::Display) -> Self {
        self.message = one_line(&message.to_string());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// A message and its hint on one line.
pub fn whole(message: &str, hint: Option<&str>) -> String {
    match hint {
        Some(hint) => format!("{message}. {hint}"),
        None => message.to_owned(),
    }
}

/// The text on one line: white space and control characters become single blanks.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_and_keeps_its_cause_apart() {
        let cause = std::io::Error::other("the cause");
        let failure = Failure::failed("what\nhappened\u{1b}[31m  here").caused_by(cause);
        assert_eq!(failure.to_string(), "what happened [31m here");
        assert_eq!(failure.source().unwrap().to_string(), "the cause");
    }
}
