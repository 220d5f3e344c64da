//! HTTPS: the certificate of the port, and the handshake. The module `connection` serves what follows.
//!
//! TLS 1.2 and 1.3 by rustls with ring, which only this module chooses. No client certificates: the gate decides about
//! the requester.

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

/// The configuration of a port that speaks HTTPS.
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
    /// HTTPS with certificates from the authority for these names. Each is valid for a day and replaced in time.
    ///
    /// # Errors
    /// The authority cannot vouch for one of the names.
    pub fn with_authority(
        authority: Authority,
        names: &Names,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AuthorityError> {
        authority.check(names, clock.now())?;
        let leaf = Arc::new(Leaf::new(authority, names, clock)?);
        keep_out_of_swap(&*leaf);
        Self::with_resolver(leaf, None).map_err(|error| AuthorityError::Refused(error.to_string()))
    }

    /// HTTPS with a certificate from the person.
    ///
    /// # Errors
    /// rustls refuses it.
    pub fn with_certificate(certificate: Certificate) -> Result<Self, CertificateError> {
        let (path, name) = (certificate.path.clone(), certificate.name.clone());
        Self::with_resolver(Arc::new(certificate), Some(name))
            .map_err(|error| CertificateError::Unusable { path, reason: error.to_string() })
    }

    /// The best name for programs of this host, if the certificate does not contain all loopback names.
    pub fn name(&self) -> Option<&HostName> {
        self.name.as_ref()
    }

    fn with_resolver(
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

/// The cryptographic library.
pub(crate) fn provider() -> CryptoProvider {
    ring::default_provider()
}

/// The start and end of a certificate's validity. `None`: it cannot be parsed.
fn validity_of(certificate: &CertificateDer<'_>) -> Option<(Timestamp, Timestamp)> {
    let (_, parsed) = parse_x509_certificate(certificate).ok()?;
    let validity = parsed.validity();
    let at = |second| Timestamp::from_second(second).ok();
    Some((at(validity.not_before.timestamp())?, at(validity.not_after.timestamp())?))
}
