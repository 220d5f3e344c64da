//! A certificate from the person's files, read and checked once at the start.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use credentials::Timestamp;
use files::FileError;
use rustls::InconsistentKeys;
use rustls::client::verify_server_name;
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

use super::{provider, validity_of};
use crate::names::{HostName, loopback};

/// A certificate with its chain and its key.
#[derive(Debug)]
pub struct Certificate {
    pub(super) path: PathBuf,
    /// The first of loopback's names and the required names that it contains.
    pub(super) name: HostName,
    certified: Arc<CertifiedKey>,
}

/// Why a certificate or its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read, or other users can read the key.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is no certificate in the file.
    #[error("{} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)", .0.display())]
    NoCertificate(PathBuf),
    /// There is no private key in the file.
    #[error("{} holds no private key in PEM (-----BEGIN PRIVATE KEY-----)", .0.display())]
    NoKey(PathBuf),
    /// The key is encrypted with a passphrase.
    #[error("the private key in {} is encrypted, and the server cannot ask for a passphrase", .0.display())]
    EncryptedKey(PathBuf),
    /// The key belongs to another certificate.
    #[error("the private key does not belong to the certificate in {}", .0.display())]
    KeyMismatch(PathBuf),
    /// The certificate is not valid at this time.
    #[error("the certificate in {} is valid from {from} to {until} only, and now it is {now}", path.display())]
    NotValid {
        /// The certificate's file.
        path: PathBuf,
        /// Its start.
        from: Timestamp,
        /// Its end.
        until: Timestamp,
        /// The time of our clock.
        now: Timestamp,
    },
    /// The certificate is for other names.
    #[error("the certificate in {} is not for {missing}, but for {}", path.display(), list(present))]
    MissingName {
        /// The certificate's file.
        path: PathBuf,
        /// The name that it does not contain.
        missing: String,
        /// The names that it contains.
        present: Vec<String>,
    },
    /// A file is not well-formed PEM.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The kind of the certificate or the key is not known.
    #[error("the certificate in {} cannot be used: {reason}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl Certificate {
    /// Reads a certificate with its chain, and its key. It must contain all of these names. If there are none, it must
    /// contain one of loopback's names.
    ///
    /// # Errors
    /// See [`CertificateError`].
    pub fn read(
        certificate: &Path,
        key: &Path,
        names: &[HostName],
        now: Timestamp,
    ) -> Result<Self, CertificateError> {
        let path = certificate.to_owned();
        let chain = read_chain(&path)?;
        let key = read_key(key)?;
        let unusable = |error: rustls::Error| CertificateError::Unusable {
            path: path.clone(),
            reason: error.to_string(),
        };
        let mismatch = rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch);
        let certified = match CertifiedKey::from_der(chain, key, &provider()) {
            Ok(certified) => certified,
            Err(error) if error == mismatch => return Err(CertificateError::KeyMismatch(path)),
            Err(error) => return Err(unusable(error)),
        };
        let leaf = certified.end_entity_cert().map_err(unusable)?;
        check_validity(&path, leaf, now)?;
        let name = check_names(&path, leaf, names)?;
        Ok(Self { path, name, certified: Arc::new(certified) })
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.certified))
    }
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let pem = files::read(path, MAX_BYTES)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err(CertificateError::NoCertificate(path.to_owned())),
        Ok(chain) => Ok(chain),
        Err(error) => Err(damaged(path, &error)),
    }
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, CertificateError> {
    let pem = files::read_given_key(path, MAX_BYTES)?;
    // PKCS #8 states it in the first line, the older forms in a header (RFC 1421).
    let is_encrypted = [&b"BEGIN ENCRYPTED PRIVATE KEY"[..], b"Proc-Type: 4,ENCRYPTED"]
        .iter()
        .any(|mark| pem.windows(mark.len()).any(|window| window == *mark));
    match PrivateKeyDer::from_pem_slice(&pem) {
        _ if is_encrypted => Err(CertificateError::EncryptedKey(path.to_owned())),
        Ok(key) => Ok(key),
        Err(pem::Error::NoItemsFound) => Err(CertificateError::NoKey(path.to_owned())),
        Err(error) => Err(damaged(path, &error)),
    }
}

fn check_validity(
    path: &Path,
    leaf: &CertificateDer<'_>,
    now: Timestamp,
) -> Result<(), CertificateError> {
    match validity_of(leaf) {
        Some((from, until)) if now < from || now > until => {
            Err(CertificateError::NotValid { path: path.to_owned(), from, until, now })
        }
        Some(_) => Ok(()),
        None => Err(CertificateError::NoCertificate(path.to_owned())),
    }
}

/// Checks the names, and returns the best one to use.
fn check_names(
    path: &Path,
    leaf: &CertificateDer<'_>,
    names: &[HostName],
) -> Result<HostName, CertificateError> {
    let path = || path.to_owned();
    let unusable = |error: rustls::Error| CertificateError::Unusable {
        path: path(),
        reason: error.to_string(),
    };
    let parsed = ParsedCertificate::try_from(leaf).map_err(unusable)?;
    let is_for = |name: &HostName| {
        name.to_server_name().is_some_and(|name| verify_server_name(&parsed, &name).is_ok())
    };
    let lacks = |missing: String| CertificateError::MissingName {
        path: path(),
        missing,
        present: names_in(leaf),
    };
    if let Some(missing) = names.iter().find(|name| !is_for(name)) {
        return Err(lacks(missing.to_string()));
    }
    let mut by_preference = loopback().into_iter().chain(names.iter().cloned());
    by_preference.find(is_for).ok_or_else(|| lacks("127.0.0.1, localhost or ::1".to_owned()))
}

/// The DNS names and addresses of a certificate, for messages.
fn names_in(leaf: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, parsed)) = parse_x509_certificate(leaf) else { return Vec::new() };
    let Ok(Some(names)) = parsed.subject_alternative_name() else { return Vec::new() };
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other kinds are not names of a server")]
    let text = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let ip = v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from));
            ip.ok().map(|ip| ip.to_string())
        }
        _ => None,
    };
    names.value.general_names.iter().filter_map(text).collect()
}

fn damaged(path: &Path, error: &pem::Error) -> CertificateError {
    CertificateError::Damaged { path: path.to_owned(), reason: error.to_string() }
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "no name at all".to_owned() } else { names.join(", ") }
}

/// Ten times a chain with the largest keys.
const MAX_BYTES: u64 = 256 * 1024;
