//! The host names that programs use for the server, apart from loopback's. Names are only text here: no DNS look-ups.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use credentials::Invalid;
use rustls_pki_types::ServerName;

/// A name of the server: a DNS name in lower case, or an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostName {
    /// `dev.example`
    Dns(Box<str>),
    /// `192.0.2.1`, `2001:db8::1`
    Ip(IpAddr),
}

/// The names of one server: those that containers use for their host, and those that a person adds.
#[derive(Clone, Debug)]
pub struct Names(Vec<HostName>);

impl HostName {
    /// Parses a DNS name or an address.
    ///
    /// # Errors
    /// The text is neither.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const MUST_BE: Invalid = Invalid("a DNS name without wildcards, or an address");
        if let Ok(ip) = text.parse() {
            return Ok(Self::Ip(ip));
        }
        match ServerName::try_from(text) {
            Ok(ServerName::DnsName(_)) if !text.ends_with('.') => {
                Ok(Self::Dns(text.to_ascii_lowercase().into()))
            }
            _ => Err(MUST_BE),
        }
    }

    /// Whether `Host`, without its port, is this name. An IPv6 address has brackets there (RFC 3986, section 3.2.2).
    pub(crate) fn is(&self, host: &str) -> bool {
        match self {
            Self::Dns(name) => name.eq_ignore_ascii_case(host),
            Self::Ip(IpAddr::V4(ip)) => host.parse() == Ok(*ip),
            Self::Ip(IpAddr::V6(ip)) => {
                let inside = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
                inside.is_some_and(|host| host.parse() == Ok(*ip))
            }
        }
    }

    pub(crate) fn to_server_name(&self) -> Option<ServerName<'static>> {
        match self {
            Self::Dns(name) => ServerName::try_from(name.to_string()).ok(),
            Self::Ip(ip) => Some((*ip).into()),
        }
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.pad(name),
            Self::Ip(ip) => ip.fmt(f),
        }
    }
}

impl Names {
    /// The names for containers, and these.
    pub fn with(added: impl IntoIterator<Item = HostName>) -> Self {
        let mut names = vec![HostName::Dns(FOR_CONTAINERS.into())];
        names.extend(ADDRESSES_FOR_CONTAINERS.map(|ip| HostName::Ip(ip.into())));
        for name in added {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Self(names)
    }

    /// All names.
    pub fn iter(&self) -> impl Iterator<Item = &HostName> {
        self.0.iter()
    }
}

impl Default for Names {
    fn default() -> Self {
        Self::with([])
    }
}

/// The names that programs of this host use. Every SDK accepts the first.
pub(crate) fn loopback() -> [HostName; 3] {
    [
        HostName::Ip(Ipv4Addr::LOCALHOST.into()),
        HostName::Dns("localhost".into()),
        HostName::Ip(Ipv6Addr::LOCALHOST.into()),
    ]
}

/// The host's name in Docker and Podman.
const FOR_CONTAINERS: &str = "host.docker.internal";
/// Addresses besides loopback that SDKs accept for plain HTTP: those of the agents of Amazon ECS and EKS. A person can
/// assign them to a bridge.
const ADDRESSES_FOR_CONTAINERS: [Ipv4Addr; 2] =
    [Ipv4Addr::new(169, 254, 170, 2), Ipv4Addr::new(169, 254, 170, 23)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_names_or_addresses() {
        for (text, name) in [
            ("Dev.Example", "dev.example"),
            ("host", "host"),
            ("192.0.2.1", "192.0.2.1"),
            ("2001:DB8::1", "2001:db8::1"),
        ] {
            assert_eq!(HostName::parse(text).unwrap().to_string(), name);
        }
        for refused in ["", "*.example", "a b", "a.", "-a", "[::1]", "http://a", "a:1", "a/b"] {
            assert!(HostName::parse(refused).is_err(), "{refused:?}");
        }
    }

    #[test]
    fn each_name_appears_once() {
        let added = ["dev.example", "host.docker.internal", "DEV.example"];
        let names = Names::with(added.map(|name| HostName::parse(name).unwrap()));
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        assert_eq!(
            names,
            ["host.docker.internal", "169.254.170.2", "169.254.170.23", "dev.example"]
        );
    }
}
