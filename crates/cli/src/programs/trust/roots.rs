//! The certificates that the system or a file contains.

use std::path::Path;

use rustls_pki_types::CertificateDer;

/// The roots of the system, without regard to the environment.
pub(super) fn of_system() -> Vec<CertificateDer<'static>> {
    // `load_native_certs` would look at SSL_CERT_FILE first, which may be our own bundle.
    match SYSTEM_BUNDLES.iter().map(Path::new).find(|path| path.exists()) {
        Some(path) => of_file(path),
        None => rustls_native_certs::load_native_certs().certs,
    }
}

/// Whether the file is one of the system's.
pub(super) fn is_of_system(path: &Path) -> bool {
    SYSTEM_BUNDLES.iter().any(|bundle| Path::new(bundle) == path)
}

/// The certificates in a file; none, if there is no such file.
pub(super) fn of_file(path: &Path) -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_certs_from_paths(Some(path), None).certs
}

/// The bundles of Linux distributions: Debian, Arch and Alpine; Fedora; openSUSE; NixOS.
const SYSTEM_BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/certs/ca-bundle.crt",
];
