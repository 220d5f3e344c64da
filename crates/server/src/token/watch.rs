//! The keys of a running server: read at the start, and again whenever the file has changed, on a thread of their own, so
//! that no reader waits for a disk. Or one key that is in no file at all.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::thread;
use std::time::Duration;

use credentials::{Expiration, Timestamp};
use files::ChangeMark;
use zeroize::Zeroizing;

use super::keys::{Denied, Keys};
use super::store::{TokenStore, TokenStoreError, random};
use super::{AuthorizationToken, Grant, Scope, Serial};
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
        let seen = ChangeMark::of(store.path());
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

    /// One token, and a key for it alone that is nowhere but here: it is good for as long as the server runs.
    pub(crate) fn one(scope: Scope) -> Result<(Arc<Self>, AuthorizationToken), TokenStoreError> {
        let root = Zeroizing::new(random()?);
        let keys = Keys::new(&root, 0, HashSet::new());
        let grant = Grant { serial: Serial(random()?), scope, expiration: Expiration::LAST };
        let token = keys.make(grant).ok_or(TokenStoreError::TooManySlots)?;
        let tokens = Arc::new(Self { keys: RwLock::new(Some(keys)) });
        keep_out_of_swap(&*tokens);
        Ok((tokens, token))
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
fn watch(store: &TokenStore, mut seen: Option<ChangeMark>, tokens: &Weak<Tokens>) {
    loop {
        thread::sleep(TokenStore::SEEN_AFTER / 4);
        let Some(tokens) = tokens.upgrade() else { return };
        let now_there = ChangeMark::of(store.path());
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

impl TokenStore {
    /// After so long every running server has seen what was revoked: it looks four times as often.
    pub const SEEN_AFTER: Duration = Duration::from_secs(1);
}

#[cfg(test)]
mod tests {
    use credentials::SlotName;

    use super::*;

    #[test]
    fn a_token_of_no_file_is_good_for_its_own_server_and_no_other() {
        let scope = Scope::Read(vec![SlotName::Default]);
        let (tokens, token) = Tokens::one(scope.clone()).unwrap();
        let (others, _) = Tokens::one(scope.clone()).unwrap();
        let late = "2099-12-31T23:59:59Z".parse().unwrap();
        assert_eq!(tokens.check(token.expose(), late).unwrap().scope, scope);
        assert_eq!(others.check(token.expose(), late), Err(Denied::Unknown));
    }
}
