//! `--server`: where the server is.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use credentials::SlotName;
use server::slot_at;

/// The host and port of a server, and its scheme if it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerAddress {
    /// `None`: plain HTTP, unless the server says that it is HTTPS.
    pub(crate) scheme: Option<Scheme>,
    /// A name, or an address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// The schemes that the server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl ServerAddress {
    /// The default port of `ecs run`.
    pub(crate) const DEFAULT_PORT: u16 = 4144;

    /// The address in a URI, with the port of its scheme if it has none; and the rest of the URI.
    pub(crate) fn of_uri(text: &str) -> Option<(Self, &str)> {
        let (scheme, rest) = text.split_once("://")?;
        let port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return None,
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end)?;
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
        let address = match has_port {
            true => format!("{scheme}://{authority}"),
            false => format!("{scheme}://{authority}:{port}"),
        };
        Some((address.parse().ok()?, rest))
    }

    /// The slot of our server that the rest of a URI names, if it names one.
    pub(crate) fn slot_in(rest: &str) -> Option<SlotName> {
        let path = if rest.is_empty() { "/" } else { rest };
        match path.split_once('?') {
            Some((path, query)) => slot_at(path, Some(query)),
            None => slot_at(path, None),
        }
    }

    /// The server that the URI for SDKs leads to, if it is on this host. Only such a server can be ours.
    pub(crate) fn of_sdks(uri: &str) -> Option<Self> {
        let (address, _) = Self::of_uri(uri)?;
        // Plain HTTP may be wrong: the server will say so.
        let scheme = address.scheme.filter(|scheme| *scheme == Scheme::Https);
        Some(Self { scheme, ..address }).filter(Self::is_on_this_host)
    }

    /// Whether the server is known to speak HTTPS.
    pub(crate) fn is_https(&self) -> bool {
        self.scheme == Some(Scheme::Https)
    }

    /// Whether the host is `localhost` or a loopback address.
    pub(crate) fn is_on_this_host(&self) -> bool {
        let ip: Result<IpAddr, _> = self.host.parse();
        ip.map_or_else(|_| self.host.eq_ignore_ascii_case("localhost"), |ip| ip.is_loopback())
    }

    /// A port for another server on the same host.
    pub(crate) fn other_port(&self) -> u16 {
        match self.port {
            Self::DEFAULT_PORT => Self::DEFAULT_PORT + 1,
            _ => Self::DEFAULT_PORT,
        }
    }

    /// The address in the form that `--server` takes.
    pub(crate) fn as_typed(&self) -> String {
        match self.scheme {
            Some(Scheme::Https) => format!("https://{self}"),
            Some(Scheme::Http) => format!("http://{self}"),
            None => self.to_string(),
        }
    }

    /// The origin of URLs for SDKs. With plain HTTP, `localhost` becomes an address, because some SDKs refuse the
    /// name. With HTTPS the name stays, because a certificate may be for the name alone.
    pub(crate) fn origin_for_sdks(&self) -> String {
        match self.scheme {
            Some(Scheme::Https) => format!("https://{self}"),
            _ if self.host.eq_ignore_ascii_case("localhost") => {
                format!("http://127.0.0.1:{}", self.port)
            }
            _ => format!("http://{self}"),
        }
    }
}

/// The default address of `ecs run`.
impl Default for ServerAddress {
    fn default() -> Self {
        Self { scheme: None, host: "localhost".to_owned(), port: Self::DEFAULT_PORT }
    }
}

/// `HOST:PORT`, with brackets around an IPv6 address. This is also the value of the `Host` header.
impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.parse::<Ipv6Addr>() {
            Ok(ip) => write!(f, "[{ip}]:{}", self.port),
            Err(_) => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl FromStr for ServerAddress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const MUST_BE: &str =
            "it must be HOST:PORT, [IPV6]:PORT, http://HOST:PORT or https://HOST:PORT";
        let (scheme, authority) =
            match (text.strip_prefix("http://"), text.strip_prefix("https://")) {
                (Some(rest), _) => (Some(Scheme::Http), rest),
                (_, Some(rest)) => (Some(Scheme::Https), rest),
                _ => (None, text),
            };
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        let (host, port) = authority.rsplit_once(':').ok_or(MUST_BE)?;
        let host = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(ip) => ip.parse::<IpAddr>().map_err(|_| MUST_BE)?.to_string(),
            None => host.to_owned(),
        };
        let odd = |c: char| !(c.is_ascii_alphanumeric() || "-._".contains(c));
        let is_name = !host.is_empty() && !host.contains(odd);
        if !is_name && host.parse::<Ipv6Addr>().is_err()
            || !port.bytes().all(|b| b.is_ascii_digit())
        {
            return Err(MUST_BE);
        }
        match port.parse() {
            Ok(0) | Err(_) => Err("its port must be 1 to 65535"),
            Ok(port) => Ok(Self { scheme, host, port }),
        }
    }
}

/// The addresses of the servers of Amazon ECS and EKS. SDKs accept plain HTTP from there too.
pub(crate) const CONTAINER_ADDRESSES: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)), IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23))];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_ports_and_urls_are_read() {
        for (text, shown) in [
            ("localhost:4144", "localhost:4144"),
            ("127.0.0.1:1", "127.0.0.1:1"),
            ("[::1]:4144", "[::1]:4144"),
            ("http://localhost:4144", "localhost:4144"),
            ("https://localhost:4144", "localhost:4144"),
            ("https://dev.example:443/", "dev.example:443"),
            ("http://[::1]:4144/", "[::1]:4144"),
            ("my-host.example:65535", "my-host.example:65535"),
        ] {
            assert_eq!(text.parse::<ServerAddress>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn other_addresses_are_refused() {
        for text in [
            "",
            "localhost",
            "4144",
            ":4144",
            "[::1]",
            "localhost:",
            "localhost:x",
            "localhost:+1",
            "localhost:0",
            "localhost:65536",
            "[localhost]:1",
            "user@localhost:4144",
            "http://localhost:4144/slot",
            "https://localhost:4144/slot",
            "https://http://localhost:4144",
            "a b:1",
            "a\r\nb:1",
        ] {
            assert!(text.parse::<ServerAddress>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_uri_of_sdks_leads_to_a_server_on_this_host_alone() {
        for (uri, address) in [
            ("http://127.0.0.1:4145/creds", Some("127.0.0.1:4145")),
            ("http://localhost:4145/slot/a:b", Some("localhost:4145")),
            ("http://[::1]:4145", Some("[::1]:4145")),
            ("https://localhost/?profile=x", Some("https://localhost:443")),
            ("http://169.254.170.2/creds", None),
            ("http://192.0.2.1:4144/creds", None),
            ("http://example.com:4144/creds", None),
            ("127.0.0.1:4145", None),
            ("http://user@127.0.0.1:4145/", None),
        ] {
            let found = ServerAddress::of_sdks(uri).map(|address| address.as_typed());
            assert_eq!(found.as_deref(), address, "{uri}");
        }
    }

    #[test]
    fn sdks_are_given_an_address_for_localhost_and_the_scheme_that_is_spoken() {
        for (text, origin) in [
            ("localhost:4144", "http://127.0.0.1:4144"),
            ("http://LOCALHOST:4144", "http://127.0.0.1:4144"),
            ("https://localhost:4144", "https://localhost:4144"),
            ("https://[::1]:4144", "https://[::1]:4144"),
        ] {
            assert_eq!(text.parse::<ServerAddress>().unwrap().origin_for_sdks(), origin);
        }
    }
}
