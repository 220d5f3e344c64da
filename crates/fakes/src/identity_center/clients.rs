//! The registered clients and their rights.

use std::collections::HashMap;

use jiff::Timestamp;

use super::answer::{Answer, OidcError};
use super::random;

/// The scope for accounts. Without it, a client gets no refresh tokens.
pub(super) const ACCOUNT_ACCESS: &str = "sso:account:access";

/// How a client gets tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GrantType {
    AuthorizationCode,
    DeviceCode,
    RefreshToken,
}

impl GrantType {
    pub(super) fn parse(name: &str) -> Result<Self, Answer> {
        match name {
            "authorization_code" => Ok(Self::AuthorizationCode),
            "urn:ietf:params:oauth:grant-type:device_code" => Ok(Self::DeviceCode),
            "refresh_token" => Ok(Self::RefreshToken),
            _ => Err(OidcError::UnsupportedGrantType.because("Unsupported grant type")),
        }
    }
}

#[derive(Clone)]
pub(super) struct Client {
    pub(super) name: String,
    pub(super) secret: String,
    pub(super) grant_types: Vec<GrantType>,
    pub(super) scopes: Vec<String>,
    pub(super) redirect_uris: Vec<String>,
    pub(super) expires: Timestamp,
}

impl Client {
    pub(super) fn may_use(&self, grant_type: GrantType) -> bool {
        self.grant_types.contains(&grant_type)
    }

    /// Whether the client gets refresh tokens. Old clients register no scope. They can use accounts, but get no refresh tokens.
    pub(super) fn is_refreshable(&self) -> bool {
        self.may_use(GrantType::RefreshToken)
            && self.scopes.iter().any(|scope| scope == ACCOUNT_ACCESS)
    }

    /// Whether the client has registered this redirect URI. On loopback, the port may differ (RFC 8252, section 7.3).
    pub(super) fn may_redirect_to(&self, uri: &str) -> bool {
        let without_port = without_loopback_port(uri);
        self.redirect_uris.iter().any(|registered| {
            registered == uri || without_loopback_port(registered) == without_port
        })
    }
}

/// A redirect URI without the port of a loopback address: `http://127.0.0.1/callback` for `http://127.0.0.1:8000/callback`.
fn without_loopback_port(uri: &str) -> String {
    const LOOPBACK: &str = "http://127.0.0.1";
    let Some(rest) = uri.strip_prefix(LOOPBACK) else { return uri.to_owned() };
    let path = match rest.strip_prefix(':') {
        Some(port_and_path) => port_and_path.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    // `http://127.0.0.1.example.com` and `http://127.0.0.1:80@example.com` are not loopback.
    if path.is_empty() || path.starts_with('/') {
        format!("{LOOPBACK}/{}", path.trim_start_matches('/'))
    } else {
        uri.to_owned()
    }
}

/// The clients, by their id.
#[derive(Default)]
pub(super) struct Clients(HashMap<String, Client>);

impl Clients {
    pub(super) fn register(&mut self, client: Client) -> String {
        let id = random::id(44);
        self.0.insert(id.clone(), client);
        id
    }

    /// The client with this id, if its registration has not expired.
    pub(super) fn client(&self, id: &str, now: Timestamp) -> Option<&Client> {
        self.0.get(id).filter(|client| now < client.expires)
    }

    /// The client with this id and this secret.
    pub(super) fn authenticate(
        &self,
        id: &str,
        secret: &str,
        now: Timestamp,
    ) -> Result<Client, Answer> {
        let client = self.client(id, now).filter(|client| client.secret == secret);
        let unknown = || OidcError::InvalidClient.because("Invalid client, or it has expired");
        client.cloned().ok_or_else(unknown)
    }

    /// Removes all clients.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_uri_may_differ_in_a_loopback_port_only() {
        let client = |registered: &str| Client {
            name: String::new(),
            secret: String::new(),
            grant_types: Vec::new(),
            scopes: Vec::new(),
            redirect_uris: vec![registered.to_owned()],
            expires: Timestamp::MAX,
        };
        let bare = client("http://127.0.0.1");
        assert!(bare.may_redirect_to("http://127.0.0.1:8000"));
        assert!(bare.may_redirect_to("http://127.0.0.1:8000/"));
        for other in [
            "http://127.0.0.1:8000/oauth/callback",
            "http://127.0.0.1.example.com",
            "http://127.0.0.1:80@example.com",
            "https://127.0.0.1",
            "http://localhost",
        ] {
            assert!(!bare.may_redirect_to(other), "{other}");
        }
        let with_path = client("http://127.0.0.1/oauth/callback");
        assert!(with_path.may_redirect_to("http://127.0.0.1:1/oauth/callback"));
        assert!(!with_path.may_redirect_to("http://127.0.0.1:1"));
        assert!(!client("https://example.com/a").may_redirect_to("https://example.com:1/a"));
    }
}
