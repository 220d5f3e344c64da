//! Tests of certificates with real clients: rustls, and OpenSSL and Java where they are installed.

mod given;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use fakes::FakeClock;
use rcgen::{ExtendedKeyUsagePurpose, SanType};
use rustls::RootCertStore;
use rustls::client::{ClientConfig, verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::server::ParsedCertificate;
use rustls::time_provider::TimeProvider;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{ServerName, UnixTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;

const NOW: &str = "2026-11-23T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn names(added: &[&str]) -> Names {
    Names::with(added.iter().map(|name| HostName::parse(name).unwrap()))
}

fn authority(added: &[&str]) -> Authority {
    Authority::make(&names(added), at(NOW)).unwrap()
}

fn unix_time(at: Timestamp) -> UnixTime {
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(at.as_second().unsigned_abs()))
}

fn roots(pem: &str) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    roots
}

/// The verdict of rustls about a certificate of the authority for only this name.
fn verified(authority: &Authority, name: &str, now: &str) -> Result<(), rustls::Error> {
    let server_name = ServerName::try_from(name.to_owned()).unwrap();
    let vouched = authority.vouch([alternative(name)], at(NOW)).unwrap();
    let [leaf, issuers @ ..] = &vouched.cert[..] else { panic!("no certificate") };
    let leaf = ParsedCertificate::try_from(leaf).unwrap();
    verify_server_name(&leaf, &server_name)?;
    verify_server_cert_signed_by_trust_anchor(
        &leaf,
        &roots(&authority.certificate_pem()),
        issuers,
        unix_time(at(now)),
        provider().signature_verification_algorithms.all,
    )
}

fn alternative(name: &str) -> SanType {
    match HostName::parse(name).unwrap() {
        HostName::Dns(name) => SanType::DnsName(name.to_string().try_into().unwrap()),
        HostName::Ip(ip) => SanType::IpAddress(ip),
    }
}

/// Writes the certificates of a chain to files: root, leaf, issuer.
fn written(authority: &Authority, name: &str, folder: &Path) -> [PathBuf; 3] {
    let paths = ["root.pem", "leaf.der", "issuer.der"].map(|file| folder.join(file));
    let vouched = authority.vouch([alternative(name)], at(NOW)).unwrap();
    std::fs::write(&paths[0], authority.certificate_pem()).unwrap();
    for (certificate, path) in vouched.cert.iter().zip(&paths[1..]) {
        std::fs::write(path, certificate).unwrap();
    }
    paths
}

/// The output of an external verifier. `None`: it is not installed.
fn output(mut command: Command) -> Option<String> {
    if !fakes::needs_program(command.get_program().to_str().unwrap()) {
        return None;
    }
    let output = command.output().unwrap();
    let texts = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    Some(texts.concat())
}

/// The verdict of `openssl verify` about the same.
fn verified_by_openssl(authority: &Authority, name: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let [root, leaf, issuer] = written(authority, name, folder.path());
    let time = at(NOW).as_second().to_string();
    let mut command = Command::new("openssl");
    command.args(["verify", "-x509_strict", "-attime", &time, "-CAfile"]).arg(root);
    command.arg("-untrusted").arg(issuer).arg(leaf);
    output(command)
}

/// The verdict of Java. It takes a root from a trust store without its name constraints.
fn verified_by_java(authority: &Authority, name: &str) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("Verify.java");
    std::fs::write(&source, JAVA).unwrap();
    let mut command = Command::new("java");
    command.arg(source).arg(at(NOW).as_millisecond().to_string());
    command.args(written(authority, name, folder.path()));
    output(command)
}

const JAVA: &str = r#"
import java.io.FileInputStream;
import java.security.cert.*;
import java.util.*;

class Verify {
    public static void main(String[] arguments) throws Exception {
        var certificates = new ArrayList<X509Certificate>();
        for (var path : List.of(arguments).subList(1, 4))
            try (var file = new FileInputStream(path)) {
                var factory = CertificateFactory.getInstance("X.509");
                certificates.add((X509Certificate) factory.generateCertificate(file));
            }
        var parameters = new PKIXParameters(Set.of(new TrustAnchor(certificates.get(0), null)));
        parameters.setRevocationEnabled(false);
        parameters.setDate(new Date(Long.parseLong(arguments[0])));
        var path = CertificateFactory.getInstance("X.509").generateCertPath(certificates.subList(1, 3));
        try {
            CertPathValidator.getInstance("PKIX").validate(path, parameters);
            System.out.println("OK");
        } catch (CertPathValidatorException error) {
            System.out.println(error.getReason());
        }
    }
}
"#;

