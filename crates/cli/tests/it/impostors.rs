//! Programs that take the place of our server. They get no credentials and no token of ours, and we use nothing that they
//! give.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use fakes::TestEnv;

use crate::{session, tokens::token, upload, world};

/// A program in Python that first prints its port, and then a line for each connection: what it read, in hexadecimal.
struct Impostor {
    process: Child,
    port: u16,
    lines: Receiver<String>,
}

impl Impostor {
    /// Starts it with the command of Python, as another user or as ours.
    fn start(mut python: Command, script: &str, arguments: &[&str]) -> Self {
        python.args(["-c", script]).args(arguments).current_dir("/").stdout(Stdio::piped());
        let mut process = python.spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let port = output.next().unwrap().parse().unwrap();
        let (sender, lines) = channel();
        std::thread::spawn(move || output.try_for_each(|line| sender.send(line)));
        Self { process, port, lines }
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What it has read since the last call: a text for each connection, and at least one.
    fn read(&self) -> Vec<String> {
        let decode = |line: String| data_encoding::HEXLOWER.decode(line.as_bytes()).unwrap();
        let text = |line| String::from_utf8_lossy(&decode(line)).into_owned();
        let first = self.lines.recv_timeout(Duration::from_secs(20)).unwrap();
        std::iter::once(first).chain(self.lines.try_iter()).map(text).collect()
    }
}

impl Drop for Impostor {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Accepts one connection at a time, closes its listener at once, and answers everything with credentials of its own.
const CLOSES_ITS_LISTENER: &str = "import socket,sys
body=b'{\"AccessKeyId\":\"ASIAEVIL\",\"SecretAccessKey\":\"e\",\"Token\":\"e\",\"Expiration\":\"2099-01-01T00:00:00Z\"}'
answer=b'HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: %d\\r\\n\\r\\n'%len(body)+body
port=0
while True:
    s=socket.socket(); s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1)
    s.bind(('127.0.0.1',port)); s.listen(1)
    if not port: port=s.getsockname()[1]; print(port,flush=True)
    c,_=s.accept(); s.close(); c.settimeout(5); read=b''
    try:
        while True:
            got=c.recv(65536)
            if not got: break
            read+=got; c.sendall(answer)
    except OSError: pass
    c.close(); print(read.hex(),flush=True)";

/// Passes everything on to the port in its argument.
const PASSES_ON: &str = "import socket,sys,threading
s=socket.socket(); s.bind(('127.0.0.1',0)); s.listen(); print(s.getsockname()[1],flush=True)
while True:
    c,_=s.accept(); c.settimeout(5); u=socket.create_connection(('127.0.0.1',int(sys.argv[1])),5)
    def back():
        try:
            while True:
                got=u.recv(65536)
                if not got: break
                c.sendall(got)
        except OSError: pass
        try: c.shutdown(socket.SHUT_WR)
        except OSError: pass
    t=threading.Thread(target=back); t.start(); read=b''
    try:
        while True:
            got=c.recv(65536)
            if not got: break
            read+=got; u.sendall(got)
    except OSError: pass
    try: u.shutdown(socket.SHUT_RDWR)
    except OSError: pass
    t.join(); u.close(); c.close(); print(read.hex(),flush=True)";

const PYTHON: &str = "/usr/bin/python3";

/// Whether something secret is in what an impostor has read.
fn has_a_secret(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["put ", "authorization", "awssso_", "canary"].iter().any(|secret| text.contains(secret))
}

#[test]
fn an_impostor_that_closes_its_listener_gets_nothing_and_gives_nothing() {
    if !fakes::needs_root() {
        return;
    }
    let world = world();
    let file = world.home().join("token");
    token(&world, &["--admin", "--file", file.to_str().unwrap()]);
    world.write(".aws/config", "[profile dev]\ncredential_process = false\n");
    let impostor = Impostor::start(world.command_as("65534", PYTHON), CLOSES_ITS_LISTENER, &[]);
    let server = impostor.address();
    let server = ["--server", &server];
    let with_token = [&server[..], &["--token-file", file.to_str().unwrap()]].concat();
    let tries = std::env::var("IMPOSTOR_TRIES").map_or(90, |tries| tries.parse().unwrap());
    for _ in 0..tries / 3 {
        let loaded = [&["ecs", "load", "--from-stdin"], &server[..]].concat();
        let loaded = world.run_with_input(&loaded, &session("ASIA1"));
        assert!(matches!(loaded.code, Some(1 | 4)), "{loaded:?}");
        let listed = world.run(&[&["ecs", "list"], &with_token[..]].concat());
        assert!(matches!(listed.code, Some(1 | 4)), "{listed:?}");
        let printed = world.run(&[&["process", "--profile", "dev"], &server[..]].concat());
        assert_eq!((printed.code, printed.stdout.as_str()), (Some(1), ""), "{printed:?}");
    }
    let read = impostor.read();
    assert!(read.len() > tries / 4, "only {} connections", read.len());
    let leaks: Vec<_> = read.iter().filter(|text| has_a_secret(text)).collect();
    assert!(leaks.is_empty(), "{} of {} tries leaked: {leaks:?}", leaks.len(), read.len());
}

#[test]
fn a_server_of_another_user_has_to_prove_that_it_made_the_token() {
    if !fakes::needs_root() {
        return;
    }
    let world = world();
    let server = world.serve(&[]);
    assert_eq!(server.request("PUT", "/slot/dev", &[], &upload("dev", "ASIA1")).0, 200);
    // The bearer is another user, for whom the server belongs to root.
    let theirs = world.home().join("theirs");
    token(&world, &["--slot", "dev", "--file", theirs.to_str().unwrap()]);
    std::os::unix::fs::chown(&theirs, Some(65534), Some(65534)).unwrap();
    let list = |address: &str, token: bool| {
        let mut command = as_nobody(&world);
        command.args(["ecs", "list", "--server", address]);
        if token {
            command.arg("--token-file").arg(&theirs);
        }
        world.finish(command, "")
    };
    let listed = list(&server.address(), true);
    assert_eq!(listed.code, Some(0), "{}", listed.stderr);
    assert!(listed.stdout.contains("dev"), "{}", listed.stdout);
    let refused = list(&server.address(), false);
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("belongs to root"), "{}", refused.stderr);
    // A server that cannot prove it, and one that lets the right server answer.
    let port = server.port().to_string();
    for (script, arguments) in [(CLOSES_ITS_LISTENER, &[][..]), (PASSES_ON, &[port.as_str()])] {
        let impostor = Impostor::start(world.command(PYTHON), script, arguments);
        let refused = list(&format!("http://{}", impostor.address()), true);
        assert_eq!(refused.code, Some(1), "{refused:?}");
        let read = impostor.read().concat();
        assert!(read.starts_with("GET /proof?nonce="), "{read}");
        assert!(!has_a_secret(&read), "{read}");
    }
}

