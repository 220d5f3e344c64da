//! The gate: every request passes here once, before anything else looks at it.
//!
//! It checks `Host`, then browser and proxy headers, then the permissions. Slots accept only a [`ReadableSlot`], a
//! [`Reader`] or a [`Writer`], and only this module builds them: a handler that forgets the check does not compile.

use std::sync::Arc;

use credentials::{ProfileName, SlotName, Timestamp};
use hyper::Uri;
use hyper::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName};
use hyper::http::request::Parts;

use crate::names::Names;
use crate::peer::{Owner, Socket};
use crate::refusal::Refusal;
use crate::token::{Denied, Grant, Scope, Serial, Tokens};
use crate::wire::Upload;

/// What the gate knows about a connection before any request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    /// The owner of the peer's socket, from the kernel.
    pub(crate) owner: Owner,
    /// The peer's socket, for the audit log.
    pub(crate) socket: Option<Socket>,
    /// The port of this server.
    pub(crate) port: u16,
}

/// Proof that the gate allows the request to read some slots.
#[derive(Debug)]
pub(crate) struct Reader(Permitted);

/// Proof that the gate allows the request to read and write every slot.
#[derive(Debug)]
pub(crate) struct Writer(Reader);

/// Proof that the gate allows the request to load a slot. It is a [`Writer`] for the uploads that are allowed.
#[derive(Debug)]
pub(crate) struct Loader {
    writer: Writer,
    only_handed_in: bool,
}

/// A slot that the gate allows the request to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadableSlot<'a>(&'a SlotName);

/// The slots that a token is for.
#[derive(Debug)]
enum Permitted {
    All,
    Only(Vec<SlotName>),
}

impl Permitted {
    fn includes(&self, name: &SlotName) -> bool {
        match self {
            Self::All => true,
            Self::Only(slots) => slots.contains(name),
        }
    }
}

impl Reader {
    /// Proof for this slot.
    ///
    /// # Errors
    /// The request may not read it, whether it is loaded or not.
    pub(crate) fn slot<'a>(&self, name: &'a SlotName) -> Result<ReadableSlot<'a>, Refusal> {
        if self.0.includes(name) { Ok(ReadableSlot(name)) } else { Err(Refusal::OtherSlots) }
    }

    /// Whether the request may read the slot of that name. A list omits the others.
    pub(crate) fn may_read_named(&self, name: &ProfileName) -> bool {
        match &self.0 {
            Permitted::All => true,
            Permitted::Only(slots) => {
                slots.iter().any(|slot| matches!(slot, SlotName::Named(slot) if slot == name))
            }
        }
    }
}

impl<'a> ReadableSlot<'a> {
    pub(crate) fn name(&self) -> &'a SlotName {
        self.0
    }

    /// For tests of the code behind the gate.
    #[cfg(test)]
    pub(crate) fn for_test(name: &'a SlotName) -> Self {
        Self(name)
    }
}

impl Writer {
    pub(crate) fn reader(&self) -> &Reader {
        &self.0
    }

    fn new() -> Self {
        Self(Reader(Permitted::All))
    }

    /// For tests of the code behind the gate.
    #[cfg(test)]
    pub(crate) fn for_test() -> Self {
        Self::new()
    }
}

impl Loader {
    /// The proof for this upload.
    ///
    /// # Errors
    /// The upload names a source, and the token is only for credentials that are handed in. With a source it could get
    /// whatever the owner's sign-in can get.
    pub(crate) fn writer_for(&self, upload: &Upload) -> Result<&Writer, Refusal> {
        match self.only_handed_in && upload.has_source() {
            true => Err(Refusal::SourceNotAllowed),
            false => Ok(&self.writer),
        }
    }
}

/// Who sent a request, and what the gate allows it.
#[derive(Debug)]
pub(crate) struct Caller {
    access: Access,
    /// The serial of the token, if it is or was one of ours.
    pub(crate) token: Option<Serial>,
}

