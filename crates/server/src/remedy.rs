//! What a failed refresh calls for. Pure.

use credentials::Problem;

/// What has to happen before a refresh that failed can work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Time has to pass: the refresh is tried again.
    Wait,
    /// Somebody has to sign in.
    SignIn,
    /// Somebody has to be given the role.
    Permission,
    /// Somebody has to correct the configuration. Nobody tells when that is done, so the refresh is tried again.
    Correct,
}

impl Remedy {
    pub(crate) fn of(problem: Problem) -> Self {
        match problem {
            Problem::Throttled | Problem::Unavailable => Self::Wait,
            Problem::SignInNeeded => Self::SignIn,
            Problem::Denied => Self::Permission,
            Problem::Invalid
            | Problem::Usage
            | Problem::Unreachable
            | Problem::CommandNotFound
            | Problem::CommandNotExecutable
            | Problem::Interrupted => Self::Correct,
        }
    }
}
