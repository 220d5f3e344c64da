//! The container-credentials server: hands credentials to the AWS SDKs of this host, by the protocol of
//! Amazon ECS (AWS SDKs and Tools Reference Guide, "Container credential provider").
//!
//! It opens no outbound connection, reads no configuration, and sees no sign-in token. Credentials come in by
//! [`Server::new`] and by `PUT`.
//!
//! A request's way: `listener` → `connection` → `routes` (→ `gate` → `path`) → `slots` → `wire`.

mod connection;
mod connections;
mod event;
#[cfg(fuzzing)]
pub mod fuzzing;
mod gate;
mod listener;
mod path;
mod peer;
mod provider;
mod refusal;
mod routes;
mod server;
mod slots;
pub mod wire;

pub use event::{Event, EventKind};
pub use listener::{ListenError, Listeners};
pub use path::{path_for_sdks, path_of};
pub use peer::{Owner, Owners};
pub use provider::{Later, Provider, Session};
pub use server::{Server, TooLarge};
