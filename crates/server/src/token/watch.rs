//! The keys of a running server. A separate thread reads them again when the file has changed, so that no reader waits
//! for the disk. Or one key that is only in memory.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::thread;
use std::time::{Duration, Instant};

use credentials::{Clock, Expiration, Timestamp};
use files::ChangeMark;
use zeroize::Zeroizing;

use super::keys::{Denied, Keys};
use super::proof::{Proof, Question};
use super::store::{TokenStore, TokenStoreError, random};
use super::{AuthorizationToken, Grant, Scope, Serial};
use crate::memory::keep_out_of_swap;

/// The current keys, which check tokens.
#[derive(Default)]
pub(crate) struct Tokens {
    /// `None`: no token is accepted.
    keys: RwLock<Option<Keys>>,
}

impl Tokens {
    /// Reads the keys of this file, and follows its changes.
    pub(crate) fn open(
        store: TokenStore,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, TokenStoreError> {
        let seen = ChangeMark::of(store.path());
        let keys = store.prepare(clock.now())?;
        let tokens = Arc::new(Self { keys: RwLock::new(Some(keys)) });
        keep_out_of_swap(&*tokens);
        let watched = Arc::downgrade(&tokens);
        let watch = move || watch(&store, seen, &watched, &*clock);
        if let Err(error) = thread::Builder::new().name("tokens".to_owned()).spawn(watch) {
            tracing::warn!(%error, "revoked tokens stay valid until the server ends: the key file is not watched");
        }
        Ok(tokens)
    }

    /// Makes one token with a key that is only in memory. It is valid as long as the server runs.
    pub(crate) fn one(scope: Scope) -> Result<(Arc<Self>, AuthorizationToken), TokenStoreError> {
        let root = Zeroizing::new(random()?);
        let keys = Keys::new(&root, 0, HashSet::new());
        let grant = Grant { serial: Serial(random()?), scope, expiration: Expiration::LAST };
        let token = keys.make(grant).ok_or(TokenStoreError::TooManySlots)?;
        let tokens = Arc::new(Self { keys: RwLock::new(Some(keys)) });
        keep_out_of_swap(&*tokens);
        Ok((tokens, token))
    }

    /// Checks a token, and returns its content.
    ///
    /// # Errors
    /// See [`Denied`].
    pub(crate) fn check(&self, text: &str, now: Timestamp) -> Result<Grant, Denied> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.as_ref().ok_or(Denied::Unknown)?.check(text, now)
    }

    /// The proof that this server has the root key. `None`: it has none at the moment.
    pub(crate) fn prove(&self, question: &Question, host: &str) -> Option<Proof> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        Some(question.answer(keys.as_ref()?, host))
    }

    fn set(&self, keys: Option<Keys>) {
        let mut current = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if let (Some(keys), Some(earlier)) = (&keys, &*current) {
            keys.continue_from(earlier);
        }
        *current = keys;
    }

    fn has_news(&self, now: Timestamp) -> bool {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.as_ref().is_some_and(|keys| keys.has_news(now))
    }
}

/// Watches the file while the server runs, and writes the time into it when a token has expired. So the token is still
/// expired if the clock is set back while no server runs.
fn watch(
    store: &TokenStore,
    mut seen: Option<ChangeMark>,
    tokens: &Weak<Tokens>,
    clock: &dyn Clock,
) {
    let mut next_write = Instant::now();
    loop {
        thread::sleep(TokenStore::REVOCATION_DELAY / 4);
        let Some(tokens) = tokens.upgrade() else { return };
        let now = clock.now();
        if tokens.has_news(now) && Instant::now() >= next_write {
            if let Err(error) = store.note_time(now) {
                tracing::warn!(%error, "the time cannot be written into the key file of authorization tokens");
            }
            next_write = Instant::now() + WRITE_INTERVAL;
        }
        let now_there = ChangeMark::of(store.path());
        if now_there == seen {
            continue;
        }
        // The mark is taken before the read. A change in between is read twice, and no change is missed.
        seen = now_there;
        let keys = store.keys().unwrap_or_else(|error| {
            tracing::warn!(%error, "no authorization token is accepted until the key file is fixed");
            None
        });
        tokens.set(keys);
    }
}

/// Minimum time between two writes of the time.
const WRITE_INTERVAL: Duration = Duration::from_secs(60);

impl TokenStore {
    /// The time after which every running server has seen a revocation. Servers check four times as often.
    pub const REVOCATION_DELAY: Duration = Duration::from_secs(1);
}

#[cfg(test)]
mod tests {
    use credentials::SlotName;
    use fakes::FakeClock;

    use super::*;

    #[test]
    fn an_expired_token_stays_expired_when_the_clock_is_set_back_and_the_server_starts_again() {
        const NOW: &str = "2026-11-22T20:16:31Z";
        const LATER: &str = "2026-11-22T21:16:31Z";
        let (home, now) = (tempfile::tempdir().unwrap(), NOW.parse().unwrap());
        let store = TokenStore::at(home.path().join("tokens.json"));
        let expiration = Expiration::parse(LATER).unwrap();
        let (token, grant) = store.create(Scope::ReadAll, expiration, None, now).unwrap();
        let open = |clock| Tokens::open(store.clone(), clock).unwrap();
        let clock = Arc::new(FakeClock::at(NOW));
        let tokens = open(Arc::<FakeClock>::clone(&clock));
        assert!(tokens.check(token.expose(), now).is_ok());
        // No program sends the token. The server itself notices that it has expired.
        clock.move_to(LATER);
        let before = ChangeMark::of(store.path());
        while ChangeMark::of(store.path()) == before {
            thread::yield_now();
        }
        drop(tokens);
        let tokens = open(Arc::new(FakeClock::at(NOW)));
        let expired = Err(Denied::Expired(grant.serial));
        assert_eq!(tokens.check(token.expose(), now), expired);
    }

    #[test]
    fn a_token_without_a_file_is_valid_only_for_its_own_server() {
        let scope = Scope::Read(vec![SlotName::Default]);
        let (tokens, token) = Tokens::one(scope.clone()).unwrap();
        let (others, _) = Tokens::one(scope.clone()).unwrap();
        let late = "2099-12-31T23:59:59Z".parse().unwrap();
        assert_eq!(tokens.check(token.expose(), late).unwrap().scope, scope);
        assert_eq!(others.check(token.expose(), late), Err(Denied::Unknown));
    }
}