#[test]
fn clients_trust_an_authority_for_its_names_and_for_no_other() {
    let authority = authority(&["dev.example", "192.0.2.1", "2001:db8::1"]);
    for name in [
        "localhost",
        "127.0.0.1",
        "127.1.2.3",
        "::1",
        "host.docker.internal",
        "169.254.170.2",
        "169.254.170.23",
        "dev.example",
        "192.0.2.1",
        "2001:db8::1",
    ] {
        assert_eq!(verified(&authority, name, NOW), Ok(()), "{name}");
        let output = verified_by_openssl(&authority, name);
        assert!(output.is_none_or(|output| output.contains("leaf.der: OK")), "{name}");
    }
    for name in ["evil.example", "dev.example.evil", "192.0.2.2", "169.254.170.3", "::2"] {
        let refused = verified(&authority, name, NOW).unwrap_err().to_string();
        assert!(refused.contains("NameConstraintViolation"), "{name}: {refused}");
        let output = verified_by_openssl(&authority, name);
        let is_refused = output.as_ref().is_none_or(|output| output.contains("permitted subtree"));
        assert!(is_refused, "{name}: {output:?}");
    }
    for (name, expected) in [("dev.example", "OK"), ("evil.example", "INVALID_NAME")] {
        let output = verified_by_java(&authority, name);
        assert!(
            output.as_ref().is_none_or(|output| output.trim() == expected),
            "{name}: {output:?}"
        );
    }
}

#[test]
fn an_authority_vouches_for_no_mail_and_no_code() {
    let authority = authority(&[]);
    let stored = authority.to_pem();
    let stored = std::str::from_utf8(&stored).unwrap();
    let key = stored.get(stored.find("-----BEGIN PRIVATE").unwrap()..).unwrap();
    let key = rcgen::KeyPair::from_pem(key).unwrap();
    let (root, issuer) =
        (authority.certificate_pem(), stored.split_inclusive("-----END CERTIFICATE-----\n").nth(1));
    let issuer = issuer.unwrap();
    let signer = rcgen::Issuer::from_ca_cert_pem(issuer, &key).unwrap();
    let email = || SanType::Rfc822Name("me@evil.example".to_owned().try_into().unwrap());
    let folder = tempfile::tempdir().unwrap();
    for (purpose, usage, name, refused) in [
        ("sslserver", ExtendedKeyUsagePurpose::ServerAuth, alternative("localhost"), None),
        ("sslserver", ExtendedKeyUsagePurpose::ServerAuth, email(), Some("permitted subtree")),
        ("smimesign", ExtendedKeyUsagePurpose::EmailProtection, email(), Some("subtree")),
        (
            "codesign",
            ExtendedKeyUsagePurpose::CodeSigning,
            alternative("localhost"),
            Some("purpose"),
        ),
    ] {
        let mut params = rcgen::CertificateParams::default();
        params.subject_alt_names = vec![name];
        params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        let leaf = params.signed_by(&rcgen::KeyPair::generate().unwrap(), &signer).unwrap();
        let files = [("root", root.as_str()), ("issuer", issuer), ("leaf", &leaf.pem())];
        for (file, text) in files {
            std::fs::write(folder.path().join(file), text).unwrap();
        }
        let mut command = Command::new("openssl");
        command.current_dir(folder.path()).args([
            "verify",
            "-CAfile",
            "root",
            "-untrusted",
            "issuer",
        ]);
        command.args(["-purpose", purpose, "-attime", &at(NOW).as_second().to_string(), "leaf"]);
        let Some(output) = output(command) else { return };
        assert!(output.contains(refused.unwrap_or("leaf: OK")), "{purpose}: {output}");
    }
}

#[test]
fn a_certificate_is_valid_for_a_day_and_starts_an_hour_ago() {
    let authority = authority(&[]);
    for (now, is_valid) in [
        ("2026-11-23T10:59:59Z", false),
        ("2026-11-23T11:00:00Z", true),
        ("2026-11-24T12:00:00Z", true),
        ("2026-11-24T12:00:01Z", false),
    ] {
        assert_eq!(verified(&authority, "localhost", now).is_ok(), is_valid, "{now}");
    }
}

