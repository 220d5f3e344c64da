//! Tests of certificates and keys from files: accepted, or refused with the reason.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rcgen::{CertificateParams, KeyPair};

use super::*;

/// A folder with a certificate and its key.
struct Files {
    _folder: tempfile::TempDir,
    certificate: PathBuf,
    key: PathBuf,
}

fn files(certificate: &str, key: &str) -> Files {
    let folder = tempfile::tempdir().unwrap();
    let [certificate_path, key_path] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
    fs::write(&certificate_path, certificate).unwrap();
    fs::write(&key_path, key).unwrap();
    fs::set_permissions(&key_path, fs::Permissions::from_mode(0o600)).unwrap();
    Files { _folder: folder, certificate: certificate_path, key: key_path }
}

/// A certificate for these names, valid in November 2026, and its key.
fn made(names: &[&str]) -> (String, String) {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(names).unwrap();
    params.not_before = rcgen::date_time_ymd(2026, 11, 1);
    params.not_after = rcgen::date_time_ymd(2026, 12, 1);
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

fn read_at(files: &Files, wanted: &[&str], now: &str) -> Result<Certificate, CertificateError> {
    let wanted: Vec<_> = wanted.iter().map(|name| HostName::parse(name).unwrap()).collect();
    Certificate::read(&files.certificate, &files.key, &wanted, at(now))
}

fn refusal(files: &Files, wanted: &[&str]) -> String {
    read_at(files, wanted, NOW).unwrap_err().to_string()
}

fn openssl(arguments: &[&str], file: &Path) -> String {
    let output = Command::new("openssl").args(arguments).arg(file).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_certificate_gives_the_best_name_for_the_server() {
    for (names, wanted, best) in [
        (&["localhost", "127.0.0.1"][..], &[][..], "127.0.0.1"),
        (&["localhost"], &[], "localhost"),
        (&["localhost", "dev.example"], &["dev.example"], "localhost"),
        (&["dev.example"], &["dev.example"], "dev.example"),
        (&["*.dev.example"], &["a.dev.example"], "a.dev.example"),
        (&["192.0.2.1"], &["192.0.2.1"], "192.0.2.1"),
    ] {
        let (certificate, key) = made(names);
        let given = read_at(&files(&certificate, &key), wanted, NOW).unwrap();
        let name = Tls::with_certificate(given).unwrap().name().unwrap().to_string();
        assert_eq!(name, best, "{names:?}");
    }
}

#[test]
fn keys_are_accepted_in_all_three_formats() {
    let (certificate, pkcs8) = made(&["localhost"]);
    assert!(pkcs8.starts_with("-----BEGIN PRIVATE KEY"));
    let files = files(&certificate, &pkcs8);
    assert!(read_at(&files, &[], NOW).is_ok());
    if !fakes::needs_program("openssl") {
        return;
    }
    let sec1 = openssl(&["ec", "-in"], &files.key);
    assert!(sec1.starts_with("-----BEGIN EC PRIVATE KEY"), "{sec1}");
    // `openssl ecparam -genkey` writes the curve before it.
    let curve = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    fs::write(&files.key, format!("{curve}{sec1}")).unwrap();
    assert!(read_at(&files, &[], NOW).is_ok());
    let request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-days", "1"];
    let names = ["-addext", "subjectAltName=DNS:localhost", "-out", "/dev/stdout", "-keyout"];
    let certificate = openssl(&[&request[..], &names].concat(), &files.key);
    fs::write(&files.certificate, certificate).unwrap();
    let pkcs1 = openssl(&["rsa", "-traditional", "-in"], &files.key);
    assert!(pkcs1.starts_with("-----BEGIN RSA PRIVATE KEY"), "{pkcs1}");
    fs::write(&files.key, pkcs1).unwrap();
    // OpenSSL used the real clock.
    let refused = read_at(&files, &[], NOW).err().map(|error| error.to_string());
    assert!(refused.is_none_or(|refused| refused.contains("is valid from")));
}

#[test]
fn each_fault_of_a_certificate_or_its_key_has_a_message() {
    let (certificate, key) = made(&["localhost"]);
    let (other_certificate, other_key) = made(&["localhost"]);
    let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let older = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAA==\n-----END RSA PRIVATE KEY-----\n";
    let torn = certificate.lines().take(3).collect::<Vec<_>>().join("\n");
    for (certificate, key, said) in [
        ("", key.as_str(), "holds no certificate in PEM"),
        (&key, &key, "holds no certificate in PEM"),
        (&torn, &key, "is damaged"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &key, "cannot be used"),
        (&certificate, "", "holds no private key in PEM"),
        (&certificate, &certificate, "holds no private key in PEM"),
        (&certificate, &encrypted, "is encrypted"),
        (&certificate, older, "is encrypted"),
        (&certificate, &other_key, "does not belong to the certificate"),
        (&other_certificate, &key, "does not belong to the certificate"),
    ] {
        let text = refusal(&files(certificate, key), &[]);
        assert!(text.contains(said), "{text:?} instead of {said:?}");
    }
    // The first certificate of a chain must be the one of the key.
    let chain = format!("{other_certificate}{certificate}");
    assert!(refusal(&files(&chain, &key), &[]).contains("does not belong"));
    assert!(read_at(&files(&format!("{certificate}{other_certificate}"), &key), &[], NOW).is_ok());
}

#[test]
fn a_certificate_of_another_time_or_name_is_refused() {
    let (certificate, key) = made(&["dev.example", "192.0.2.1"]);
    let files = files(&certificate, &key);
    for now in ["2026-10-31T23:59:59Z", "2026-12-01T00:00:01Z"] {
        let text = read_at(&files, &["dev.example"], now).unwrap_err().to_string();
        assert!(text.contains("from 2026-11-01T00:00:00Z to 2026-12-01T00:00:00Z"), "{text}");
    }
    let text = refusal(&files, &["dev.example", "qa.example"]);
    assert!(text.ends_with("is not for qa.example, but for dev.example, 192.0.2.1"), "{text}");
    let text = refusal(&files, &[]);
    assert!(text.contains("127.0.0.1, localhost or ::1, but for dev.example, 192.0.2.1"), "{text}");
}

#[test]
fn missing_files_and_files_open_to_other_users_are_refused() {
    let (certificate, key) = made(&["localhost"]);
    let files = files(&certificate, &key);
    fs::set_permissions(&files.key, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(refusal(&files, &[]).ends_with("/key.pem can be read or written by other users"));
    fs::remove_file(&files.key).unwrap();
    assert!(refusal(&files, &[]).contains("key.pem cannot be read: No such file"));
    fs::remove_file(&files.certificate).unwrap();
    assert!(refusal(&files, &[]).contains("cert.pem cannot be read: No such file"));
}
