//! Every refusal: its status and its text, in one place.
//!
//! A message is one line. It never quotes what the peer sent. A hint names the slot only if the requester may read it.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use credentials::{Failure, Invalid, ProfileName, SlotName, shell_word};
use hyper::header::{ALLOW, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};

use crate::remedy::Remedy;
use crate::wire::{self, BadUpload, Reason};

/// Why a request is refused. The statuses are those of docs/reference/api.md, "Status codes".
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// The head is not an HTTP/1.1 request.
    MalformedHead,
    /// The request was plain HTTP, and this port speaks HTTPS.
    SpeaksHttps(u16),
    /// The request was TLS, and this port speaks plain HTTP.
    SpeaksHttp(u16),
    /// The path or query cannot be decoded.
    MalformedPath(&'static str),
    /// The body cannot be read to its end.
    MalformedBody(&'static str),
    /// A field of the body is missing or wrong.
    Field(&'static str, Invalid),
    /// The connection belongs to another user of this host.
    OtherUser,
    /// The kernel does not know the owner of the connection.
    UnknownOwner,
    /// An authorization token is needed, and none was sent.
    TokenRequired,
    /// An authorization token was sent that is not one of ours.
    UnknownToken,
    /// The authorization token is one of ours and has expired.
    ExpiredToken,
    /// The authorization token is one of ours and was revoked.
    RevokedToken,
    /// The authorization token is for other slots.
    OtherSlots,
    /// The authorization token is only for reading.
    ReadToken,
    /// The authorization token is only for loading credentials that are handed in.
    LoadToken,
    /// The authorization token is only for credentials that are handed in, and the upload names a source.
    SourceNotAllowed,
    /// A browser or a proxy sent the request: it has a header that no SDK sends.
    BrowserOrProxy,
    /// Nothing is at that path.
    NoSuchPath,
    /// Nothing is loaded in the default slot.
    NothingLoaded,
    /// Nothing is loaded in the slot of that name, which the request may read.
    NoSuchSlot(ProfileName),
    /// The slot's credentials have expired. This profile was loaded in it, and the request may read it.
    Expired(SlotName, ProfileName),
    /// The slot's credentials have expired, and a person must act before it can be refreshed.
    NotRefreshed(Arc<Failure>),
    /// The slot's credentials have expired or never existed, and are being fetched. The failure is of the last attempt.
    Refreshing(Option<Arc<Failure>>),
    /// The path does not take the method. It takes these.
    MethodNotAllowed(&'static str),
    /// The body did not arrive in time.
    BodyTimeout,
    /// The head did not arrive in time.
    HeadTimeout,
    /// The path and the body's `ProfileName` differ.
    NamesDiffer,
    /// The slot was loaded from another source, and the load must not replace it. `None`: it has no source.
    OtherSource(ProfileName, Option<String>),
    /// The server holds the maximum number of named slots.
    TooManySlots(usize),
    /// The body is larger than an upload can be.
    BodyTooLarge,
    /// `Host` does not name this server, which has this port.
    Misdirected(u16),
    /// The head is larger than an SDK's can be.
    HeadTooLarge,
}

/// The status and the text of a refusal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RefusalText {
    pub(crate) status: StatusCode,
    pub(crate) reason: Reason,
    /// What happened, on one line.
    pub(crate) message: Cow<'static, str>,
    /// A sentence with the command that helps.
    pub(crate) hint: Option<Cow<'static, str>>,
}

impl Refusal {
    #[expect(clippy::too_many_lines, reason = "one table with the text of each refusal")]
    pub(crate) fn text(&self) -> RefusalText {
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
                "this connection belongs to another user, and this server answers only programs of its own user",
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
                "the authorization token does not belong to this server",
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
                forbidden(Reason::ReadToken, "the authorization token allows only reading")
                    .hint("Make an admin token: aws-sso ecs token create --admin")
            }
            Self::LoadToken => forbidden(Reason::LoadToken, ONLY_HANDED_IN)
            .hint("Make a token that reads: aws-sso ecs token create --slot NAME"),
            Self::SourceNotAllowed => forbidden(
                Reason::SourceNotAllowed,
                "the authorization token allows only credentials that are handed in, and the upload names a source",
            )
            .hint("Hand in credentials (aws-sso ecs load --from-stdin), or make an admin token: aws-sso ecs token create --admin"),
            Self::BrowserOrProxy => forbidden(
                Reason::BrowserOrProxy,
                "the request came from a browser or through a proxy",
            )
            .hint("Let programs connect to this server directly: export NO_PROXY=localhost,127.0.0.1"),
            Self::NoSuchPath => not_found(Reason::NoSuchPath, "nothing is at this path")
                .hint("Credentials are at / and at /slot/NAME"),
            Self::NothingLoaded => {
                not_found(Reason::NothingLoaded, "no credentials are loaded in the default slot")
                    .hint("Load them: aws-sso ecs load")
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
                RefusalText::new(StatusCode::SERVICE_UNAVAILABLE, Reason::Unavailable, message)
                    .hint_of(failure)
            }
            Self::Refreshing(None) => RefusalText::new(
                StatusCode::SERVICE_UNAVAILABLE,
                Reason::Pending,
                "credentials for this slot are being fetched",
            )
            .hint("Try again in a second"),
            Self::MethodNotAllowed(allowed) => RefusalText::new(
                StatusCode::METHOD_NOT_ALLOWED,
                Reason::MethodNotAllowed,
                format!("this path takes {allowed} only"),
            ),
            Self::BodyTimeout => RefusalText::new(
                StatusCode::REQUEST_TIMEOUT,
                Reason::BodyTimeout,
                "the request's body did not arrive within 10 seconds",
            ),
            Self::HeadTimeout => RefusalText::new(
                StatusCode::REQUEST_TIMEOUT,
                Reason::HeadTimeout,
                "the request's head did not arrive within 5 seconds",
            ),
            Self::NamesDiffer => RefusalText::new(
                StatusCode::CONFLICT,
                Reason::NamesDiffer,
                "the path and the body's ProfileName name different slots",
            ),
            Self::TooManySlots(maximum) => RefusalText::new(
                StatusCode::CONFLICT,
                Reason::TooManySlots,
                format!("the server has {maximum} named slots, which is the maximum"),
            )
            .hint("List them: aws-sso ecs list; unload all: aws-sso ecs unload --all"),
            Self::OtherSource(name, source) => {
                let there = match source {
                    Some(source) => format!("was loaded from another source ({source})"),
                    None => "holds credentials that were handed in".to_owned(),
                };
                let message = format!("the slot `{name}` {there}");
                RefusalText::new(StatusCode::CONFLICT, Reason::OtherSource, message).hint(format!(
                    "Replace it: {}",
                    load_command("--slotted --replace ", name)
                ))
            }
            Self::BodyTooLarge => RefusalText::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                Reason::BodyTooLarge,
                "the body is larger than 65536 bytes",
            ),
            Self::Misdirected(port) => RefusalText::new(
                StatusCode::MISDIRECTED_REQUEST,
                Reason::WrongHost,
                "the Host header does not name this server",
            )
            .hint(format!("Use 127.0.0.1:{port} or localhost:{port}")),
            Self::HeadTooLarge => RefusalText::new(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                Reason::HeadTooLarge,
                "the request's head is larger than 16384 bytes",
            ),
        }
    }

    /// The answer on a connection that stays open, of a server on this port.
    pub(crate) fn into_response(self, port: u16) -> Response<Bytes> {
        let text = self.text().for_port(port);
        let mut response = wire::json(text.status, text.body());
        let headers = response.headers_mut();
        if let Self::MethodNotAllowed(allowed) = self {
            headers.insert(ALLOW, HeaderValue::from_static(allowed));
        } else if text.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        } else if text.status == StatusCode::SERVICE_UNAVAILABLE {
            // Some SDKs sleep that long on the caller's thread, so the value is small.
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }

    /// The answer as bytes, for a connection that is closed afterwards.
    pub(crate) fn into_last_bytes(self) -> Vec<u8> {
        let text = self.text();
        let (status, body) = (text.status, text.body());
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

impl RefusalText {
    fn new(status: StatusCode, reason: Reason, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, reason, message: message.into(), hint: None }
    }

    fn hint(self, hint: impl Into<Cow<'static, str>>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    fn hint_of(self, failure: &Failure) -> Self {
        Self { hint: failure.hint.clone().map(Cow::Owned), ..self }
    }

    /// Names the server in a hint that loads a slot, if it is not the one that clients use anyway (4144).
    fn for_port(mut self, port: u16) -> Self {
        use Reason::{Expired, NoSuchSlot, NothingLoaded, OtherSource};
        let loads = matches!(self.reason, NothingLoaded | NoSuchSlot | Expired | OtherSource);
        if loads && port != 4144 {
            self.hint = self.hint.map(|hint| format!("{hint} --server 127.0.0.1:{port}").into());
        }
        self
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

fn bad(reason: Reason, message: impl Into<Cow<'static, str>>) -> RefusalText {
    RefusalText::new(StatusCode::BAD_REQUEST, reason, message)
}

fn unauthorized(reason: Reason, message: &'static str) -> RefusalText {
    RefusalText::new(StatusCode::UNAUTHORIZED, reason, message)
}

fn forbidden(reason: Reason, message: &'static str) -> RefusalText {
    RefusalText::new(StatusCode::FORBIDDEN, reason, message)
}

fn not_found(reason: Reason, message: impl Into<Cow<'static, str>>) -> RefusalText {
    RefusalText::new(StatusCode::NOT_FOUND, reason, message)
}

const ONLY_HANDED_IN: &str =
    "the authorization token allows only loading credentials that are handed in";

fn load_command(slotted: &str, profile: &ProfileName) -> String {
    format!("aws-sso ecs load {slotted}--profile {}", shell_word(profile.as_str()))
}

/// Compares the texts, because a `Failure` has no equality.
#[cfg(test)]
impl PartialEq for Refusal {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}
