//! What must happen after a failed refresh. Pure.

use credentials::Problem;

/// What must happen before a failed refresh can work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Time must pass. The refresh is tried again.
    Wait,
    /// A person must sign in.
    SignIn,
    /// A person must get the role from an administrator.
    Permission,
    /// A person must correct the configuration. The server gets no notice of that, so the refresh is tried again.
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
