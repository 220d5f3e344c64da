//! The keys of a running server: read at the start, and again whenever the file has changed, on a thread of their own, so
//! that no reader waits for a disk.

use std::fs;
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::thread;
use std::time::{Duration, SystemTime};

use credentials::Timestamp;

use super::Grant;
use super::keys::{Denied, Keys};
use super::store::{TokenStore, TokenStoreError};
use crate::memory::keep_out_of_swap;

/// Checks tokens.
#[derive(Default)]
pub(crate) struct Tokens {
    /// `None`: no token is taken.
    keys: RwLock<Option<Keys>>,
}

impl Tokens {
    /// The keys of this file, from now on as they are in it.
    pub(crate) fn open(store: TokenStore, now: Timestamp) -> Result<Arc<Self>, TokenStoreError> {
        let seen = Seen::of(&store);
        let keys = store.prepare(now)?;
        let tokens = Arc::new(Self { keys: RwLock::new(Some(keys)) });
        keep_out_of_swap(&*tokens);
        let watched = Arc::downgrade(&tokens);
        let watch = move || watch(&store, seen, &watched);
        if let Err(error) = thread::Builder::new().name("tokens".to_owned()).spawn(watch) {
            tracing::warn!(%error, "tokens that are revoked will be taken until the server ends");
        }
        Ok(tokens)
    }

    /// What the token says, if it is one.
    ///
    /// # Errors
    /// It isn't.
    pub(crate) fn check(&self, text: &str, now: Timestamp) -> Result<Grant, Denied> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.as_ref().ok_or(Denied::Unknown)?.check(text, now)
    }

    fn set(&self, keys: Option<Keys>) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }
}

/// Looks at the file for as long as the server is there.
fn watch(store: &TokenStore, mut seen: Option<Seen>, tokens: &Weak<Tokens>) {
    loop {
        thread::sleep(TokenStore::SEEN_AFTER / 4);
        let Some(tokens) = tokens.upgrade() else { return };
        let now_there = Seen::of(store);
        if now_there == seen {
            continue;
        }
        // What was seen is older than what is read: a change in between is read twice, and none is missed.
        seen = now_there;
        let keys = store.keys().unwrap_or_else(|error| {
            tracing::warn!(%error, "no authorization token is taken until this is mended");
            None
        });
        tokens.set(keys);
    }
}

/// What tells one file from the next in its place.
#[derive(PartialEq, Eq)]
struct Seen {
    modified: Option<SystemTime>,
    length: u64,
    #[cfg(unix)]
    inode: u64,
}

impl Seen {
    fn of(store: &TokenStore) -> Option<Self> {
        let metadata = fs::symlink_metadata(store.path()).ok()?;
        Some(Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            #[cfg(unix)]
            inode: std::os::unix::fs::MetadataExt::ino(&metadata),
        })
    }
}

impl TokenStore {
    /// After so long every running server has seen what was revoked: it looks four times as often.
    pub const SEEN_AFTER: Duration = Duration::from_secs(1);
}
