//! The reason of a refusal, as one word for programs. docs/reference/api.md lists the words.

use serde::{Deserialize, Serialize};

/// Why a request was refused: one word of a closed list, so that no program must parse a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The head is not a request of HTTP/1.1.
    MalformedHead,
    /// The port speaks HTTPS, and the request was plain HTTP.
    SpeaksHttps,
    /// The port speaks plain HTTP, and the request was TLS.
    SpeaksHttp,
    /// The path or the query cannot be decoded.
    MalformedPath,
    /// The body cannot be read.
    MalformedBody,
    /// A name in the path, or a field of the body, is missing or wrong.
    InvalidField,
    /// The connection belongs to another user.
    OtherUser,
    /// The owner of the connection is not known.
    UnknownOwner,
    /// An authorization token is needed, and none was sent.
    TokenRequired,
    /// The authorization token does not belong to this server.
    UnknownToken,
    /// The authorization token has expired.
    ExpiredToken,
    /// The authorization token was revoked.
    RevokedToken,
    /// The authorization token is for other slots.
    OtherSlots,
    /// The authorization token allows only reading.
    ReadToken,
    /// The authorization token allows only loading credentials that are handed in.
    LoadToken,
    /// The authorization token allows only credentials that are handed in, and the upload names a source.
    SourceNotAllowed,
    /// A browser or a proxy sent the request.
    BrowserOrProxy,
    /// Nothing is at the path.
    NoSuchPath,
    /// Nothing is loaded in the default slot.
    NothingLoaded,
    /// Nothing is loaded in the named slot.
    NoSuchSlot,
    /// The slot's credentials have expired, and the server has no source for others.
    Expired,
    /// The slot's credentials have expired, and a person must sign in first.
    SignInNeeded,
    /// The slot's credentials have expired, and AWS denies the role.
    Denied,
    /// The slot's credentials have expired, and the configuration must be fixed first.
    Misconfigured,
    /// The slot's credentials are being fetched.
    Pending,
    /// The slot's credentials could not be fetched; the server tries again.
    Unavailable,
    /// The path does not take the method.
    MethodNotAllowed,
    /// The body did not arrive in time.
    BodyTimeout,
    /// The head did not arrive in time.
    HeadTimeout,
    /// The path and the body name different slots.
    NamesDiffer,
    /// The slot was loaded from another source, and the load must not replace it.
    OtherSource,
    /// There are too many slots.
    TooManySlots,
    /// The body is too large.
    BodyTooLarge,
    /// The `Host` header does not name this server.
    WrongHost,
    /// The head is too large.
    HeadTooLarge,
    /// A word that this version does not know.
    #[serde(other)]
    Unknown,
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_documentation_lists_every_reason_and_no_other() {
        let documented = super::super::documented("Reasons");
        let words = documented.iter().map(|word| serde_json::from_value(word.as_str().into()));
        let words: Vec<Reason> = words.collect::<Result<_, _>>().unwrap();
        assert!(!words.contains(&Reason::Unknown), "{documented:?}");
        assert_eq!(documented.iter().collect::<HashSet<_>>().len(), Reason::Unknown as usize);
    }
}