#[derive(Debug)]
enum Access {
    /// Read and write everything.
    Write(Writer),
    /// Read some slots, or all.
    Read(Reader),
    /// Load credentials that are handed in into some slots, or all.
    HandIn(Permitted),
    /// Only the health check, for this reason.
    None(Refusal),
}

impl Caller {
    /// The proof that the caller may write.
    ///
    /// # Errors
    /// Why the caller may not write.
    pub(crate) fn into_writer(self) -> Result<Writer, Refusal> {
        match self.access {
            Access::Write(writer) => Ok(writer),
            Access::Read(_) => Err(Refusal::ReadToken),
            Access::HandIn(_) => Err(Refusal::LoadToken),
            Access::None(refusal) => Err(refusal),
        }
    }

    /// The proof that the caller may load this slot.
    ///
    /// # Errors
    /// Why the caller may not load it.
    pub(crate) fn into_loader(self, slot: &SlotName) -> Result<Loader, Refusal> {
        match self.access {
            Access::HandIn(slots) if slots.includes(slot) => {
                Ok(Loader { writer: Writer::new(), only_handed_in: true })
            }
            Access::HandIn(_) => Err(Refusal::OtherSlots),
            Access::Write(_) | Access::Read(_) | Access::None(_) => {
                Ok(Loader { writer: self.into_writer()?, only_handed_in: false })
            }
        }
    }

    /// The proof that the caller may read some slots.
    ///
    /// # Errors
    /// Why the caller may not read anything.
    pub(crate) fn reader(&self) -> Result<&Reader, Refusal> {
        match &self.access {
            Access::Write(writer) => Ok(writer.reader()),
            Access::Read(reader) => Ok(reader),
            Access::HandIn(_) => Err(Refusal::LoadToken),
            Access::None(refusal) => Err(refusal.clone()),
        }
    }

    /// Whether it may do more than ask for health.
    pub(crate) fn may_do_something(&self) -> bool {
        match self.access {
            Access::Write(_) | Access::Read(_) | Access::HandIn(_) => true,
            Access::None(_) => false,
        }
    }

    fn denied(refusal: Refusal) -> Self {
        Self { access: Access::None(refusal), token: None }
    }
}

/// The gate. Nothing checks again after it.
#[derive(Default)]
pub(crate) struct Gate {
    /// `None`: no token is valid.
    pub(crate) tokens: Option<Arc<Tokens>>,
    /// Whether the server's own user also needs a token.
    pub(crate) requires_token: bool,
    /// The names that `Host` may have besides loopback's.
    pub(crate) names: Names,
}

/// The kind of name in `Host`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Host {
    /// A loopback name.
    Loopback,
    /// A name for containers and other hosts. Anyone may have sent such a request, whatever owner the kernel reports: a
    /// container's traffic arrives through a proxy that runs as the user.
    External,
}

impl Gate {
    /// Checks a request before its body is read.
    ///
    /// # Errors
    /// A request that no SDK would send: a foreign `Host`, a browser's or a proxy's headers.
    pub(crate) fn check(
        &self,
        head: &Parts,
        peer: Peer,
        now: Timestamp,
    ) -> Result<Caller, Refusal> {
        let host = self.host(&head.headers, peer.port).ok_or(Refusal::Misdirected(peer.port))?;
        if is_for_a_proxy(&head.uri) || head.headers.keys().any(is_sent_by_browsers_or_proxies) {
            return Err(Refusal::BrowserOrProxy);
        }
        Ok(match token(&head.headers) {
            Sent::Token(text) => self.check_token(text, now),
            Sent::Malformed => Caller::denied(Refusal::UnknownToken),
            Sent::Nothing => match peer.owner {
                _ if self.requires_token => Caller::denied(Refusal::TokenRequired),
                Owner::SameUser if host == Host::External => Caller::denied(Refusal::TokenRequired),
                Owner::SameUser => Caller { access: Access::Write(Writer::new()), token: None },
                Owner::Root | Owner::OtherUser => Caller::denied(Refusal::OtherUser),
                Owner::Unknown => Caller::denied(Refusal::UnknownOwner),
            },
        })
    }

