//! Parses `AWS_CONTAINER_CREDENTIALS_FULL_URI`. Pure.

use std::net::{IpAddr, Ipv4Addr};

use credentials::SlotName;

use crate::client::address::{CONTAINER_ADDRESSES, Scheme, ServerAddress};

/// The URI of a server for container credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FullUri {
    pub(crate) address: ServerAddress,
    /// With the query.
    pub(crate) path: String,
    /// The slot of our server that the path names, if it names one.
    pub(crate) slot: Option<SlotName>,
}

/// The kind of host in the URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// 127.0.0.1, the one that every SDK takes.
    Loopback,
    Localhost,
    OtherLoopback,
    Ipv6Loopback,
    /// An address of the servers of Amazon ECS and EKS.
    Container,
    Name,
    /// An address that no SDK uses with plain HTTP.
    Elsewhere,
}

impl FullUri {
    /// Parses the URI; `None` if SDKs would not all read it in the same way.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, path) = ServerAddress::of_uri(text)?;
        let path = if path.is_empty() { "/" } else { path };
        Some(Self { address, path: path.to_owned(), slot: ServerAddress::slot_in(path) })
    }

    /// Whether the URI is of this server. All names of loopback are equal.
    pub(crate) fn is_at(&self, server: &ServerAddress) -> bool {
        let is_local = |address: &ServerAddress| {
            matches!(
                host(&address.host),
                Host::Loopback | Host::Localhost | Host::Ipv6Loopback | Host::OtherLoopback
            )
        };
        let same_host = self.address.host.eq_ignore_ascii_case(&server.host);
        self.address.port == server.port
            && (same_host || is_local(&self.address) && is_local(server))
    }

    /// Whether most SDKs accept the host without a look-up.
    pub(crate) fn is_taken_by_most(&self) -> bool {
        self.is_https() || !matches!(host(&self.address.host), Host::Name | Host::Elsewhere)
    }

    /// Whether the host is a name. Some SDKs accept it, depending on its address.
    pub(crate) fn has_name(&self) -> bool {
        host(&self.address.host) == Host::Name
    }

    pub(crate) fn is_https(&self) -> bool {
        self.address.scheme == Some(Scheme::Https)
    }
}

pub(super) fn host(host: &str) -> Host {
    let Ok(ip) = host.parse::<IpAddr>() else {
        return match host.eq_ignore_ascii_case("localhost") {
            true => Host::Localhost,
            false => Host::Name,
        };
    };
    match ip {
        IpAddr::V4(Ipv4Addr::LOCALHOST) => Host::Loopback,
        ip if CONTAINER_ADDRESSES.contains(&ip) => Host::Container,
        IpAddr::V4(ip) if ip.is_loopback() => Host::OtherLoopback,
        IpAddr::V6(ip) if ip.is_loopback() => Host::Ipv6Loopback,
        IpAddr::V4(_) | IpAddr::V6(_) => Host::Elsewhere,
    }
}

#[cfg(test)]
mod tests {
    use credentials::ProfileName;

    use super::*;

    fn uri(text: &str) -> FullUri {
        FullUri::parse(text).unwrap()
    }

    #[test]
    fn hosts_ports_and_slots_are_read() {
        let named = |name| Some(SlotName::Named(ProfileName::parse(name).unwrap()));
        for (text, address, slot) in [
            ("http://127.0.0.1:4144/creds", "127.0.0.1:4144", Some(SlotName::Default)),
            ("http://127.0.0.1:4144", "127.0.0.1:4144", Some(SlotName::Default)),
            ("http://127.0.0.1/?profile=a%20b", "127.0.0.1:80", named("a b")),
            ("https://localhost:1/slot/x", "localhost:1", named("x")),
            ("http://[::1]:9/s/eC95", "[::1]:9", named("x/y")),
            ("http://[::1]/slot", "[::1]:80", None),
            ("http://169.254.170.23/v1/credentials", "169.254.170.23:80", None),
        ] {
            let uri = uri(text);
            assert_eq!((uri.address.to_string().as_str(), uri.slot), (address, slot), "{text}");
        }
        for refused in [
            "",
            "127.0.0.1:4144",
            "ftp://127.0.0.1/",
            "http://",
            "http://a:b@127.0.0.1:1/",
            "http://x:0/",
        ] {
            assert_eq!(FullUri::parse(refused), None, "{refused:?}");
        }
    }

    #[test]
    fn every_name_of_loopback_is_the_same_server() {
        let is_at = |text: &str, server: &str| uri(text).is_at(&server.parse().unwrap());
        for host in ["127.0.0.1", "localhost", "LOCALHOST", "[::1]", "127.0.0.2"] {
            assert!(is_at(&format!("http://{host}:4144/creds"), "localhost:4144"), "{host}");
        }
        assert!(!is_at("http://127.0.0.1:4145/creds", "localhost:4144"));
        assert!(!is_at("http://169.254.170.2:4144/creds", "localhost:4144"));
        assert!(is_at("https://dev.example:1/creds", "https://dev.example:1"));
    }

    #[test]
    fn plain_http_is_taken_from_this_host_alone_and_https_from_all() {
        for (text, taken) in [
            ("http://127.0.0.1:1", true),
            ("http://localhost:1", true),
            ("http://[::1]:1", true),
            ("http://169.254.170.23", true),
            ("http://host.docker.internal:1", false),
            ("http://192.0.2.1:1", false),
            ("https://host.docker.internal:1", true),
            ("https://192.0.2.1:1", true),
        ] {
            assert_eq!(uri(text).is_taken_by_most(), taken, "{text}");
        }
    }
}
