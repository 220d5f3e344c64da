//! HTTPS: whose certificate the port shows, and how a connection begins. What is said on it afterwards is `connection`'s.
//!
//! TLS 1.2 and 1.3 by rustls with ring, which is chosen here alone. No client certificates: who asks is the gate's.

mod authority;
mod given;
pub(crate) mod handshake;
mod leaf;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use credentials::{Clock, Timestamp};
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::ResolvesServerCert;
use rustls_pki_types::CertificateDer;
use tokio_rustls::TlsAcceptor;
use x509_parser::parse_x509_certificate;

use crate::memory::keep_out_of_swap;
use crate::names::{HostName, Names};
pub use authority::{Authority, AuthorityError};
pub use given::{Certificate, CertificateError};
use leaf::Leaf;

/// What a port that speaks HTTPS needs.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    /// As [`Tls::name`].
    name: Option<HostName>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

impl Tls {
    /// With certificates of the authority's for these names, each for a day and replaced in time.
    ///
    /// # Errors
    /// The authority can't vouch for one of them.
    pub fn by(
        authority: Authority,
        names: &Names,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AuthorityError> {
        authority.check(names, clock.now())?;
        let leaf = Arc::new(Leaf::new(authority, names, clock)?);
        keep_out_of_swap(&*leaf);
        Self::showing(leaf, None).map_err(|error| AuthorityError::Refused(error.to_string()))
    }

    /// With a certificate that the person has.
    ///
    /// # Errors
    /// rustls refuses it.
    pub fn with(certificate: Certificate) -> Result<Self, CertificateError> {
        let (path, name) = (certificate.path.clone(), certificate.name.clone());
        Self::showing(Arc::new(certificate), Some(name))
            .map_err(|error| CertificateError::Unusable { path, reason: error.to_string() })
    }

    /// By which name programs of this host best reach the server, if the certificate isn't for all of loopback's.
    pub fn name(&self) -> Option<&HostName> {
        self.name.as_ref()
    }

    fn showing(
        certificates: Arc<dyn ResolvesServerCert>,
        name: Option<HostName>,
    ) -> Result<Self, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(certificates);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: Arc::new(config).into(), name })
    }
}

/// The cryptography under all of it.
pub(crate) fn provider() -> CryptoProvider {
    ring::default_provider()
}

/// From when until when a certificate is valid; `None` if it is none.
fn validity_of(certificate: &CertificateDer<'_>) -> Option<(Timestamp, Timestamp)> {
    let (_, parsed) = parse_x509_certificate(certificate).ok()?;
    let validity = parsed.validity();
    let at = |second| Timestamp::from_second(second).ok();
    Some((at(validity.not_before.timestamp())?, at(validity.not_after.timestamp())?))
}
