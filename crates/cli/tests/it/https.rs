//! HTTPS: with an authority of the person's own or a certificate that they bring, seen by our client and by a foreign one.

mod certificates;

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use fakes::{Finished, Running, TestEnv};

use crate::{session, world};

/// A world in which a passphrase seals what must be sealed.
fn sealed() -> TestEnv {
    let mut world = world();
    world.set("AWS_SSO_FILE_PASSWORD", "a passphrase");
    world
}

fn state(world: &TestEnv) -> PathBuf {
    world.home().join(".local/state/aws-sso")
}

fn authority(world: &TestEnv) -> PathBuf {
    state(world).join("ecs-authority.pem")
}

fn https(server: &Running) -> String {
    format!("https://{}", server.address())
}

/// A request by OpenSSL in Python, which trusts `ca` alone: TLS's version, the answer's first line, and the names of the
/// answer's keys. An end without TLS's word of closing is an error.
fn ask(world: &TestEnv, server: &Running, ca: &Path, version: &str, host: &str) -> Finished {
    let script = "import json,socket,ssl,sys\n\
        ca,port,version,host=sys.argv[1:]\n\
        c=ssl.create_default_context(cafile=ca)\n\
        c.minimum_version=c.maximum_version=getattr(ssl.TLSVersion,version)\n\
        s=socket.create_connection(('127.0.0.1',int(port)),20)\n\
        s=c.wrap_socket(s,server_hostname=host,suppress_ragged_eofs=False)\n\
        s.sendall(f'GET / HTTP/1.1\\r\\nhost: localhost:{port}\\r\\nconnection: close\\r\\n\\r\\n'.encode())\n\
        head,body=b''.join(iter(lambda:s.recv(65536),b'')).split(b'\\r\\n\\r\\n',1)\n\
        print(s.version(),head.decode().splitlines()[0],*json.loads(body))";
    let mut command = world.command("/usr/bin/python3");
    command.args(["-c", script]).arg(ca).args([&server.port().to_string(), version, host]);
    world.finish(command, "")
}

fn load(world: &TestEnv, server: &str, arguments: &[&str]) -> Finished {
    let arguments = [&["ecs", "load", "--from-stdin", "--server", server], arguments].concat();
    world.run_with_input(&arguments, &session("ASIA1"))
}

#[test]
fn everything_goes_by_https_in_both_versions_of_tls() {
    let world = sealed();
    let server = world.serve(&["--tls"]);
    let uri = format!("URI=https://127.0.0.1:{}/creds\n", server.port());
    assert!(server.first_line().ends_with(&uri), "{}", server.first_line());
    // Nobody says that it is HTTPS: the client finds out.
    let loaded = load(&world, &server.address(), &[]);
    assert_eq!(loaded.code, Some(0), "{}", loaded.stderr);
    assert!(loaded.stdout.ends_with(&uri), "{}", loaded.stdout);
    let loaded = load(&world, &https(&server), &["--name", "dev", "--slotted"]);
    assert_eq!(loaded.code, Some(0), "{}", loaded.stderr);
    assert!(loaded.stdout.contains(&format!("{}/slot/dev", https(&server))), "{}", loaded.stdout);

    let by_name = format!("localhost:{}", server.port());
    for address in [by_name.as_str(), &https(&server)] {
        let shown = world.run(&["ecs", "list", "--server", address]);
        assert!(shown.code == Some(0) && shown.stdout.contains("dev"), "{shown:?}");
        let shown = world.run(&["ecs", "profile", "--server", address]);
        assert!(shown.code == Some(0) && shown.stdout.contains("stdin"), "{shown:?}");
    }
    for (version, said) in [("TLSv1_2", "TLSv1.2"), ("TLSv1_3", "TLSv1.3")] {
        for host in ["localhost", "127.0.0.1", "::1", "host.docker.internal", "169.254.170.2"] {
            let answer = ask(&world, &server, &authority(&world), version, host);
            let keys = "AccessKeyId SecretAccessKey Token Expiration\n";
            assert_eq!(answer.stdout, format!("{said} HTTP/1.1 200 OK {keys}"), "{answer:?}");
        }
    }
    let refused = ask(&world, &server, &authority(&world), "TLSv1_3", "evil.example");
    assert!(refused.stderr.contains("CERTIFICATE_VERIFY_FAILED"), "{}", refused.stderr);

    let unloaded = world.run(&["ecs", "unload", "--all", "--server", &server.address()]);
    assert_eq!(unloaded.code, Some(0), "{}", unloaded.stderr);
    let answer = ask(&world, &server, &authority(&world), "TLSv1_3", "localhost");
    assert!(answer.stdout.starts_with("TLSv1.3 HTTP/1.1 404"), "{answer:?}");
    server.signal("TERM");
    assert_eq!(server.wait().code, Some(0));
}

