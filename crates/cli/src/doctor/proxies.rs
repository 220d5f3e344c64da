//! Checks that no program uses a proxy for the server. The proxy would see the credentials, or not reach the server.
//! Pure.
//!
//! Most SDKs never use a proxy for this host. The others read the variables in two ways.

use std::net::{IpAddr, Ipv4Addr};

use super::finding::Finding;
use super::full_uri::FullUri;
use super::situation::Situation;
use super::variables::Variables;
use crate::programs::exports::{FULL_URI, is_listed};

/// Programs that use a proxy for this host too, with their variables. The first variable that is set counts.
struct Reader {
    names: &'static str,
    /// For plain HTTP; then for HTTPS.
    proxies: [&'static [&'static str]; 2],
    exceptions: [&'static str; 2],
}

const READERS: [Reader; 2] = [
    Reader {
        names: "the SDK for Rust, object_store and OpenDAL",
        proxies: [&["HTTP_PROXY", "http_proxy"], &["HTTPS_PROXY", "https_proxy"]],
        exceptions: ["NO_PROXY", "no_proxy"],
    },
    Reader {
        names: "async-aws and others that use curl",
        proxies: [&["http_proxy"], &["https_proxy", "HTTPS_PROXY"]],
        exceptions: ["no_proxy", "NO_PROXY"],
    },
];

/// The variables that count when the variable of the scheme is not set.
const FOR_ALL: [&str; 2] = ["ALL_PROXY", "all_proxy"];

/// The findings about the variables.
pub(super) fn look(situation: &Situation) -> Vec<Finding> {
    let variables = &situation.variables;
    let uri = variables.text(FULL_URI).and_then(FullUri::parse);
    let (host, is_https) = uri
        .map_or(("127.0.0.1".to_owned(), false), |uri| (uri.address.host.clone(), uri.is_https()));
    let proxied = READERS.iter().filter_map(|reader| {
        let proxy = proxy_of(reader, is_https, variables)?;
        let (_, exceptions) = first_set(&reader.exceptions, variables).unwrap_or_default();
        Some((proxy, reader.names, exceptions.trim() == "*" || covers(exceptions, &host)))
    });
    let proxied: Vec<_> = proxied.collect();
    if proxied.is_empty() {
        return vec![Finding::ok("no proxy is set that would be asked for the server")];
    }
    let caught = proxied.into_iter().filter(|(.., is_past)| !is_past);
    let findings: Vec<_> = caught
        .map(|(proxy, names, _)| {
            let finding = format!("{proxy} is set, and NO_PROXY does not except {host}");
            Finding::problem(finding, format!("{names} ask the proxy for your credentials"))
                .with_solution(situation.export())
        })
        .collect();
    match findings.is_empty() {
        true => {
            vec![Finding::ok(format!("NO_PROXY lets all programs go past the proxy to {host}"))]
        }
        false => findings,
    }
}

/// The variable that sets the proxy, if there is one.
fn proxy_of(reader: &Reader, is_https: bool, variables: &Variables) -> Option<&'static str> {
    let [http, https] = reader.proxies;
    let own = first_set(if is_https { https } else { http }, variables);
    let set = own.filter(|(_, value)| !value.is_empty()).or_else(|| first_set(&FOR_ALL, variables));
    set.filter(|(_, value)| !value.is_empty()).map(|(name, _)| name)
}

fn first_set<'a>(
    names: &[&'static str],
    variables: &'a Variables,
) -> Option<(&'static str, &'a str)> {
    names.iter().find_map(|name| Some((*name, variables.present(name)?)))
}

/// Whether a list of exceptions has the host: itself, a domain above it, or a network around it.
fn covers(list: &str, host: &str) -> bool {
    let ip: Option<IpAddr> = host.parse().ok();
    let around = |entry: &str| match ip {
        Some(IpAddr::V4(ip)) => is_in_network(entry, ip),
        Some(IpAddr::V6(_)) => false,
        None => {
            let domain = entry.trim_start_matches('.').to_ascii_lowercase();
            let host = host.to_ascii_lowercase();
            let rest = host.strip_suffix(&domain).filter(|_| !domain.is_empty());
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        }
    };
    is_listed(list, host) || list.split([',', ' ']).any(around)
}

/// `127.0.0.0/8`
fn is_in_network(entry: &str, ip: Ipv4Addr) -> bool {
    let Some((network, length)) = entry.split_once('/') else { return false };
    let (Ok(network), Ok(length @ 0..=32)) = (network.parse::<Ipv4Addr>(), length.parse::<u32>())
    else {
        return false;
    };
    let shift = 32 - length;
    network.to_bits().checked_shr(shift) == ip.to_bits().checked_shr(shift)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::{Level, Wanted};

    fn found(variables: &[(&str, &str)]) -> Vec<Finding> {
        let variables = Variables::read(|name| {
            let pair = variables.iter().find(|(variable, _)| *variable == name)?;
            Some(pair.1.to_owned())
        });
        look(&Situation::new(variables, Wanted { slot: None, server: None, token_file: None }))
    }

    #[test]
    fn only_a_proxy_without_an_exception_is_a_problem_and_only_to_who_reads_it() {
        for (variables, caught) in [
            (&[][..], 0),
            (&[("HTTP_PROXY", "http://p:1")], 1),
            (&[("http_proxy", "http://p:1")], 2),
            (&[("ALL_PROXY", "http://p:1")], 2),
            (&[("HTTPS_PROXY", "http://p:1")], 0),
            (&[("HTTP_PROXY", ""), ("NO_PROXY", "x")], 0),
            (&[("http_proxy", "http://p:1"), ("NO_PROXY", "127.0.0.1")], 0),
            (&[("http_proxy", "http://p:1"), ("no_proxy", "*")], 0),
            (&[("http_proxy", "http://p:1"), ("no_proxy", "127.0.0.0/8")], 0),
            (&[("http_proxy", "http://p:1"), ("no_proxy", "10.0.0.0/8,.corp")], 2),
            // Each reads another of the two first.
            (&[("http_proxy", "http://p:1"), ("NO_PROXY", ""), ("no_proxy", "127.0.0.1")], 1),
        ] {
            let found = found(variables);
            let problems = found.iter().filter(|finding| finding.level == Level::Problem).count();
            assert_eq!(problems, caught, "{variables:?}");
        }
    }

    #[test]
    fn the_host_of_the_uri_decides() {
        let proxied = |uri, exceptions| {
            let variables =
                [("http_proxy", "http://p:1"), (FULL_URI, uri), ("no_proxy", exceptions)];
            found(&variables).iter().any(|finding| finding.level == Level::Problem)
        };
        assert!(!proxied("http://localhost:1/creds", "localhost"));
        assert!(proxied("http://localhost:1/creds", "127.0.0.1"));
        assert!(!proxied("http://dev.corp:1/creds", ".corp"));
        assert!(proxied("http://devcorp:1/creds", "corp"));
        assert!(!proxied("https://127.0.0.1:1/creds", ""));
    }

    #[test]
    fn a_network_is_its_leading_bits() {
        let ip = Ipv4Addr::LOCALHOST;
        for (entry, within) in [
            ("127.0.0.0/8", true),
            ("0.0.0.0/0", true),
            ("127.0.0.1/32", true),
            ("127.0.0.2/32", false),
            ("10.0.0.0/8", false),
            ("127.0.0.0/33", false),
            ("127/8", false),
        ] {
            assert_eq!(is_in_network(entry, ip), within, "{entry}");
        }
    }
}
