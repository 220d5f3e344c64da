//! Every answer that is not "done": its status and its text, in one place.
//!
//! A message is one line. It never quotes what the peer sent; a hint names the slot only to whoever may read it.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use credentials::{Failure, Invalid, ProfileName, SlotName, shell_word};
use hyper::header::{ALLOW, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};

use crate::remedy::Remedy;
use crate::wire::{self, BadUpload, Reason};

/// Why a request gets no for an answer. The statuses are those of docs/reference/api.md, "Status codes".
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// The head is no HTTP/1.1 request.
    MalformedHead,
    /// Plain HTTP was spoken to this port, which speaks HTTPS.
    SpeaksHttps(u16),
    /// TLS was spoken to this port, which speaks plain HTTP.
    SpeaksHttp(u16),
    /// The path or query can't be decoded.
    MalformedPath(&'static str),
    /// The body can't be read to its end.
    MalformedBody(&'static str),
    /// A field of the body is missing or wrong.
    Field(&'static str, Invalid),
    /// The connection belongs to another user of this host.
    OtherUser,
    /// The kernel doesn't know the owner of the connection.
    UnknownOwner,
    /// An authorization token is needed, and none was sent.
    TokenRequired,
    /// An authorization token was sent that is not one of ours.
    UnknownToken,
    /// The authorization token is one of ours, and its time is over.
    ExpiredToken,
    /// The authorization token is one of ours, and somebody has revoked it.
    RevokedToken,
    /// The authorization token is for other slots.
    OtherSlots,
    /// The authorization token is for reading alone.
    ReadToken,
    /// A browser or a proxy sent the request, told by a header that no SDK sends.
    BrowserOrProxy,
    /// Nothing is at that path.
    NoSuchPath,
    /// Nothing is loaded in the default slot.
    NothingLoaded,
    /// Nothing is loaded in the slot of that name, which the request may read.
    NoSuchSlot(ProfileName),
    /// The slot's credentials have expired; this profile was loaded in it, and the request may read it.
    Expired(SlotName, ProfileName),
    /// The slot's credentials have expired, and it takes a person to get others.
    NotRefreshed(Arc<Failure>),
    /// The slot's credentials have expired or were never there, and are being fetched; if that has failed, this is why.
    Refreshing(Option<Arc<Failure>>),
    /// The path is known, but not with that method; these are.
    MethodNotAllowed(&'static str),
    /// The body didn't arrive in time.
    BodyTimeout,
    /// The head didn't arrive in time.
    HeadTimeout,
    /// The path and the body's `ProfileName` differ.
    NamesDiffer,
    /// The slot was loaded from another source (this one; `None`: it was handed in), and the load must not replace that.
    OtherSource(ProfileName, Option<String>),
    /// The body is larger than an upload can be.
    BodyTooLarge,
    /// `Host` is not this server, whose port this is.
    Misdirected(u16),
    /// The head is larger than an SDK's can be.
    HeadTooLarge,
}

/// What a refusal says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) status: StatusCode,
    pub(crate) reason: Reason,
    /// What happened, on one line.
    pub(crate) message: Cow<'static, str>,
    /// What to do about it: a sentence, with the command to type.
    pub(crate) hint: Option<Cow<'static, str>>,
}

impl Refusal {
    #[expect(clippy::too_many_lines, reason = "one table: each refusal with all that it says")]
    pub(crate) fn said(&self) -> Said {
        match self {
            Self::MalformedHead => {
                bad(Reason::MalformedHead, "the request's head cannot be read as HTTP/1.1")
            }
            Self::SpeaksHttps(port) => bad(Reason::SpeaksHttps, "this port speaks HTTPS")
                .hint(format!("Use https://127.0.0.1:{port}")),
            Self::SpeaksHttp(port) => bad(Reason::SpeaksHttp, "this port speaks plain HTTP").hint(
                format!(
                    "Use http://127.0.0.1:{port}, or start the server with HTTPS: aws-sso ecs run --tls"
                ),
            ),
            Self::MalformedPath(what) => bad(Reason::MalformedPath, *what),
            Self::MalformedBody(what) => bad(Reason::MalformedBody, *what),
            Self::Field(field, invalid) => bad(Reason::InvalidField, format!("{field} {invalid}")),
            Self::OtherUser => unauthorized(
                Reason::OtherUser,
                "this server answers programs of the user who runs it, and this connection is another user's",
            )
            .hint(
                "Ask that user for a token, or start a server of your own: aws-sso ecs run --port PORT",
            ),
            Self::UnknownOwner => unauthorized(
                Reason::UnknownOwner,
                "the owner of this connection is not known (is it a container's, or of another network \
                 namespace?), so it needs an authorization token",
            )
            .hint("Make one: aws-sso ecs token create --slot NAME"),
            Self::TokenRequired => {
                unauthorized(Reason::TokenRequired, "this needs an authorization token").hint(
                    "Make one: aws-sso ecs token create --slot NAME (programs take it from \
                     AWS_CONTAINER_AUTHORIZATION_TOKEN, aws-sso from --token-file)",
                )
            }
            Self::UnknownToken => unauthorized(
                Reason::UnknownToken,
                "the authorization token is not one of this server's",
            )
            .hint(
                "Make one: aws-sso ecs token create --slot NAME, or unset AWS_CONTAINER_AUTHORIZATION_TOKEN \
                 and AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            ),
            Self::ExpiredToken => {
                unauthorized(Reason::ExpiredToken, "the authorization token has expired")
                    .hint("Make another: aws-sso ecs token create --slot NAME")
            }
            Self::RevokedToken => {
                unauthorized(Reason::RevokedToken, "the authorization token was revoked")
                    .hint("Make another: aws-sso ecs token create --slot NAME")
            }
            Self::OtherSlots => {
                forbidden(Reason::OtherSlots, "the authorization token is for other slots").hint(
                    "Make one for this slot: aws-sso ecs token create --slot NAME (or --default-slot)",
                )
            }
            Self::ReadToken => {
                forbidden(Reason::ReadToken, "the authorization token is for reading alone")
                    .hint("Make an admin token: aws-sso ecs token create --admin")
            }
            Self::BrowserOrProxy => forbidden(
                Reason::BrowserOrProxy,
                "the request came from a browser or through a proxy",
            )
            .hint("Have programs ask this server directly: export NO_PROXY=localhost,127.0.0.1"),
            Self::NoSuchPath => not_found(Reason::NoSuchPath, "nothing is at this path")
                .hint("Credentials are at / and at /slot/NAME"),
            Self::NothingLoaded => {
                not_found(Reason::NothingLoaded, "no credentials are loaded in the default slot")
                    .hint("Load them: aws-sso ecs load --profile NAME")
            }
            Self::NoSuchSlot(name) => {
                not_found(Reason::NoSuchSlot, "no credentials are loaded in this slot")
                    .hint(format!("Load them: {}", load_command("--slotted ", name)))
            }
            Self::Expired(slot, profile) => {
                let slotted = if *slot == SlotName::Default { "" } else { "--slotted " };
                not_found(Reason::Expired, "the credentials in this slot have expired")
                    .hint(format!("Load them again: {}", load_command(slotted, profile)))
            }
            Self::NotRefreshed(failure) => {
                let reason = match Remedy::of(failure.problem) {
                    Remedy::SignIn => Reason::SignInNeeded,
                    Remedy::Permission => Reason::Denied,
                    Remedy::Correct => Reason::Misconfigured,
                    Remedy::Wait => Reason::Unavailable,
                };
                let message = format!("this slot has no credentials to serve: {failure}");
                not_found(reason, message).hint_of(failure)
            }
            Self::Refreshing(Some(failure)) => {
                let message = format!("credentials for this slot are being fetched: {failure}");
                Said::new(StatusCode::SERVICE_UNAVAILABLE, Reason::Unavailable, message)
                    .hint_of(failure)
            }
            Self::Refreshing(None) => Said::new(
                StatusCode::SERVICE_UNAVAILABLE,
                Reason::Pending,
                "credentials for this slot are being fetched",
            )
            .hint("Try again in a second"),
            Self::MethodNotAllowed(allowed) => Said::new(
                StatusCode::METHOD_NOT_ALLOWED,
                Reason::MethodNotAllowed,
                format!("this path takes {allowed} only"),
            ),
            Self::BodyTimeout => Said::new(
                StatusCode::REQUEST_TIMEOUT,
                Reason::BodyTimeout,
                "the request's body did not arrive within 10 seconds",
            ),
            Self::HeadTimeout => Said::new(
                StatusCode::REQUEST_TIMEOUT,
                Reason::HeadTimeout,
                "the request's head did not arrive within 5 seconds",
            ),
            Self::NamesDiffer => Said::new(
                StatusCode::CONFLICT,
                Reason::NamesDiffer,
                "the path names another slot than the body's ProfileName",
            ),
            Self::OtherSource(name, source) => {
                let there = match source {
                    Some(source) => format!("was loaded from another source ({source})"),
                    None => "holds credentials that were handed in".to_owned(),
                };
                let message = format!("the slot `{name}` {there}");
                Said::new(StatusCode::CONFLICT, Reason::OtherSource, message).hint(format!(
                    "Replace it: {}",
                    load_command("--slotted --replace ", name)
                ))
            }
            Self::BodyTooLarge => Said::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                Reason::BodyTooLarge,
                "the body is larger than 65536 bytes",
            ),
            Self::Misdirected(port) => Said::new(
                StatusCode::MISDIRECTED_REQUEST,
                Reason::WrongHost,
                "the Host header does not name this server",
            )
            .hint(format!("Name it 127.0.0.1:{port} or localhost:{port}")),
            Self::HeadTooLarge => Said::new(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                Reason::HeadTooLarge,
                "the request's head is larger than 16384 bytes",
            ),
        }
    }

    /// The answer on a connection that goes on.
    pub(crate) fn into_response(self) -> Response<Bytes> {
        let said = self.said();
        let mut response = wire::json(said.status, said.body());
        let headers = response.headers_mut();
        if let Self::MethodNotAllowed(allowed) = self {
            headers.insert(ALLOW, HeaderValue::from_static(allowed));
        } else if said.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        } else if said.status == StatusCode::SERVICE_UNAVAILABLE {
            // Some SDKs sleep that long on the caller's thread: no longer than it takes.
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }

    /// The answer as bytes, for a connection that can't go on: nothing else will be read from it.
    pub(crate) fn into_last_bytes(self) -> Vec<u8> {
        let said = self.said();
        let (status, body) = (said.status, said.body());
        let mut bytes = format!(
            "HTTP/1.1 {} {}\r\ncontent-type: application/json\r\ncache-control: no-store\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n",
            status.as_str(),
            status.canonical_reason().unwrap_or_default(),
            body.len()
        )
        .into_bytes();
        bytes.extend_from_slice(&body);
        bytes
    }
}

impl Said {
    fn new(status: StatusCode, reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, reason, message: message.into(), hint: None }
    }

    fn hint(self, hint: impl Into<Cow<'static, str>>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    fn hint_of(self, failure: &Failure) -> Self {
        Self { hint: failure.hint.clone().map(Cow::Owned), ..self }
    }

    fn body(&self) -> Bytes {
        wire::refused(self.status, self.reason, &self.message, self.hint.as_deref())
    }
}

impl From<BadUpload> for Refusal {
    fn from(bad: BadUpload) -> Self {
        match bad {
            BadUpload::Malformed(what) => Self::MalformedBody(what),
            BadUpload::Field(field, invalid) => Self::Field(field, invalid),
        }
    }
}

fn bad(reason: Reason, message: impl Into<Cow<'static, str>>) -> Said {
    Said::new(StatusCode::BAD_REQUEST, reason, message)
}

fn unauthorized(reason: Reason, message: &'static str) -> Said {
    Said::new(StatusCode::UNAUTHORIZED, reason, message)
}

fn forbidden(reason: Reason, message: &'static str) -> Said {
    Said::new(StatusCode::FORBIDDEN, reason, message)
}

fn not_found(reason: Reason, message: impl Into<Cow<'static, str>>) -> Said {
    Said::new(StatusCode::NOT_FOUND, reason, message)
}

fn load_command(slotted: &str, profile: &ProfileName) -> String {
    format!("aws-sso ecs load {slotted}--profile {}", shell_word(profile.as_str()))
}

/// By what they say: a failure in one can't be compared.
#[cfg(test)]
impl PartialEq for Refusal {
    fn eq(&self, other: &Self) -> bool {
        self.said() == other.said()
    }
}
