//! `ecs trust`, with a certificate authority made by openssl, and with real programs that trust it or not.

use std::path::PathBuf;
use std::process::Command;

use fakes::TestEnv;
use serde_json::Value;

use crate::world;

const STATE: &str = ".local/state/aws-sso";

/// A world with an authority and a certificate for `localhost` that it signed.
pub(crate) fn world_with_authority() -> TestEnv {
    let world = world();
    world.write_private(&format!("{STATE}/placeholder"), "");
    renew(&world);
    world
}

fn file(world: &TestEnv, name: &str) -> PathBuf {
    world.home().join(STATE).join(name)
}

fn renew(world: &TestEnv) {
    make_authority(world, "aws-sso", &file(world, "ecs-authority.pem"));
}

/// Makes a self-signed certificate at this path, and `leaf.pem` in the home folder.
fn make_authority(world: &TestEnv, name: &str, path: &std::path::Path) {
    let script = "set -e
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
            -subj \"/CN=$1\" -keyout ca.key -out \"$2\" -addext basicConstraints=critical,CA:TRUE
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
            -keyout leaf.key -out leaf.csr -addext subjectAltName=DNS:localhost,IP:127.0.0.1
        openssl x509 -req -in leaf.csr -CA \"$2\" -CAkey ca.key -CAcreateserial -days 2 \
            -copy_extensions copy -out leaf.pem";
    let mut command = world.command("sh");
    command.args(["-c", script, "sh", name, path.to_str().unwrap()]);
    let made = world.finish(command, "");
    assert_eq!(made.code, Some(0), "{}", made.stderr);
}

fn shown(world: &TestEnv) -> Value {
    let shown = world.run(&["ecs", "trust", "--output", "json"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    serde_json::from_str(&shown.stdout).unwrap()
}

/// The programs that trust the authority, or do not, according to the output.
fn programs(shown: &Value, trusts: bool) -> Vec<&str> {
    let programs = shown["Programs"].as_array().unwrap().iter();
    let chosen = programs.filter(|program| program["Trusts"] == trusts);
    chosen.map(|program| program["Program"].as_str().unwrap()).collect()
}

/// Whether openssl trusts `leaf.pem` with the certificates of this file, and no others.
fn trusts_leaf(world: &TestEnv, certificates: &std::path::Path) -> bool {
    let mut command = world.command("openssl");
    command
        .args(["verify", "-no-CApath", "-no-CAstore", "-CAfile"])
        .arg(certificates)
        .arg("leaf.pem");
    world.finish(command, "").code == Some(0)
}

fn certificates_in(path: &std::path::Path) -> usize {
    std::fs::read_to_string(path).unwrap().matches("BEGIN CERTIFICATE").count()
}

#[test]
fn without_an_authority_the_hint_says_how_to_make_one() {
    let failed = world().run(&["ecs", "trust"]);
    assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""));
    assert!(failed.stderr.contains("aws-sso ecs run --tls"), "{}", failed.stderr);
}

#[test]
fn the_bundle_is_our_authority_and_the_systems_roots() {
    let world = world_with_authority();
    let shown = shown(&world);
    let bundle = file(&world, "ecs-authority-bundle.pem");
    assert_eq!(shown["Bundle"], bundle.to_str().unwrap());
    assert!(trusts_leaf(&world, &bundle));
    let system = certificates_in("/etc/ssl/certs/ca-certificates.crt".as_ref());
    assert_eq!(certificates_in(&bundle), system + 1);
    let mut openssl = world.command("openssl");
    openssl.args(["x509", "-noout", "-fingerprint", "-sha256", "-in"]);
    openssl.arg(file(&world, "ecs-authority.pem"));
    let fingerprint = world.finish(openssl, "").stdout;
    assert_eq!(shown["Fingerprint"], fingerprint.trim().split_once('=').unwrap().1);
}

#[test]
fn the_environment_decides_which_programs_trust_the_authority() {
    let mut world = world_with_authority();
    let before = shown(&world);
    assert_eq!(programs(&before, true), [] as [&str; 0]);
    let bundle = file(&world, "ecs-authority-bundle.pem").to_str().unwrap().to_owned();
    let java = file(&world, "ecs-authority-bundle.jks").to_str().unwrap().to_owned();
    for (name, value, trusting) in [
        ("AWS_CA_BUNDLE", &bundle, "AWS SDK for Go v1"),
        ("NODE_EXTRA_CA_CERTS", &bundle, "AWS SDK for JavaScript"),
        (
            "JAVA_TOOL_OPTIONS",
            &format!("-Djavax.net.ssl.trustStore={java} -Xmx1g"),
            "AWS SDK for Java",
        ),
        ("JAVA_TOOL_OPTIONS", &format!("-Djavax.net.ssl.trustStore='{java}'"), "AWS SDK for Java"),
    ] {
        world.set(name, value);
        let shown = shown(&world);
        assert_eq!(programs(&shown, true), [trusting], "{name}");
        world.unset(name);
    }
    world.set("SSL_CERT_FILE", &bundle);
    let with_file = shown(&world);
    assert!(programs(&with_file, true).contains(&"AWS SDK for Rust"));
    assert!(
        programs(&with_file, false).contains(&"async-aws (PHP)"),
        "it reads the system's store"
    );
    world.set("SSL_CERT_FILE", "/nowhere");
    assert_eq!(programs(&shown(&world), true), [] as [&str; 0]);
}

