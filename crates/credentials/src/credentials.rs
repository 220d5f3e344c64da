//! Credentials: access key id, secret access key, session token and expiration, always together.

use std::fmt;

use crate::{Expiration, Invalid, Secret};

/// Temporary AWS credentials. SDKs need all four values from a container endpoint.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The id of the key. It is not secret, but it is not shown without need.
    pub access_key_id: AccessKeyId,
    /// The key that signs requests.
    pub secret_access_key: Secret,
    /// The token that is sent with each request.
    pub session_token: Secret,
    /// The instant after which the credentials must not be served.
    pub expiration: Expiration,
}

/// An access key id: 1 to 128 characters of `A-Za-z0-9_`, as in the IAM API reference, `AccessKey`.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKeyId(Box<str>);

impl AccessKeyId {
    /// Parses an access key id.
    ///
    /// # Errors
    /// The text is empty, too long or contains another character.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if text.is_empty() || text.len() > 128 || !text.bytes().all(word) {
            return Err(Invalid("1 to 128 letters and digits"));
        }
        Ok(Self(text.into()))
    }

    /// The id as AWS writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.0.get(self.0.len().saturating_sub(4)..);
        write!(f, "…{}", end.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_key_id_is_shortened_in_debug() {
        let id = AccessKeyId::parse("ASIAIOSFODNN7EXAMPLE").unwrap();
        assert_eq!(format!("{id:?}"), "…MPLE");
    }

    #[test]
    fn odd_access_key_ids_are_refused() {
        for refused in ["", "AKIA EXAMPLE", "AKIA\n", &"A".repeat(129)] {
            assert!(AccessKeyId::parse(refused).is_err(), "{refused:?}");
        }
    }
}
