//! The provider gives the server credentials. The binary implements it with AWS, tests with a model of AWS, because the
//! server itself opens no connection.

use std::pin::Pin;

use credentials::{Failure, Fetched, InstanceId, Source, Timestamp, Upstream};

/// A boxed future.
pub type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A provider of credentials for sources. A dropped future must leave nothing broken.
pub trait Provider: Send + Sync {
    /// Fetches new credentials from a source.
    fn fetch(&self, source: &Source) -> Later<Result<Fetched, Failure>>;

    /// Keeps the SSO session of an instance alive, if that is due, and returns its state.
    fn session(&self, instance: &InstanceId) -> Later<Result<Session, Failure>>;

    /// Is ready when a person may have signed in since the last call that failed because a sign-in is needed.
    fn signed_in(&self, upstream: &Upstream) -> Later<()>;
}

/// The state of an SSO session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// When it ends, if known. (AWS shows the end only when the access token cannot be renewed any more.)
    pub ends: Option<Timestamp>,
    /// When to check it again.
    pub look_again: Timestamp,
}