#[test]
fn a_companys_own_roots_stay_in_the_bundle_and_an_old_authority_does_not() {
    let mut world = world_with_authority();
    let corporate = world.home().join("corporate roots.pem");
    make_authority(&world, "corp", &corporate);
    let bundle = file(&world, "ecs-authority-bundle.pem");
    world.set("AWS_CA_BUNDLE", corporate.to_str().unwrap());
    let before = shown(&world);
    assert!(trusts_leaf(&world, &bundle), "the company's certificate is trusted");
    // First as in a shell with the output of `ecs env`, and then as in another shell.
    world.set("AWS_CA_BUNDLE", bundle.to_str().unwrap());
    world.set("SSL_CERT_FILE", bundle.to_str().unwrap());
    shown(&world);
    world.unset("AWS_CA_BUNDLE").unset("SSL_CERT_FILE");
    shown(&world);
    assert!(trusts_leaf(&world, &bundle));
    let count = certificates_in(&bundle);

    std::fs::copy(file(&world, "ecs-authority.pem"), world.home().join("old.pem")).unwrap();
    renew(&world);
    world.set("SSL_CERT_FILE", bundle.to_str().unwrap());
    assert_ne!(shown(&world)["Fingerprint"], before["Fingerprint"]);
    assert_eq!(certificates_in(&bundle), count);
    let old = std::fs::read_to_string(world.home().join("old.pem")).unwrap();
    let is_there = std::fs::read_to_string(&bundle).unwrap().contains(old.trim());
    assert!(!is_there, "the old authority is not in the bundle");
}

#[test]
fn java_reads_its_trust_store() {
    if !fakes::needs_program("keytool") {
        return;
    }
    let world = world_with_authority();
    shown(&world);
    let mut keytool = world.command("keytool");
    keytool.args(["-list", "-storepass", "changeit", "-keystore"]);
    keytool.arg(file(&world, "ecs-authority-bundle.jks"));
    let listed = world.finish(keytool, "").stdout;
    let all = certificates_in(&file(&world, "ecs-authority-bundle.pem"));
    assert_eq!(listed.matches("trustedCertEntry").count(), all, "{listed}");
    let fingerprint = shown(&world)["Fingerprint"].as_str().unwrap().to_owned();
    assert!(listed.contains(&fingerprint));
}

/// This runs in its own mount namespace, so that the store of this machine does not change.
#[test]
fn the_authority_is_installed_into_the_systems_store_and_removed_again() {
    const SCRIPT: &str = "set -e
        cp -a /etc/ssl ssl; mount --bind ssl /etc/ssl
        mount -t tmpfs tmpfs /usr/local/share/ca-certificates
        cp other.crt /usr/local/share/ca-certificates/aws-sso-7.crt
        trusts() { openssl verify -no-CApath -no-CAstore -CAfile /etc/ssl/certs/ca-certificates.crt leaf.pem; }
        ! trusts
        \"$1\" ecs trust --install --output json > installed.json
        trusts
        \"$1\" ecs trust --uninstall --output json > uninstalled.json
        ! trusts
        \"$1\" ecs trust --uninstall > /dev/null
        ls /usr/local/share/ca-certificates";
    if !fakes::needs_root()
        || !fakes::needs(may_mount(), "the right to mount in a namespace")
        || !fakes::needs_program("/usr/sbin/update-ca-certificates")
    {
        return;
    }
    let world = world_with_authority();
    make_authority(&world, "another user's", &world.home().join("other.crt"));
    renew(&world);
    let mut command = world.command("unshare");
    command.args(["--mount", "sh", "-c", SCRIPT, "sh"]).arg(world.binary());
    let done = world.finish(command, "");
    assert_eq!(done.code, Some(0), "{}{}", done.stdout, done.stderr);
    assert!(
        done.stdout.ends_with("aws-sso-7.crt\n"),
        "the authority of another user stays: {}",
        done.stdout
    );
    assert!(done.stderr.contains("is not in the system's store"), "{}", done.stderr);
    let read = |name: &str| -> Value {
        let json = std::fs::read_to_string(world.home().join(name)).unwrap();
        serde_json::from_str(&json).unwrap()
    };
    assert!(programs(&read("installed.json"), true).contains(&"async-aws (PHP)"));
    assert!(!programs(&read("uninstalled.json"), true).contains(&"async-aws (PHP)"));
}

/// Whether this process may mount. Some containers forbid it.
fn may_mount() -> bool {
    let mounted =
        Command::new("unshare").args(["--mount", "mount", "-t", "tmpfs", "t", "/mnt"]).status();
    mounted.is_ok_and(|status| status.success())
}
