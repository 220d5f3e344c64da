//! What the server needs from the CLI: the provider of credentials, the certificate authority, the reporting of events.

pub(crate) mod authority;
pub(crate) mod events;
pub(crate) mod provider;
