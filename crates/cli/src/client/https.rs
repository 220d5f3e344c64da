//! HTTPS to a server: the trusted roots, and the messages when the handshake fails.
//!
//! The client trusts our own authority (its certificate is limited to our server), the system's roots, and
//! `AWS_CA_BUNDLE`.

use std::fmt::Display;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::client::address::ServerAddress;
use crate::ground::{env, paths};
use credentials::{Failure, Problem};

/// Does the TLS handshake.
pub(super) async fn begin(
    stream: TcpStream,
    address: &ServerAddress,
) -> Result<TlsStream<TcpStream>, Failure> {
    let unusable = |error: rustls::Error| Failure::failed(format!("TLS cannot be set up: {error}"));
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_root_certificates(roots()?)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let name = ServerName::try_from(address.host.clone()).map_err(|_| {
        let text = format!("the host of {address} is not a valid name for a certificate");
        Failure::failed(text).with_hint("Use a DNS name or an IP address in --server")
    })?;
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await.map_err(|error| explain(&error, address))
}

fn roots() -> Result<RootCertStore, Failure> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    for error in &system.errors {
        tracing::debug!(%error, "a certificate of the system cannot be read");
    }
    roots.add_parsable_certificates(system.certs);
    let ours = paths::authority_certificate();
    if ours.exists() {
        roots.add_parsable_certificates(read(&ours, "")?);
    }
    if let Some(bundle) = env::ca_bundle() {
        roots.add_parsable_certificates(read(&bundle, "AWS_CA_BUNDLE ")?);
    }
    Ok(roots)
}

fn read(path: &Path, what: &str) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let cannot = |error: &dyn Display| Failure::failed(format!("{what}{error}"));
    let pem = files::read(path, MAX_BYTES).map_err(|error| cannot(&error))?;
    let certificates: Result<_, pem::Error> = CertificateDer::pem_slice_iter(&pem).collect();
    certificates.map_err(|error| cannot(&format!("{} cannot be read: {error}", path.display())))
}

/// Why there is no HTTPS with this server, and what to do.
fn explain(error: &io::Error, address: &ServerAddress) -> Failure {
    use CertificateError as Bad;
    use rustls::Error::{InvalidCertificate, InvalidMessage};
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>());
    let (text, hint) = match cause {
        Some(InvalidCertificate(Bad::UnknownIssuer | Bad::BadSignature)) => (
            format!("the certificate of the server at {address} is from an authority that is not trusted here"),
            "Name its file in AWS_CA_BUNDLE (with `ecs run --tls` it is ecs-authority.pem). If the authority was \
             renewed, restart the server."
                .to_owned(),
        ),
        Some(InvalidCertificate(Bad::NotValidForNameContext { presented, .. })) => (
            format!(
                "the certificate of the server at {address} is not for {}, but for {}",
                address.host,
                presented.iter().map(|name| bare(name)).collect::<Vec<_>>().join(", ")
            ),
            "Use a name from the certificate in --server".to_owned(),
        ),
        Some(InvalidCertificate(
            Bad::Expired | Bad::ExpiredContext { .. } | Bad::NotValidYet | Bad::NotValidYetContext { .. },
        )) => (
            format!("the certificate of the server at {address} is not valid at this time"),
            "Check the clocks of both machines. If they are right, renew the certificate of the server.".to_owned(),
        ),
        Some(InvalidCertificate(reason)) => (
            format!("the certificate of the server at {address} is refused: {reason}"),
            "Let the server make another certificate: aws-sso ecs run --tls".to_owned(),
        ),
        Some(InvalidMessage(_)) => (
            format!("the server at {address} does not speak HTTPS"),
            format!("If it is on this host, use plain HTTP: --server http://{address}"),
        ),
        _ => {
            let text = format!("the TLS handshake with the server at {address} failed: {error}");
            return Failure::new(Problem::Unreachable, text);
        }
    };
    Failure::new(Problem::Unreachable, text).with_hint(hint)
}

/// The name without rustls's wrapper, such as `DnsName("dev.example")` or `IpAddress(192.0.2.1)`.
fn bare(name: &str) -> &str {
    let inside = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.unwrap_or(name).trim_matches('"')
}

/// A distribution's bundle has 250 KB.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