    fn check_token(&self, text: &str, now: Timestamp) -> Caller {
        let checked = self.tokens.as_ref().map_or(Err(Denied::Unknown), |t| t.check(text, now));
        let (access, token) = match checked {
            Ok(Grant { serial, scope, .. }) => (access(scope), Some(serial)),
            Err(Denied::Unknown) => (Access::None(Refusal::UnknownToken), None),
            Err(Denied::Expired(serial)) => (Access::None(Refusal::ExpiredToken), Some(serial)),
            Err(Denied::Revoked(serial)) => (Access::None(Refusal::RevokedToken), Some(serial)),
        };
        Caller { access, token }
    }

    /// Accepts one of our names, with our port or, as the CRT sends it, without a port. (Against DNS rebinding.)
    fn host(&self, headers: &HeaderMap, port: u16) -> Option<Host> {
        let mut hosts = headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return None;
        };
        let host = host.to_str().ok()?;
        let name = match host.rsplit_once(':') {
            // The CRT sends `::1` without brackets. Its last part is not a port.
            Some((name, digits)) if host != "::1" && is_port(digits, port) => name,
            _ => host,
        };
        if LOOPBACK.iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
            Some(Host::Loopback)
        } else if self.names.iter().any(|ours| ours.is(name)) {
            Some(Host::External)
        } else {
            None
        }
    }
}

fn access(scope: Scope) -> Access {
    match scope {
        Scope::Admin => Access::Write(Writer::new()),
        Scope::ReadAll => Access::Read(Reader(Permitted::All)),
        Scope::Read(slots) => Access::Read(Reader(Permitted::Only(slots))),
        Scope::HandInAll => Access::HandIn(Permitted::All),
        Scope::HandIn(slots) => Access::HandIn(Permitted::Only(slots)),
    }
}

fn is_port(digits: &str, port: u16) -> bool {
    digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse() == Ok(port)
}

/// Whether it is what clients send to a proxy: `GET http://host/ HTTP/1.1` or `CONNECT`.
fn is_for_a_proxy(uri: &Uri) -> bool {
    uri.authority().is_some()
}

/// No SDK sends these headers (5,575 recorded requests). Every browser or proxy sends some of them.
fn is_sent_by_browsers_or_proxies(name: &HeaderName) -> bool {
    let name = name.as_str();
    matches!(name, "origin" | "referer" | "cookie" | "forwarded" | "via")
        || ["sec-fetch-", "x-forwarded-", "proxy-"].iter().any(|start| name.starts_with(start))
}

/// The content of `Authorization`.
enum Sent<'a> {
    /// No header, or an empty one, which some SDKs send.
    Nothing,
    /// A possible token: `Bearer TOKEN`, or TOKEN alone, because SDKs send what they are configured with.
    Token(&'a str),
    /// Not a token: two headers, another scheme, or bytes that are not text.
    Malformed,
}

fn token(headers: &HeaderMap) -> Sent<'_> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next(), values.next()) else {
        return Sent::Malformed;
    };
    let Ok(text) = value.map_or(Ok(""), |value| value.to_str()) else {
        return Sent::Malformed;
    };
    let text = text.trim_matches([' ', '\t']);
    match text.split_once([' ', '\t']) {
        None if text.is_empty() => Sent::Nothing,
        None => Sent::Token(text),
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => {
            Sent::Token(token.trim_start_matches([' ', '\t']))
        }
        Some(_) => Sent::Malformed,
    }
}

/// The names that programs on this host use.
const LOOPBACK: [&str; 4] = ["127.0.0.1", "localhost", "[::1]", "::1"];

#[cfg(test)]
mod tests;
