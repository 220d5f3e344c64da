//! Every answer that is not "done": its status and its text, in one place.
//!
//! A message is one line that says what happened and what mends it. It never quotes what the peer sent.

use std::sync::Arc;

use bytes::Bytes;
use credentials::Invalid;
use hyper::header::{ALLOW, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};

use crate::wire;

/// Why a request gets no for an answer. The statuses are those of docs/reference/api.md, "Status codes".
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// There is no slot of that name.
    NoSuchSlot,
    /// The slot's credentials have expired.
    Expired,
    /// The slot's credentials have expired, and it takes a person to get others; this is what happened and what to type.
    NotRefreshed(Arc<str>),
    /// The slot's credentials have expired or were never there, and are being fetched; if that has failed, this is why.
    Refreshing(Option<Arc<str>>),
    /// The path is known, but not with that method; these are.
    MethodNotAllowed(&'static str),
    /// The body didn't arrive in time.
    BodyTimeout,
    /// The head didn't arrive in time.
    HeadTimeout,
    /// The path and the body's `ProfileName` differ.
    NamesDiffer,
    /// The body is larger than an upload can be.
    BodyTooLarge,
    /// `Host` is not this server.
    Misdirected,
    /// The head is larger than an SDK's can be.
    HeadTooLarge,
}

impl Refusal {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::MalformedHead
            | Self::SpeaksHttps(_)
            | Self::SpeaksHttp(_)
            | Self::MalformedPath(_)
            | Self::MalformedBody(_)
            | Self::Field(..) => StatusCode::BAD_REQUEST,
            Self::OtherUser
            | Self::UnknownOwner
            | Self::TokenRequired
            | Self::UnknownToken
            | Self::ExpiredToken
            | Self::RevokedToken => StatusCode::UNAUTHORIZED,
            Self::BrowserOrProxy | Self::OtherSlots | Self::ReadToken => StatusCode::FORBIDDEN,
            Self::NoSuchPath
            | Self::NothingLoaded
            | Self::NoSuchSlot
            | Self::Expired
            | Self::NotRefreshed(_) => StatusCode::NOT_FOUND,
            Self::Refreshing(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTimeout | Self::HeadTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::NamesDiffer => StatusCode::CONFLICT,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        }
    }

    pub(crate) fn message(&self) -> String {
        match self {
            Self::MalformedPath(what) | Self::MalformedBody(what) => (*what).to_owned(),
            Self::SpeaksHttps(port) => {
                format!("{}: use https://127.0.0.1:{port}", wire::SPEAKS_HTTPS)
            }
            Self::SpeaksHttp(port) => format!(
                "this port speaks plain HTTP: use http://127.0.0.1:{port}, or start the server with \
                 HTTPS: aws-sso ecs run --tls"
            ),
            Self::NotRefreshed(why) => format!("this slot has no credentials to serve: {why}"),
            Self::Refreshing(Some(why)) => {
                format!("credentials for this slot are being fetched: {why}")
            }
            Self::Field(field, invalid) => format!("{field} {invalid}"),
            Self::MethodNotAllowed(allowed) => format!("this path takes {allowed} only"),
            Self::TokenRequired
            | Self::UnknownToken
            | Self::ExpiredToken
            | Self::RevokedToken
            | Self::OtherSlots
            | Self::ReadToken => self.message_on_tokens().to_owned(),
            _ => self.fixed_message().to_owned(),
        }
    }

    fn message_on_tokens(&self) -> &'static str {
        match self {
            Self::TokenRequired => {
                "this needs an authorization token; make one: aws-sso ecs token create --slot NAME (programs take it \
                 from AWS_CONTAINER_AUTHORIZATION_TOKEN, aws-sso from --token-file)"
            }
            Self::UnknownToken => {
                "the authorization token is not one of this server's; make one: aws-sso ecs token create --slot NAME, \
                 or unset AWS_CONTAINER_AUTHORIZATION_TOKEN and AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
            }
            Self::ExpiredToken => {
                "the authorization token has expired; make another: aws-sso ecs token create --slot NAME"
            }
            Self::RevokedToken => {
                "the authorization token was revoked; make another: aws-sso ecs token create --slot NAME"
            }
            Self::OtherSlots => {
                "the authorization token is for other slots; make one for this: \
                 aws-sso ecs token create --slot NAME (or --default-slot)"
            }
            Self::ReadToken => {
                "the authorization token is for reading alone; this takes an admin token: \
                 aws-sso ecs token create --admin"
            }
            _ => "refused",
        }
    }

    fn fixed_message(&self) -> &'static str {
        match self {
            Self::MalformedHead => "this is no HTTP/1.1 request that can be read",
            Self::OtherUser => {
                "this server answers programs of the user who runs it, and this connection is another \
                 user's; ask them for a token, or start a server of your own: aws-sso ecs run --port PORT"
            }
            Self::UnknownOwner => {
                "whose connection this is cannot be told (another network namespace or a container?), \
                 so it needs an authorization token: aws-sso ecs token create --slot NAME"
            }
            Self::BrowserOrProxy => {
                "the request came from a browser or through a proxy; have programs ask this server \
                 directly: export NO_PROXY=localhost,127.0.0.1"
            }
            Self::NoSuchPath => "nothing is at this path; credentials are at / and at /slot/NAME",
            Self::NothingLoaded => {
                "no credentials are loaded in the default slot; load them: \
                 aws-sso ecs load --profile NAME"
            }
            Self::NoSuchSlot => {
                "no credentials are loaded in this slot; load them: \
                 aws-sso ecs load --slotted --profile NAME"
            }
            Self::Expired => {
                "the credentials in this slot have expired; load them again: \
                 aws-sso ecs load --profile NAME (with --slotted for a named slot)"
            }
            Self::Refreshing(None) => {
                "credentials for this slot are being fetched; try again in a second"
            }
            Self::BodyTimeout => "the request's body did not arrive within 10 seconds",
            Self::HeadTimeout => "the request's head did not arrive within 5 seconds",
            Self::NamesDiffer => "the path names another slot than the body's ProfileName",
            Self::BodyTooLarge => "the body is larger than 65536 bytes",
            Self::Misdirected => {
                "the Host header does not name this server; use http://127.0.0.1:PORT/ with its port"
            }
            Self::HeadTooLarge => "the request's head is larger than 16384 bytes",
            _ => "refused",
        }
    }

    /// The answer on a connection that goes on.
    pub(crate) fn into_response(self) -> Response<Bytes> {
        let mut response = wire::json(self.status(), self.body());
        match self {
            Self::MethodNotAllowed(allowed) => {
                response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
            }
            // Some SDKs sleep that long on the caller's thread: no longer than it takes.
            Self::Refreshing(_) => {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response
    }

    /// The answer as bytes, for a connection that can't go on: nothing else will be read from it.
    pub(crate) fn into_last_bytes(self) -> Vec<u8> {
        let (status, body) = (self.status(), self.body());
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

    fn body(&self) -> Bytes {
        wire::message(self.status(), &self.message())
    }
}
