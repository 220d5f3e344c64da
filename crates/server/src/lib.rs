//! The container-credentials server: hands credentials to the AWS SDKs of this host, by the protocol of
//! Amazon ECS (AWS SDKs and Tools Reference Guide, "Container credential provider").
//!
//! It opens no outbound connection, reads no configuration, and sees no sign-in token. Credentials come in by
//! `PUT` and from a [`Provider`].
//!
//! The way of a request: `listener` → (`tls` →) `connection` → `routes` (→ `request`, `gate`) → `slots` → `wire`.
//! The way of new credentials: `provider` → `refresher` → `slots`.
#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "tests write files of their own"))]

mod audit;
mod connection;
mod connections;
mod event;
mod failure;
#[doc(hidden)]
pub mod fuzzing;
mod gate;
mod listener;
mod memory;
mod names;
mod path;
mod peer;
mod programs;
mod provider;
mod readers;
mod refresher;
mod refusal;
mod remedy;
mod request;
mod routes;
mod server;
mod slot_list;
mod slots;
mod status;
mod tls;
mod token;
pub mod wire;

pub use audit::{AuditError, AuditLine, AuditLog};
pub use event::{Event, EventKind, SESSION_ENDS_SOON};
pub use listener::{ListenError, Listeners};
pub use names::{HostName, Names};
pub use path::{path_for_sdks, path_of, slot_at};
pub use peer::{Owner, Owners};
pub use provider::{Later, Provider, Session};
pub use server::{Refreshing, Server, TooLarge};
pub use slot_list::{SlotList, Unreadable};
pub use tls::{Authority, AuthorityError, Certificate, CertificateError, Tls};
pub use token::{
    AuthorizationToken, Challenge, Denied, Grant, Issued, Keys, Scope, Serial, TokenStore,
    TokenStoreError,
};