#[test]
fn a_client_that_mixes_up_http_and_https_gets_a_clear_error() {
    let world = sealed();
    let (with, without) = (world.serve(&["--tls"]), world.serve(&[]));
    for request in ["GET / HTTP/1.1\r\nhost: localhost\r\n\r\n", "G", "PRI * HTTP/2.0\r\n\r\n"] {
        let answer = with.send(request.as_bytes());
        let url = format!("\"this port speaks HTTPS. Use {}\"", https(&with));
        let is_ours = answer.starts_with("HTTP/1.1 400") && answer.contains("application/json");
        assert!(is_ours && answer.contains(&url), "{answer}");
    }
    let explicit = format!("http://{}", with.address());
    let shown = world.run(&["ecs", "list", "--server", &explicit]);
    let said = format!("error: this port speaks HTTPS\nhint: Use {}", https(&with));
    assert!(shown.code == Some(1) && shown.stderr.contains(&said), "{shown:?}");

    let hello = [0x16, 3, 1, 0, 0xc0, 1, 0, 0, 0xbc, 3, 3];
    let answer = without.send(&hello);
    let said = format!("plain HTTP. Use http://{}, or start the server with", without.address());
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains(&said), "{answer}");
    let shown = world.run(&["ecs", "list", "--server", &https(&without)]);
    let hint = format!("--server http://{}\n", without.address());
    assert!(shown.stderr.contains("does not speak HTTPS"), "{}", shown.stderr);
    assert!(shown.code == Some(4) && shown.stderr.ends_with(&hint), "{shown:?}");
}

#[test]
fn unfinished_handshakes_time_out_and_do_not_block_other_clients() {
    fakes::allow_many_files();
    let world = sealed();
    let server = world.serve(&["--tls"]);
    let mut halves = Vec::new();
    for number in 0..1100 {
        let mut half = server.connect();
        // All of them begin a handshake; none goes on.
        half.write_all(if number % 2 == 0 { &[0x16] } else { &[0x16, 3, 1, 0, 0xc0, 1] }).unwrap();
        halves.push(half);
    }
    let shown = world.run(&["ecs", "list", "--server", &https(&server)]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    // The last to come is ended by its time alone.
    let mut rest = Vec::new();
    let ended = halves.last().unwrap().read_to_end(&mut rest);
    let is_reset = |error: std::io::Error| error.kind() == ErrorKind::ConnectionReset;
    assert!(rest.is_empty() && ended.map_or_else(is_reset, |_| true), "{rest:?}");
    let mut half = server.connect();
    half.write_all(&[0x16]).unwrap();
    server.signal("TERM");
    assert_eq!(server.wait().code, Some(0));
}

/// Every file below a folder.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn the_key_of_the_authority_is_never_stored_in_plain_text() {
    let world = sealed();
    let server = world.serve(&["--tls", "--log-level", "trace"]);
    assert_eq!(load(&world, &https(&server), &[]).code, Some(0));
    server.signal("TERM");
    let said = server.wait();
    assert!(!said.stderr.contains("PRIVATE KEY") && !said.stdout.contains("PRIVATE KEY"));
    let files = files_below(world.home());
    assert!(files.contains(&state(&world).join("ecs.authority.file")), "{files:?}");
    for path in files {
        let bytes = fs::read(&path).unwrap();
        for mark in [
            &b"PRIVATE KEY"[..],
            b"AGE-SECRET-KEY",
            // What PKCS #8 begins with for P-256, and the same in base64.
            &[0x30, 0x81, 0x87, 2, 1, 0, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48],
            b"MIGHAgEAMBMGByqGSM49",
            // SEC 1: version 1, then a number of 32 bytes.
            &[2, 1, 1, 4, 0x20],
        ] {
            assert!(!holds(&bytes, mark), "{} holds {mark:?}", path.display());
        }
    }
}

