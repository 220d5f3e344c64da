//! The result of a fetch of credentials.

use crate::{Credentials, Principal};

/// Credentials that a source has given, with their principal.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The account and the role of the credentials, as far as they are known.
    pub principal: Principal,
    /// The credentials.
    pub credentials: Credentials,
}
