//! What the server asks for credentials. The binary implements it with AWS, tests with a model of it: the server itself
//! opens no connection.

use std::pin::Pin;

use credentials::{Failure, Fetched, InstanceId, Source, Timestamp, Upstream};

/// An answer that takes time.
pub type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Gives credentials for sources. What it gives up halfway, because nobody waits any more, must leave nothing broken.
pub trait Provider: Send + Sync {
    /// New credentials of a source.
    fn fetch(&self, source: &Source) -> Later<Result<Fetched, Failure>>;

    /// Keeps the SSO session of an instance going, if it is time to, and tells how it stands.
    fn session(&self, instance: &InstanceId) -> Later<Result<Session, Failure>>;

    /// Ready when somebody may have signed in there, since the last call for it that said that this is needed.
    fn signed_in(&self, upstream: &Upstream) -> Later<()>;
}

/// How an SSO session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// When it ends, if that is known. (AWS tells it only when a session can't be refreshed any more.)
    pub ends: Option<Timestamp>,
    /// When to ask again.
    pub look_again: Timestamp,
}