/// Our binary, as the user `nobody`.
fn as_nobody(world: &TestEnv) -> Command {
    open_to_nobody(world);
    let mut command = world.command_as("65534", world.home().join("aws-sso"));
    command.env("HOME", "/nonexistent");
    command
}

/// Gives `nobody` a copy of the binary, because the folder of the build may be closed to others.
fn open_to_nobody(world: &TestEnv) {
    use std::os::unix::fs::PermissionsExt as _;
    let copy = world.home().join("aws-sso");
    if !copy.exists() {
        std::fs::copy(world.binary(), &copy).unwrap();
    }
    std::fs::set_permissions(world.home(), std::fs::Permissions::from_mode(0o711)).unwrap();
}

#[test]
fn a_server_with_our_root_key_is_ours_whatever_the_kernel_says() {
    if !fakes::needs_root() {
        return;
    }
    let world = world();
    let server = world.serve(&[]);
    // For the user `nobody` it is the server of root. With the key of root, it is their own all the same.
    let home = world.home().join("nobody");
    let list = || {
        let mut command = as_nobody(&world);
        command.env("HOME", &home).args(["ecs", "list", "--server", &server.address()]);
        world.finish(command, "").stderr
    };
    assert!(list().contains("belongs to root"), "{}", list());
    let state = home.join(".local/state/aws-sso");
    std::fs::create_dir_all(&state).unwrap();
    let key = state.join("ecs.tokens.json");
    std::fs::copy(world.home().join(".local/state/aws-sso/ecs.tokens.json"), &key).unwrap();
    for path in [&home, &state, &key] {
        std::os::unix::fs::chown(path, Some(65534), Some(65534)).unwrap();
    }
    // The request was sent: it is the server that refuses it.
    assert!(list().contains("another user"), "{}", list());
    assert!(!list().contains("belongs to root"), "{}", list());
}

#[test]
fn to_a_port_of_unknown_scheme_nothing_secret_goes_in_clear() {
    let mut world = world();
    world.set("AWS_SSO_FILE_PASSWORD", "a passphrase");
    let server = world.serve(&["--tls"]);
    let file = world.home().join("token");
    token(&world, &["--admin", "--file", file.to_str().unwrap()]);
    let port = server.port().to_string();
    let relay = Impostor::start(world.command(PYTHON), PASSES_ON, &[&port]);
    let arguments = ["ecs", "load", "--from-stdin", "--server", &relay.address()];
    let arguments = [&arguments[..], &["--token-file", file.to_str().unwrap()]].concat();
    world.run_with_input(&arguments, &session("ASIA1"));
    let read = relay.read();
    assert!(read.first().unwrap().starts_with("GET /healthcheck "), "{read:?}");
    assert!(read.iter().all(|text| !has_a_secret(text)), "{read:?}");
}
