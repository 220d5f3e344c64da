//! The gate: every request passes here once, before anything else looks at it.
//!
//! `Host`, then browser and proxy headers, then who may do what. Slots open only to a [`Reader`] or a
//! [`Writer`], and only this module makes them: a handler that forgets the check does not compile.

use hyper::Uri;
use hyper::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName};
use hyper::http::request::Parts;

use crate::peer::Owner;
use crate::refusal::Refusal;

/// What the gate knows of a connection, apart from what is said on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    /// Who owns the far end, by the kernel.
    pub(crate) owner: Owner,
    /// Our port.
    pub(crate) port: u16,
}

/// Proof that the gate lets the request read slots.
#[derive(Debug)]
pub(crate) struct Reader(());

/// Proof that the gate lets the request read and write slots.
#[derive(Debug)]
pub(crate) struct Writer(Reader);

impl Writer {
    pub(crate) fn reader(&self) -> &Reader {
        &self.0
    }

    /// For tests of what lies behind the gate.
    #[cfg(test)]
    pub(crate) fn for_test() -> Self {
        Self(Reader(()))
    }
}

/// Who asks, once the gate has looked.
#[derive(Debug)]
pub(crate) enum Caller {
    /// May do everything.
    Owner(Writer),
    /// May do nothing but ask for health, for this reason.
    Nobody(Refusal),
}

impl Caller {
    /// # Errors
    /// Why the caller may not write.
    pub(crate) fn into_writer(self) -> Result<Writer, Refusal> {
        match self {
            Self::Owner(writer) => Ok(writer),
            Self::Nobody(refusal) => Err(refusal),
        }
    }

    /// The proof for a caller who may read, for routes that tell others less.
    pub(crate) fn as_reader(&self) -> Option<&Reader> {
        match self {
            Self::Owner(writer) => Some(writer.reader()),
            Self::Nobody(_) => None,
        }
    }
}

/// The check. Nothing after it asks again.
///
/// # Errors
/// A request that no SDK would send: a foreign `Host`, a browser's or a proxy's headers.
pub(crate) fn check(head: &Parts, peer: Peer) -> Result<Caller, Refusal> {
    if !has_our_host(&head.headers, peer.port) {
        return Err(Refusal::Misdirected);
    }
    if is_for_a_proxy(&head.uri) || head.headers.keys().any(is_sent_by_browsers_or_proxies) {
        return Err(Refusal::BrowserOrProxy);
    }
    if sends_a_token(&head.headers) {
        return Ok(Caller::Nobody(Refusal::UnknownToken));
    }
    Ok(match peer.owner {
        Owner::SameUser => Caller::Owner(Writer(Reader(()))),
        Owner::Root | Owner::OtherUser => Caller::Nobody(Refusal::OtherUser),
        Owner::Unknown => Caller::Nobody(Refusal::UnknownOwner),
    })
}

/// A loopback name or address, with our port or, as the CRT sends it, with none. (DNS rebinding.)
fn has_our_host(headers: &HeaderMap, port: u16) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    let Ok(host) = host.to_str() else {
        return false;
    };
    let name = match host.rsplit_once(':') {
        // The CRT sends `::1` bare, of which the last part is no port.
        Some((name, digits)) if host != "::1" && is_port(digits, port) => name,
        _ => host,
    };
    ["127.0.0.1", "localhost", "[::1]", "::1"].iter().any(|ours| name.eq_ignore_ascii_case(ours))
}

fn is_port(digits: &str, port: u16) -> bool {
    digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse() == Ok(port)
}

/// `GET http://host/ HTTP/1.1` and `CONNECT`: what clients send to a proxy.
fn is_for_a_proxy(uri: &Uri) -> bool {
    uri.authority().is_some()
}

/// No SDK sends these (5,575 recorded requests), every browser or proxy some of them.
fn is_sent_by_browsers_or_proxies(name: &HeaderName) -> bool {
    let name = name.as_str();
    matches!(name, "origin" | "referer" | "cookie" | "forwarded" | "via")
        || ["sec-fetch-", "x-forwarded-", "proxy-"].iter().any(|start| name.starts_with(start))
}

