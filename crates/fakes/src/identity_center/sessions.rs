//! Sessions of users, with their access tokens and refresh tokens.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::random::canary;

/// The number of a session.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SessionId(u64);

struct Session {
    user: String,
    client_id: String,
    /// Whether the session has refresh tokens.
    is_refreshable: bool,
    ends: Timestamp,
}

struct AccessToken {
    session: SessionId,
    expires: Timestamp,
}

struct RefreshToken {
    session: SessionId,
    /// Time of its first use, when a newer token replaced it.
    replaced: Option<Timestamp>,
}

/// The tokens in the answer of CreateToken.
pub(super) struct Tokens {
    pub(super) access_token: String,
    pub(super) expires_in: u64,
    pub(super) refresh_token: Option<String>,
}

#[derive(Default)]
pub(super) struct Sessions {
    started: u64,
    sessions: HashMap<SessionId, Session>,
    access_tokens: HashMap<String, AccessToken>,
    refresh_tokens: HashMap<String, RefreshToken>,
}

impl Sessions {
    pub(super) fn start(
        &mut self,
        user: String,
        client_id: &str,
        is_refreshable: bool,
        ends: Timestamp,
    ) -> SessionId {
        self.started += 1;
        let id = SessionId(self.started);
        let client_id = client_id.to_owned();
        self.sessions.insert(id, Session { user, client_id, is_refreshable, ends });
        id
    }

    /// Makes new tokens for a session, which must exist.
    pub(super) fn tokens(&mut self, id: SessionId, now: Timestamp, life: Duration) -> Tokens {
        let session = self.sessions.get(&id).unwrap();
        let expires = (now + life).min(session.ends);
        let access_token = canary("access-token", 340);
        self.access_tokens.insert(access_token.clone(), AccessToken { session: id, expires });
        let refresh_token = session.is_refreshable.then(|| canary("refresh-token", 700));
        if let Some(token) = &refresh_token {
            let new = RefreshToken { session: id, replaced: None };
            self.refresh_tokens.insert(token.clone(), new);
        }
        let expires_in = expires.duration_since(now).as_secs().unsigned_abs();
        Tokens { access_token, expires_in, refresh_token }
    }

    /// Uses a refresh token and returns its session. `None` if the token belongs to another client, was replaced longer ago
    /// than `grace`, or its session has ended.
    pub(super) fn refresh(
        &mut self,
        token: &str,
        client_id: &str,
        now: Timestamp,
        grace: Duration,
    ) -> Option<SessionId> {
        let token = self.refresh_tokens.get_mut(token)?;
        let session = self.sessions.get(&token.session)?;
        if session.client_id != client_id || session.ends <= now {
            return None;
        }
        let is_accepted = token.replaced.is_none_or(|replaced| now < replaced + grace);
        token.replaced.get_or_insert(now);
        is_accepted.then_some(token.session)
    }

    /// The user of a valid access token.
    pub(super) fn user(&self, access_token: &str, now: Timestamp) -> Option<&str> {
        let session = self.sessions.get(&self.valid(access_token, now)?)?;
        Some(&session.user)
    }

    /// Ends the session of an access token. `false` if the token is not valid.
    pub(super) fn log_out(&mut self, access_token: &str, now: Timestamp) -> bool {
        let session = self.valid(access_token, now);
        session.and_then(|id| self.sessions.remove(&id)).is_some()
    }

    fn valid(&self, access_token: &str, now: Timestamp) -> Option<SessionId> {
        let token = self.access_tokens.get(access_token)?;
        (now < token.expires).then_some(token.session)
    }

    pub(super) fn expire_access_tokens(&mut self) {
        self.access_tokens.clear();
    }

    pub(super) fn end_all(&mut self) {
        self.sessions.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Duration = Duration::from_secs(3600);
    const SECOND: Duration = Duration::from_secs(1);

    fn signed_in() -> (Sessions, Timestamp, String) {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let mut sessions = Sessions::default();
        let id = sessions.start("alice".to_owned(), "client", true, now + 8 * LIFE);
        let tokens = sessions.tokens(id, now, LIFE);
        (sessions, now, tokens.refresh_token.unwrap())
    }

    #[test]
    fn a_replaced_refresh_token_is_accepted_during_the_grace_period() {
        let (mut sessions, now, token) = signed_in();
        let mut accepts = |at| sessions.refresh(&token, "client", now + at, 30 * SECOND).is_some();
        assert!(accepts(LIFE));
        assert!(accepts(LIFE + 29 * SECOND));
        assert!(!accepts(LIFE + 30 * SECOND));
    }

    #[test]
    fn without_a_grace_period_a_refresh_token_is_accepted_once() {
        let (mut sessions, now, token) = signed_in();
        assert!(sessions.refresh(&token, "other", now, Duration::ZERO).is_none());
        assert!(sessions.refresh(&token, "client", now, Duration::ZERO).is_some());
        assert!(sessions.refresh(&token, "client", now, Duration::ZERO).is_none());
    }

    #[test]
    fn no_token_outlives_its_session() {
        let (mut sessions, now, token) = signed_in();
        let late = now + 8 * LIFE - 10 * SECOND;
        let id = sessions.refresh(&token, "client", late, LIFE).unwrap();
        let tokens = sessions.tokens(id, late, LIFE);
        assert_eq!(tokens.expires_in, 10);
        assert_eq!(sessions.user(&tokens.access_token, late + 9 * SECOND), Some("alice"));
        assert_eq!(sessions.user(&tokens.access_token, late + 10 * SECOND), None);
        let newest = tokens.refresh_token.unwrap();
        assert!(sessions.refresh(&newest, "client", late + 10 * SECOND, LIFE).is_none());
    }
}
