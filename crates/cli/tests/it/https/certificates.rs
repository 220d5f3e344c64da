//! Certificates that a person brings, and servers that the client doesn't believe.

use std::os::unix::fs::PermissionsExt;

use rcgen::{CertificateParams, KeyPair};

use super::*;

/// Writes a self-made certificate for these names, and its key.
fn make(world: &TestEnv, name: &str, names: &[&str], until: i32) {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(names).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    let certificate = params.self_signed(&key).unwrap();
    world.write(&format!("{name}.pem"), &certificate.pem());
    world.write_private(&format!("{name}/key.pem"), &key.serialize_pem());
}

fn arguments(name: &str, key: &str) -> [String; 4] {
    [
        "--tls-cert".to_owned(),
        format!("{name}.pem"),
        "--tls-key".to_owned(),
        format!("{key}/key.pem"),
    ]
}

#[test]
fn an_unusable_certificate_is_reported_with_its_fix() {
    let world = world();
    make(&world, "good", &["localhost"], 2099);
    make(&world, "other", &["localhost"], 2099);
    make(&world, "old", &["localhost"], 2021);
    make(&world, "elsewhere", &["dev.example", "192.0.2.1"], 2099);
    world.write("empty.pem", "");
    world.write_private("empty/key.pem", "");
    world.write_private("locked/key.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n");
    world.write_private("open/key.pem", "");
    let open = world.home().join("open/key.pem");
    fs::set_permissions(open, fs::Permissions::from_mode(0o644)).unwrap();
    for (certificate, key, said, hint) in [
        (
            "missing",
            "good",
            "missing.pem cannot be read: No such file",
            "--tls-cert with the certificate",
        ),
        (
            "good",
            "missing",
            "missing/key.pem cannot be read: No such file",
            "--tls-key with its private key",
        ),
        ("empty", "good", "empty.pem holds no certificate", "Give two PEM files"),
        ("good", "empty", "empty/key.pem holds no private key", "Give two PEM files"),
        ("good", "locked", "locked/key.pem is encrypted", "openssl pkey -in locked/key.pem"),
        (
            "good",
            "open",
            "open/key.pem can be read or written by other users",
            "chmod 600 open/key.pem",
        ),
        ("good", "other", "does not belong to the certificate in good.pem", "--tls-key FILE"),
        ("old", "old", "to 2021-01-01T00:00:00Z only", "aws-sso ecs run --tls"),
        ("elsewhere", "elsewhere", "but for dev.example, 192.0.2.1", "--tls-name dev.example"),
    ] {
        let given = arguments(certificate, key);
        let given: Vec<_> = given.iter().map(String::as_str).collect();
        let failed = world.run(&[&["ecs", "run", "--port", "0"], &given[..]].concat());
        assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""), "{failed:?}");
        let (error, mends) = failed.stderr.split_once("\nhint: ").unwrap();
        assert!(error.contains(said) && mends.contains(hint), "{}", failed.stderr);
    }
}

#[test]
fn flags_that_need_each_other_are_usage_errors() {
    for (arguments, said) in [
        (&["--tls-cert", "x"][..], "--tls-key <FILE>"),
        (&["--tls-key", "x"], "--tls-cert <FILE>"),
        (&["--tls-name", "dev.example"], "--tls"),
        (&["--tls", "--tls-name", "*.example"], "a DNS name without wildcards"),
    ] {
        let shown = world().run(&[&["ecs", "run", "--port", "0"], arguments].concat());
        assert!(shown.code == Some(2) && shown.stderr.contains(said), "{arguments:?}: {shown:?}");
    }
}

#[test]
fn a_certificate_that_a_person_brings_is_shown_and_has_to_be_trusted() {
    let mut world = world();
    make(&world, "own", &["localhost", "127.0.0.1"], 2099);
    let given = arguments("own", "own");
    let server = world.serve(&given.iter().map(String::as_str).collect::<Vec<_>>());
    let own = world.home().join("own.pem");
    let answer = ask(&world, &server, &own, "TLSv1_3", "localhost");
    assert!(answer.stdout.starts_with("TLSv1.3 HTTP/1.1 404"), "{answer:?}");
    assert!(!authority(&world).exists(), "it takes no authority of ours");

    let failed = load(&world, &server.address(), &[]);
    assert_eq!(failed.code, Some(4), "{}", failed.stderr);
    assert!(failed.stderr.contains("an authority that is not trusted here"), "{}", failed.stderr);
    assert!(failed.stderr.contains("Name its file in AWS_CA_BUNDLE"), "{}", failed.stderr);
    world.set("AWS_CA_BUNDLE", own.to_str().unwrap());
    let loaded = load(&world, &server.address(), &[]);
    assert_eq!(loaded.code, Some(0), "{}", loaded.stderr);

    let wrong = format!("https://[::1]:{}", server.port());
    let failed = world.run(&["ecs", "list", "--server", &wrong]);
    let said = "is not for ::1, but for localhost, 127.0.0.1";
    assert!(failed.code == Some(4) && failed.stderr.contains(said), "{}", failed.stderr);
}

#[test]
fn the_authority_of_another_home_is_not_trusted() {
    let (world, other) = (sealed(), sealed());
    let (server, _other) = (world.serve(&["--tls"]), other.serve(&["--tls"]));
    let failed = other.run(&["ecs", "list", "--server", &https(&server)]);
    assert!(failed.stderr.contains("an authority that is not trusted here"), "{}", failed.stderr);
    let answer = ask(&other, &server, &authority(&other), "TLSv1_3", "localhost");
    assert!(answer.stderr.contains("CERTIFICATE_VERIFY_FAILED"), "{}", answer.stderr);
}