#[test]
fn the_authority_stays_and_its_certificate_is_written_again() {
    let world = sealed();
    let server = world.serve(&["--tls"]);
    let first = fs::read(authority(&world)).unwrap();
    drop(server);
    fs::remove_file(authority(&world)).unwrap();
    let server = world.serve(&["--tls"]);
    assert_eq!(fs::read(authority(&world)).unwrap(), first);
    drop(server);
    fs::write(authority(&world), "something else").unwrap();
    let server = world.serve(&["--tls"]);
    assert_eq!(fs::read(authority(&world)).unwrap(), first);
    drop(server);

    fs::remove_file(state(&world).join("ecs.authority.key")).unwrap();
    let failed = world.run(&["ecs", "run", "--tls", "--port", "0"]);
    assert!(failed.code == Some(1) && failed.stdout.is_empty(), "{failed:?}");
    assert!(failed.stderr.contains("has no key that opens"), "{}", failed.stderr);
    assert!(failed.stderr.contains("aws-sso ecs trust --renew"), "{}", failed.stderr);
    assert_eq!(fs::read(authority(&world)).unwrap(), first, "no other was made");
    fs::remove_file(state(&world).join("ecs.authority.file")).unwrap();
    let failed = world.run(&["ecs", "run", "--tls", "--port", "0"]);
    assert!(failed.code == Some(1) && failed.stderr.contains("its key is not in"), "{failed:?}");
    assert!(failed.stderr.contains("aws-sso ecs trust --renew"), "{}", failed.stderr);
    assert_eq!(fs::read(authority(&world)).unwrap(), first, "no other was made");
    assert_eq!(world.run(&["ecs", "trust", "--renew"]).code, Some(0));
    assert_ne!(fs::read(authority(&world)).unwrap(), first);
    world.serve(&["--tls"]);
}

#[test]
fn servers_that_start_at_once_make_one_authority() {
    let world = sealed();
    let servers: Vec<_> = std::thread::scope(|scope| {
        let starting: Vec<_> = (0..4).map(|_| scope.spawn(|| world.serve(&["--tls"]))).collect();
        starting.into_iter().map(|server| server.join().unwrap()).collect()
    });
    for server in servers {
        let answer = ask(&world, &server, &authority(&world), "TLSv1_3", "localhost");
        assert!(answer.stdout.starts_with("TLSv1.3 HTTP/1.1 404"), "{answer:?}");
    }
}

#[test]
fn an_authority_is_not_created_if_its_key_cannot_be_encrypted() {
    let mut world = world();
    let failed = world.run(&["ecs", "run", "--tls", "--port", "0"]);
    // Whether there is a keyring depends on the machine.
    if failed.code == Some(1) {
        assert!(failed.stderr.contains("a passphrase is needed to protect the key"), "{failed:?}");
        assert!(failed.stderr.contains("AWS_SSO_FILE_PASSWORD"), "{}", failed.stderr);
    }
    world.set("AWS_SSO_FILE_PASSWORD", "a passphrase");
    world.write(".aws-sso/config.yaml", "SecureStore: json\n");
    let failed = world.run(&["ecs", "run", "--tls", "--port", "0"]);
    assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""));
    assert!(failed.stderr.contains("`SecureStore: json` would store the key"), "{}", failed.stderr);
    assert!(failed.stderr.contains("--tls-cert FILE --tls-key FILE"), "{}", failed.stderr);
    assert!(!authority(&world).exists());
}

#[test]
fn a_name_that_the_authority_does_not_vouch_for_is_told() {
    let world = sealed();
    let server = world.serve(&["--tls", "--tls-name", "dev.example", "--tls-name", "192.0.2.1"]);
    for host in ["dev.example", "192.0.2.1", "127.0.0.1"] {
        let answer = ask(&world, &server, &authority(&world), "TLSv1_3", host);
        assert!(answer.stdout.starts_with("TLSv1.3 HTTP/1.1 404"), "{answer:?}");
    }
    drop(server);
    let names = ["--tls-name", "dev.example", "--tls-name", "qa.example"];
    let failed = world.run(&[&["ecs", "run", "--tls", "--port", "0"], &names[..]].concat());
    assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""));
    assert!(failed.stderr.contains("does not vouch for qa.example"), "{}", failed.stderr);
    let command = format!("aws-sso ecs trust --renew {}\n", names.join(" "));
    assert!(failed.stderr.ends_with(&command), "{}", failed.stderr);

    let old = world.home().join("old.pem");
    fs::copy(authority(&world), &old).unwrap();
    let renewed = world.run(&[&["ecs", "trust", "--renew"], &names[..]].concat());
    assert_eq!(renewed.code, Some(0), "{}", renewed.stderr);
    let server = world.serve(&[&["--tls"], &names[..]].concat());
    for host in ["dev.example", "qa.example", "localhost"] {
        let answer = ask(&world, &server, &authority(&world), "TLSv1_3", host);
        assert!(answer.stdout.starts_with("TLSv1.3 HTTP/1.1 404"), "{answer:?}");
        let answer = ask(&world, &server, &old, "TLSv1_3", host);
        assert!(answer.stderr.contains("CERTIFICATE_VERIFY_FAILED"), "{answer:?}");
    }
}