/// An empty header is none: some SDKs send one.
fn sends_a_token(headers: &HeaderMap) -> bool {
    headers.get_all(AUTHORIZATION).iter().any(|value| !value.as_bytes().trim_ascii().is_empty())
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn check_with(owner: Owner, uri: &str, headers: &[(&str, &str)]) -> Result<Caller, Refusal> {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        check(&head, Peer { owner, port: 4144 })
    }

    #[test]
    fn our_own_names_are_taken_with_our_port_or_none() {
        for host in [
            "127.0.0.1:4144",
            "localhost:4144",
            "LOCALHOST:4144",
            "[::1]:4144",
            "127.0.0.1",
            "localhost",
            "[::1]",
            "::1",
        ] {
            let caller = check_with(Owner::SameUser, "/", &[("host", host)]);
            assert!(matches!(caller, Ok(Caller::Owner(_))), "{host}: {caller:?}");
        }
    }

    #[test]
    fn other_hosts_are_misdirected() {
        for host in [
            "",
            "evil.example",
            "evil.example:4144",
            "localhost:4145",
            "localhost:+4144",
            "localhost:",
            "127.0.0.1.evil.example:4144",
            "127.0.0.2:4144",
            "0.0.0.0:4144",
            "[::1",
            "user@localhost:4144",
            "[::ffff:127.0.0.1]:4144",
        ] {
            let caller = check_with(Owner::SameUser, "/", &[("host", host)]);
            assert_eq!(caller.err(), Some(Refusal::Misdirected), "{host}");
        }
        assert_eq!(check_with(Owner::SameUser, "/", &[]).err(), Some(Refusal::Misdirected));
        let twice = [("host", "localhost:4144"), ("host", "localhost:4144")];
        assert_eq!(check_with(Owner::SameUser, "/", &twice).err(), Some(Refusal::Misdirected));
    }

    #[test]
    fn what_a_browser_or_a_proxy_sends_is_refused_even_from_the_same_user() {
        for name in [
            "Origin",
            "Referer",
            "Cookie",
            "Sec-Fetch-Site",
            "Sec-Fetch-Mode",
            "Forwarded",
            "X-Forwarded-For",
            "X-Forwarded-Host",
            "Via",
            "Proxy-Connection",
            "Proxy-Authorization",
        ] {
            let headers = [("host", "localhost:4144"), (name, "x")];
            let caller = check_with(Owner::SameUser, "/", &headers);
            assert_eq!(caller.err(), Some(Refusal::BrowserOrProxy), "{name}");
        }
        let absolute =
            check_with(Owner::SameUser, "http://localhost:4144/", &[("host", "localhost:4144")]);
        assert_eq!(absolute.err(), Some(Refusal::BrowserOrProxy));
    }

    #[test]
    fn only_the_same_user_without_a_token_may_do_anything() {
        use Owner::{OtherUser, Root, SameUser, Unknown};
        for (owner, token, refusal) in [
            (SameUser, None, None),
            (SameUser, Some(""), None),
            (SameUser, Some("  "), None),
            (SameUser, Some("x"), Some(Refusal::UnknownToken)),
            (SameUser, Some("Bearer x"), Some(Refusal::UnknownToken)),
            (OtherUser, None, Some(Refusal::OtherUser)),
            (OtherUser, Some(""), Some(Refusal::OtherUser)),
            (OtherUser, Some("x"), Some(Refusal::UnknownToken)),
            (Root, None, Some(Refusal::OtherUser)),
            (Unknown, None, Some(Refusal::UnknownOwner)),
        ] {
            let mut headers = vec![("host", "localhost:4144")];
            headers.extend(token.map(|token| ("authorization", token)));
            let caller = check_with(owner, "/", &headers).unwrap();
            assert_eq!(caller.as_reader().is_some(), refusal.is_none(), "{owner:?} {token:?}");
            assert_eq!(caller.into_writer().err(), refusal, "{owner:?} {token:?}");
        }
    }
}
