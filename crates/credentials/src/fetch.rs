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