#[test]
fn an_authority_survives_storage_and_nothing_else_is_parsed() {
    let made = authority(&[]);
    let kept = made.to_pem();
    let read = Authority::parse(&kept).unwrap();
    assert_eq!(read.certificate_pem(), made.certificate_pem());
    assert_eq!(*read.to_pem(), *kept);
    // A client that trusts one accepts a certificate of the other.
    assert_eq!(verified(&read, "localhost", NOW), Ok(()));
    let without_key = made.certificate_pem();
    for damaged in [&b""[..], b"CANARY", without_key.as_bytes(), &kept[..kept.len() / 2]] {
        let refused = Authority::parse(damaged).err().unwrap().to_string();
        assert!(refused.contains("not what aws-sso writes"), "{refused}");
    }
}

#[test]
fn an_authority_with_other_names_or_of_another_time_is_refused() {
    let authority = authority(&["dev.example"]);
    assert!(authority.check(&names(&["dev.example"]), at(NOW)).is_ok());
    assert!(authority.check(&names(&[]), at("2036-11-22T00:00:00Z")).is_ok());
    let missing = authority.check(&names(&["dev.example", "qa.example"]), at(NOW)).unwrap_err();
    assert!(missing.to_string().contains("does not vouch for qa.example"), "{missing}");
    for now in ["2026-11-22T11:59:59Z", "2036-11-24T00:00:00Z"] {
        let refused = authority.check(&names(&[]), at(now)).unwrap_err();
        assert!(refused.to_string().contains("valid from 2026-11-22T12:00:00Z to"), "{refused}");
    }
}

/// A clock for clients that shows the server's time.
#[derive(Debug)]
struct SameTime(Arc<FakeClock>);

impl TimeProvider for SameTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(unix_time(self.0.now()))
    }
}

/// A server with connections in memory, and clients that trust its authority.
struct InMemory {
    tls: Tls,
    connector: TlsConnector,
}

impl InMemory {
    fn new(clock: &Arc<FakeClock>) -> Self {
        let authority = authority(&[]);
        let time = Arc::new(SameTime(Arc::clone(clock)));
        let config = ClientConfig::builder_with_details(Arc::new(provider()), time)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots(&authority.certificate_pem()))
            .with_no_client_auth();
        let tls =
            Tls::with_authority(authority, &names(&[]), Arc::<FakeClock>::clone(clock)).unwrap();
        Self { tls, connector: Arc::new(config).into() }
    }

    /// Opens a connection to a server that echoes.
    async fn connect(&self) -> TlsStream<DuplexStream> {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let accepting = self.tls.acceptor.accept(far);
        tokio::spawn(async move {
            let (mut reader, mut writer) = tokio::io::split(accepting.await.unwrap());
            tokio::io::copy(&mut reader, &mut writer).await
        });
        let name = ServerName::try_from("localhost").unwrap();
        self.connector.connect(name, near).await.unwrap()
    }
}

fn shown(stream: &TlsStream<DuplexStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone()
}

async fn is_open(stream: &mut TlsStream<DuplexStream>) -> bool {
    let mut heard = [0; 5];
    stream.write_all(b"still").await.unwrap();
    stream.flush().await.unwrap();
    stream.read_exact(&mut heard).await.is_ok() && heard == *b"still"
}

#[tokio::test]
async fn the_certificate_is_replaced_in_time_and_open_connections_stay_open() {
    let clock = Arc::new(FakeClock::at(NOW));
    let server = InMemory::new(&clock);
    let mut first = server.connect().await;
    clock.move_to("2026-11-24T03:59:59Z");
    assert_eq!(shown(&server.connect().await), shown(&first), "8 hours are left");
    clock.move_to("2026-11-24T04:00:00Z");
    let mut second = server.connect().await;
    assert_ne!(shown(&second), shown(&first));
    assert!(is_open(&mut first).await && is_open(&mut second).await);
}

#[tokio::test]
async fn after_a_clock_jump_the_certificate_is_valid() {
    let clock = Arc::new(FakeClock::at(NOW));
    let server = InMemory::new(&clock);
    // A handshake fails if the certificate is not valid at the client's time, which is the same.
    for now in ["2026-12-24T12:00:00Z", "2026-11-23T10:59:59Z", "2026-11-22T13:00:00Z"] {
        clock.move_to(now);
        assert!(is_open(&mut server.connect().await).await, "{now}");
    }
}
