//! The server's side in this process: what it asks for credentials, its certificate authority, its events.

pub(crate) mod authority;
pub(crate) mod events;
pub(crate) mod provider;
