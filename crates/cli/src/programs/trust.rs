//! The files that make programs trust our server: the certificate of its authority, in the forms that runtimes read.

mod java;
mod programs;
mod roots;
mod system_store;

use std::path::{Path, PathBuf};

use data_encoding::{BASE64, HEXUPPER};
use files::{Access, Durability, FileError};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sha2::{Digest, Sha256};

use credentials::Failure;

use crate::ground::paths;

pub(crate) use programs::{Program, TrustVariables, programs, roots_of_python};
pub(crate) use system_store::{Step, SystemStore, WHY_NOT, may_change_system};

/// The public part of our certificate authority.
pub(crate) struct Authority {
    path: PathBuf,
    certificate: CertificateDer<'static>,
}

/// The paths of the files for runtimes.
pub(crate) struct Bundle {
    /// The authority and the system's roots, as PEM.
    pub(crate) pem: PathBuf,
    /// The same, for Java.
    pub(crate) java: PathBuf,
}

/// The bundle, with the system's roots as they are now and a company's own, if the environment names them.
pub(crate) fn write_bundle(authority: &Authority) -> Result<Bundle, Failure> {
    let TrustVariables { ssl_cert_file, aws_ca_bundle, node_extra_ca_certs, .. } =
        TrustVariables::now();
    let besides = [ssl_cert_file, aws_ca_bundle, node_extra_ca_certs].into_iter().flatten();
    let bundle = Bundle { pem: paths::authority_bundle(), java: paths::authority_trust_store() };
    authority.write_bundle(bundle, besides.collect())
}

impl Authority {
    /// Reads the certificate; `None` if there is none yet.
    ///
    /// # Errors
    /// The certificate cannot be read.
    pub(crate) fn read(path: PathBuf) -> Result<Option<Self>, Failure> {
        let pem = match files::read(&path, MAX_BYTES) {
            Ok(pem) => pem,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        match CertificateDer::from_pem_slice(&pem) {
            Ok(certificate) => Ok(Some(Self { path, certificate })),
            Err(error) => Err(Failure::failed(format!(
                "the certificate authority {} cannot be read: {error}",
                path.display()
            ))),
        }
    }

    /// The file with its certificate alone.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The SHA-256 fingerprint of the certificate, as `openssl x509 -fingerprint -sha256` shows it.
    pub(crate) fn fingerprint(&self) -> String {
        let digest = Sha256::digest(&self.certificate);
        let pairs: Vec<String> = digest.iter().map(|byte| HEXUPPER.encode(&[*byte])).collect();
        pairs.join(":")
    }

    /// Writes the bundle again, with the current roots of the system.
    ///
    /// `besides` are the files that the variables named so far, usually with a company's own roots.
    ///
    /// # Errors
    /// No roots were found, or a file cannot be written.
    pub(crate) fn write_bundle(
        &self,
        bundle: Bundle,
        besides: Vec<PathBuf>,
    ) -> Result<Bundle, Failure> {
        let system = roots::of_system();
        if system.is_empty() {
            // With our certificate alone, programs could not reach any other server.
            return Err(Failure::failed("the system's root certificates were not found")
                .with_hint("Install them: apt-get install ca-certificates"));
        }
        let others = self.others(&bundle, besides);
        let mut certificates = vec![self.certificate.clone()];
        let more = others.iter().flat_map(|path| roots::of_file(path));
        for certificate in system.into_iter().chain(more) {
            if !certificates.contains(&certificate) {
                certificates.push(certificate);
            }
        }
        let mut pem = format!("{TITLE}\n");
        // A path with a line break is used this time, but not remembered.
        let lines = others.iter().filter_map(|path| path.to_str());
        for path in lines.filter(|path| !path.contains(char::is_control)) {
            pem += &format!("{BESIDES}{path}\n");
        }
        for certificate in &certificates {
            pem += &pem_of(certificate);
        }
        replace(&bundle.pem, pem.as_bytes())?;
        replace(&bundle.java, &java::trust_store(&certificates))?;
        Ok(bundle)
    }

    /// The other files whose certificates are in the bundle. Earlier files stay, because other shells may need them.
    fn others(&self, bundle: &Bundle, besides: Vec<PathBuf>) -> Vec<PathBuf> {
        let last = files::read(&bundle.pem, MAX_BYTES).unwrap_or_default();
        let last = String::from_utf8(last).unwrap_or_default();
        let last = last.lines().filter_map(|line| line.strip_prefix(BESIDES)).map(PathBuf::from);
        let mut others: Vec<PathBuf> = last.chain(besides).collect();
        others.sort_unstable();
        others.dedup();
        let is_in_it =
            |path: &PathBuf| *path == bundle.pem || *path == self.path || roots::is_of_system(path);
        others.retain(|path| !is_in_it(path) && path.is_absolute() && path.exists());
        others
    }
}

/// Replaces a file that everyone may read. It holds no secret, and containers run as other users.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    files::replace(path, bytes, Access::Public, Durability::BestEffort)
}

fn pem_of(certificate: &CertificateDer<'_>) -> String {
    let base64 = BASE64.encode(certificate);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        pem += line;
        pem.push('\n');
        rest = after;
    }
    pem + "-----END CERTIFICATE-----\n"
}

const TITLE: &str = "# aws-sso's certificate authority, and what is trusted beside it. Written anew by: aws-sso ecs trust";
const BESIDES: &str = "# also: ";
/// A distribution's bundle has 250 KB.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
