//! Why a host gave no answer, in plain words. The HTTP client's own errors are kept as the cause.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use aws_smithy_runtime_api::client::dns::ResolveDnsError;
use aws_smithy_runtime_api::client::result::ConnectorError;
use rustls::{CertificateError, Error as TlsError};
use url::Url;

/// A host that gave no answer.
#[derive(Debug)]
pub(crate) struct Unreachable {
    host: String,
    reason: Reason,
    source: Box<dyn Error + Send + Sync>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Timeout(Duration),
    UnknownName,
    Refused,
    NoRoute,
    Closed,
    CertificateExpired,
    CertificateForAnotherName,
    CertificateNotTrusted,
    Tls,
    ProxyNotReached,
    ProxyAuthentication,
    ProxyRefusal,
    Other,
}

impl Unreachable {
    /// The same error with the host and the reason in it. The SDK decides about retries by its kind, which stays.
    pub(crate) fn name_in(error: ConnectorError, uri: &str, elapsed: Duration) -> ConnectorError {
        let is_timeout = error.is_timeout();
        let (is_io, is_user, kind) = (error.is_io(), error.is_user(), error.as_other());
        let connection = error.connection_metadata().cloned();
        let source = error.into_source();
        let reason =
            if is_timeout { Reason::Timeout(elapsed) } else { Reason::of(source.as_ref()) };
        let named = Box::new(Self { host: host_of(uri), reason, source });
        let error = match () {
            () if is_timeout => ConnectorError::timeout(named),
            () if is_io => ConnectorError::io(named),
            () if is_user => ConnectorError::user(named),
            () => ConnectorError::other(named, kind),
        };
        match connection {
            Some(connection) => error.with_connection(connection),
            None => error,
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> &'static str {
        match self.reason {
            Reason::CertificateNotTrusted => {
                "If a proxy here inspects TLS connections, set AWS_CA_BUNDLE to the file with its root certificate."
            }
            Reason::CertificateExpired => "Check the date of this machine: date",
            Reason::ProxyNotReached | Reason::ProxyAuthentication | Reason::ProxyRefusal => {
                "Check HTTPS_PROXY and NO_PROXY."
            }
            Reason::Timeout(_)
            | Reason::UnknownName
            | Reason::Refused
            | Reason::NoRoute
            | Reason::Closed
            | Reason::CertificateForAnotherName
            | Reason::Tls
            | Reason::Other => CHECK_NETWORK,
        }
    }
}

/// What to do about a network that fails for an unknown reason.
pub(crate) const CHECK_NETWORK: &str =
    "Check the network, HTTPS_PROXY and the AWS_ENDPOINT_URL variables.";

impl Reason {
    fn of(error: &(dyn Error + 'static)) -> Self {
        // The proxy client's error type is private. A test with a real proxy holds that this is its text.
        let tunnel =
            causes(error).map(ToString::to_string).find(|text| text.contains("tunnel error"));
        match tunnel {
            Some(text) if text.contains("authorization") => return Self::ProxyAuthentication,
            Some(text) if text.contains("underlying connection") => return Self::ProxyNotReached,
            Some(_) => return Self::ProxyRefusal,
            None => {}
        }
        if find::<ResolveDnsError>(error).is_some() {
            return Self::UnknownName;
        }
        if let Some(error) = find::<TlsError>(error) {
            return Self::of_tls(error);
        }
        if find::<hyper::Error>(error).is_some_and(hyper::Error::is_incomplete_message) {
            return Self::Closed;
        }
        match causes(error).filter_map(|error| error.downcast_ref::<io::Error>()).last() {
            Some(error) => Self::of_io(error.kind()),
            None => Self::Other,
        }
    }

    fn of_tls(error: &TlsError) -> Self {
        let TlsError::InvalidCertificate(error) = error else { return Self::Tls };
        let is_at_wrong_time = matches!(
            error,
            CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. }
        );
        let is_for_another_name = matches!(
            error,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        );
        match (is_at_wrong_time, is_for_another_name) {
            (true, _) => Self::CertificateExpired,
            (_, true) => Self::CertificateForAnotherName,
            _ => Self::CertificateNotTrusted,
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "most kinds are of files")]
    fn of_io(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable | ErrorKind::TimedOut => {
                Self::NoRoute
            }
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof => Self::Closed,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.host;
        match self.reason {
            Reason::Timeout(after) => {
                let seconds = after.as_secs().max(1);
                write!(f, "{host} did not answer within {seconds} seconds")
            }
            Reason::UnknownName => write!(f, "the name {host} cannot be resolved"),
            Reason::Refused => write!(f, "{host} refuses the connection"),
            Reason::NoRoute => write!(f, "there is no route to {host}"),
            Reason::Closed => write!(f, "{host} closed the connection without an answer"),
            Reason::CertificateExpired => {
                write!(f, "the TLS certificate of {host} is not valid at the time of this machine")
            }
            Reason::CertificateForAnotherName => {
                write!(f, "the TLS certificate of {host} is for another name")
            }
            Reason::CertificateNotTrusted => {
                write!(f, "the TLS certificate of {host} is not trusted")
            }
            Reason::Tls => write!(f, "the TLS connection to {host} failed"),
            Reason::ProxyNotReached => write!(f, "the proxy for {host} cannot be reached"),
            Reason::ProxyAuthentication => {
                write!(f, "the proxy for {host} requires a user name and password")
            }
            Reason::ProxyRefusal => write!(f, "the proxy refuses a connection to {host}"),
            Reason::Other => write!(f, "{host} gave no valid answer"),
        }
    }
}

impl Error for Unreachable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}

/// The error and its causes, those within an [`io::Error`] included, which its `source` skips.
pub(crate) fn causes<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn Error + 'static) = *error;
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    })
}

/// The first of the error's causes that has this type.
pub(crate) fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    causes(error).find_map(|error| error.downcast_ref())
}

/// The host, with its port unless that is the scheme's own.
fn host_of(uri: &str) -> String {
    let url = Url::parse(uri).ok();
    let host = url.as_ref().and_then(|url| Some((url.host_str()?, url.port())));
    match host {
        Some((host, Some(port))) => format!("{host}:{port}"),
        Some((host, None)) => host.to_owned(),
        None => "the endpoint".to_owned(),
    }
}
