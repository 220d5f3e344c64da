//! What makes programs trust the certificates of our server: its authority, in the forms that runtimes read.

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

/// Our certificate authority, as everybody may know it.
pub(crate) struct Authority {
    path: PathBuf,
    certificate: CertificateDer<'static>,
}

/// Where the forms are that runtimes read.
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
    /// Reads its certificate; `None` if there is none yet.
    ///
    /// # Errors
    /// It can't be read.
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

    /// What people compare: SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` shows it.
    pub(crate) fn fingerprint(&self) -> String {
        let digest = Sha256::digest(&self.certificate);
        let pairs: Vec<String> = digest.iter().map(|byte| HEXUPPER.encode(&[*byte])).collect();
        pairs.join(":")
    }

    /// Writes the bundle anew, with the system's roots as they are now.
    ///
    /// `besides` are files whose certificates these variables had until now: a company's own roots, mostly.
    ///
    /// # Errors
    /// No roots were found, or a file can't be written.
    pub(crate) fn write_bundle(
        &self,
        bundle: Bundle,
        besides: Vec<PathBuf>,
    ) -> Result<Bundle, Failure> {
        let system = roots::of_system();
        if system.is_empty() {
            // A program that trusts nobody but us reaches nothing else any more.
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
        // A path that is more than a line is taken this time, and forgotten.
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

    /// Whose certificates are in the bundle beside the system's: what was there the last time still is, because other
    /// shells may rely on it.
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

/// Puts a file in the place of another. Everybody may read it: it holds no secret, and a container's user is another.
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
/// The bundle of a distribution has 250 KB.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
