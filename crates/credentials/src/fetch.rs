//! What comes of asking a source for credentials.

use crate::{Credentials, Principal};

/// What a source gave: credentials, and whom they are for.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Whom the credentials are for, as far as it is known.
    pub principal: Principal,
    /// Whole: with a session token and an expiration.
    pub credentials: Credentials,
}

/// Why a source gave nothing.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What to do next.
    pub problem: Problem,
    /// One line that holds no secret: what happened, and what mends it.
    pub message: String,
}

/// What stands in the way of credentials, by what to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// AWS said no: ask for the permission, or for another role.
    Denied,
    /// The configuration or the input is wrong: mend it.
    Invalid,
    /// The sign-in is missing or over: sign in.
    SignInNeeded,
    /// AWS is asked too often: wait.
    Throttled,
    /// AWS can't be reached: look at the network.
    Unavailable,
}
