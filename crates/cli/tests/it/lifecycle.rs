//! The start and the end of the server, alone and under systemd.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Stdio;

use fakes::{Running, TestEnv};

use crate::{upload, world};

#[test]
fn the_server_prints_the_export_line_and_its_addresses() {
    let world = world();
    let server = world.serve(&[]);
    let uri = server.url("/creds");
    assert_eq!(server.first_line(), format!("export AWS_CONTAINER_CREDENTIALS_FULL_URI={uri}\n"));
    server.signal("TERM");
    let port = server.port();
    let finished = server.wait();
    assert_eq!(finished.code, Some(0));
    assert!(
        finished.stderr.contains(&format!("127.0.0.1:{port} and [::1]:{port}")),
        "{}",
        finished.stderr
    );
    let json = world.serve(&["--output", "json"]).first_line().to_owned();
    assert!(json.starts_with("{\"Addresses\":[\"127.0.0.1:"), "{json}");
}

#[test]
fn a_port_in_use_is_reported_in_one_line_with_a_hint() {
    let server = world().serve(&[]);
    let port = server.port().to_string();
    let mut second = world();
    let failed = second.run(&["ecs", "server", "--port", &port]);
    assert_eq!(failed.code, Some(1));
    assert_eq!(
        failed.stderr,
        format!(
            "error: 127.0.0.1:{port} is in use by your server with the process ID {}\nhint: Use \
             that server, or choose another port: aws-sso ecs run --port 4144\n",
            server.pid()
        )
    );
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port_of_other = other.local_addr().unwrap().port().to_string();
    let refused = second.run(&["ecs", "run", "--port", &port_of_other]);
    assert!(refused.stderr.contains("is in use by another program"), "{}", refused.stderr);
    let by_variable = second.set("AWS_SSO_ECS_PORT", &port).run(&["ecs", "run"]);
    assert_eq!(by_variable.stderr, failed.stderr);
}

#[test]
fn the_server_exits_with_0_on_sigint_and_sigterm_and_ignores_sighup() {
    for signal in ["INT", "TERM"] {
        let server = world().serve(&[]);
        server.signal("HUP");
        server.signal("HUP");
        assert_eq!(server.get("/healthcheck").0, 503, "the server still runs");
        let _idle = server.connect();
        server.signal(signal);
        assert_eq!(server.wait().code, Some(0), "SIG{signal}");
    }
}

#[test]
fn a_request_in_progress_is_finished_before_the_server_exits() {
    let server = world().serve(&[]);
    let mut stream = server.connect();
    let body = upload("dev", "ASIA1");
    let head = format!("PUT / HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n", body.len());
    stream.write_all(format!("{head}expect: 100-continue\r\n\r\n").as_bytes()).unwrap();
    let mut buffer = [0; 1024];
    let length = fakes::read_once(&stream, &mut buffer).unwrap();
    assert!(buffer[..length].starts_with(b"HTTP/1.1 100"), "the server waits for the body");
    server.signal("TERM");
    while server_accepts(server.port()) {
        std::thread::yield_now();
    }
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(server.wait().code, Some(0));
}

fn server_accepts(port: u16) -> bool {
    std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[test]
fn the_server_runs_with_a_home_that_cannot_be_written() {
    let mut world = world();
    world.set("HOME", "/proc/nowhere");
    let server = world.serve(&[]);
    assert_eq!(server.get("/").0, 404);
}

#[test]
fn without_ipv6_the_server_listens_on_ipv4_and_says_so() {
    if !fakes::needs_root() {
        return;
    }
    let world = world();
    let script =
        "ip link set lo up && echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 && exec \"$@\"";
    let mut command = world.command("unshare");
    command.args(["--net", "sh", "-c", script, "sh"]);
    command.arg(world.binary()).args(["ecs", "run", "--port", "0"]);
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    let server = Running::start(command);
    server.signal("TERM");
    let finished = server.wait();
    assert_eq!(finished.code, Some(0));
    assert!(finished.stderr.contains("does not have the address"), "{}", finished.stderr);
}

#[test]
fn systemd_is_notified_when_the_server_is_ready_and_when_it_stops() {
    let mut world = world();
    let path = world.home().join("notify");
    let systemd = UnixDatagram::bind(&path).unwrap();
    world.set("NOTIFY_SOCKET", path.to_str().unwrap());
    let server = world.serve(&[]);
    let notified = || {
        let mut buffer = [0; 256];
        let length = systemd.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap().trim().to_owned()
    };
    assert_eq!(notified(), "READY=1");
    server.signal("TERM");
    assert_eq!(notified(), "STOPPING=1");
    assert_eq!(server.wait().code, Some(0));
}

/// Starts the server on an open socket, as a socket unit of systemd does.
pub(crate) fn activated(world: &TestEnv, socket: TcpListener, wrapper: &[&str]) -> Running {
    activated_by(world, world.binary(), socket, wrapper)
}

/// The same with another path of the binary.
pub(crate) fn activated_by(
    world: &TestEnv,
    binary: &Path,
    socket: TcpListener,
    wrapper: &[&str],
) -> Running {
    let script = "exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec \"$@\" ecs run";
    let shell = ["sh", "-c", script, "sh"];
    let mut words = wrapper.iter().chain(&shell);
    let mut command = world.command(words.next().unwrap_or(&"sh"));
    command.args(words).arg(binary);
    let stdin = Stdio::from(OwnedFd::from(socket));
    Running::start_with_stdin(command, stdin)
}

#[test]
fn a_socket_from_systemd_is_served() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let server = activated(&world(), socket, &[]);
    assert_eq!(server.port(), port);
    assert_eq!(server.request("PUT", "/", &[], &upload("dev", "ASIA1")).0, 200);
}

#[test]
fn without_a_desktop_notify_only_warns_and_the_server_runs() {
    let mut world = world();
    world.set("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus");
    let server = world.serve(&["--notify", "--on-event", "true"]);
    assert_eq!(server.get("/").0, 404);
    server.signal("TERM");
    let finished = server.wait();
    assert_eq!(finished.code, Some(0));
    let warnings =
        finished.stderr.matches("warning: desktop notifications cannot be shown").count();
    assert_eq!(warnings, 1, "{}", finished.stderr);
}
