//! The server's memory is not readable by other processes of the same user, and is not in core dumps or swap.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Child, Command};

use fakes::{Running, TestEnv};

use crate::{upload, world};

/// Tries each way into another process, and prints its result.
const THEFT: &str = r#"
import ctypes, errno, os, sys
pid = int(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
def checked(result):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
def vm_read():
    buffer = ctypes.create_string_buffer(1)
    ours, theirs = Iovec(ctypes.addressof(buffer), 1), Iovec(address, 1)
    checked(libc.process_vm_readv(pid, ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0))
def take_file():
    checked(libc.syscall(438, checked(libc.syscall(434, pid, 0)), 0, 0))
def attach(request):
    checked(libc.ptrace(request, pid, None, None))
    libc.ptrace(17, pid, None, None)
address = 0
def maps():
    global address
    address = int(open(f"/proc/{pid}/maps").read().split("-")[0], 16)
for name, attempt in {
    "maps": maps,
    "mem": lambda: open(f"/proc/{pid}/mem", "rb"),
    "environ": lambda: open(f"/proc/{pid}/environ").read(1),
    "fd": lambda: os.readlink(f"/proc/{pid}/fd/0"),
    "exe": lambda: os.readlink(f"/proc/{pid}/exe"),
    "process_vm_readv": vm_read,
    "pidfd_getfd": take_file,
    "ptrace seize": lambda: attach(0x4206),
    "ptrace attach": lambda: attach(16),
}.items():
    try:
        attempt()
        print(name, "let in")
    except OSError as error:
        print(name, errno.errorcode[error.errno])
"#;

/// A command of a user who is not root, because root can reach everything.
fn as_user(world: &TestEnv) -> Command {
    let is_root = fakes::is_root();
    let mut command = world.command(if is_root { "setpriv" } else { "env" });
    if is_root {
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "env"]);
    }
    command.current_dir("/");
    command
}

/// A copy of the binary that any user may run. It is removed on drop.
struct Binary(PathBuf);

impl Binary {
    fn of(world: &TestEnv, test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("aws-sso-{test}-{}", std::process::id()));
        // `cp` copies it, because programs that other tests start meanwhile would inherit our file open for writing.
        let copied = Command::new("cp").arg(world.binary()).arg(&path).status().unwrap();
        assert!(copied.success());
        Self(path)
    }
}

impl Drop for Binary {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

fn steal_from(world: &TestEnv, pid: u32) -> String {
    let mut thief = as_user(world);
    thief.args(["/usr/bin/python3", "-c", THEFT, &pid.to_string()]);
    let finished = world.finish(thief, "");
    assert_eq!(finished.stderr, "");
    finished.stdout
}

/// A process of the same user without any protection.
fn unprotected_process(world: &TestEnv) -> Child {
    let child = as_user(world).args(["sleep", "60"]).spawn().unwrap();
    let is_sleep =
        || fs::read_to_string(format!("/proc/{}/comm", child.id())).unwrap() == "sleep\n";
    while !is_sleep() {
        std::thread::yield_now();
    }
    child
}

#[test]
fn memory_is_out_of_reach() {
    let world = world();
    let binary = Binary::of(&world, "reach");
    let mut command = as_user(&world);
    command.arg(&binary.0).args(["ecs", "run", "--port", "0"]);
    let server = Running::start(command);
    assert_eq!(
        server.request("PUT", "/", &[], &upload("dev", "ASIA1")).0,
        if fakes::is_root() { 401 } else { 200 }
    );
    let mut unprotected = unprotected_process(&world);
    let from_unprotected = steal_from(&world, unprotected.id());
    unprotected.kill().unwrap();
    unprotected.wait().unwrap();
    let from_server = steal_from(&world, server.pid());
    assert!(
        from_unprotected.lines().filter(|way| way.ends_with("let in")).count() >= 4,
        "{from_unprotected}"
    );
    assert_eq!(from_server.lines().count(), 9);
    for way in from_server.lines() {
        assert!(
            way.ends_with(" EPERM") || way.ends_with(" EACCES"),
            "{way}; from the unprotected process: {from_unprotected}"
        );
    }
}

#[test]
fn a_crash_leaves_no_core() {
    let world = world();
    let binary = Binary::of(&world, "crash");
    let folder = world.home().join("crash");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    fs::set_permissions(world.home(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let with_cores = || {
        let mut command = as_user(&world);
        let script = "ulimit -c unlimited; exec \"$@\"";
        command.current_dir(&folder).args(["bash", "-c", script, "bash"]);
        command
    };
    let cores = || fs::read_dir(&folder).unwrap().count();
    let mut other = with_cores();
    other.args(["bash", "-c", "kill -ABRT $$"]).status().unwrap();
    // On other systems core dumps go to a crash reporter. Then only the kernel's view of the process is checked.
    if fakes::needs(cores() > 0, "core dumps in the working directory, for one of its two halves") {
        fs::read_dir(&folder)
            .unwrap()
            .for_each(|core| fs::remove_file(core.unwrap().path()).unwrap());
    }
    let mut command = with_cores();
    command.arg(&binary.0).args(["ecs", "run", "--port", "0"]);
    let server = Running::start(command);
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    // The hard limit stays, for the programs that `exec` starts. It does not matter for a process that is not dumpable.
    assert_eq!(core.split_whitespace().nth(4), Some("0"));
    // In /proc, a process that is not dumpable belongs to root (proc(5)). No crash reporter gets its memory either.
    assert_eq!(fs::metadata(format!("/proc/{}/environ", server.pid())).unwrap().uid(), 0);
    server.signal("ABRT");
    assert_eq!(server.wait().code, None, "a signal ended it");
    assert_eq!(cores(), 0);
}

/// The locked memory of a process in KiB.
fn locked_kib(server: &Running) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmLck:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn credentials_are_not_swapped_out() {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let limit = limits.lines().find(|line| line.starts_with("Max locked memory")).unwrap();
    let may_lock = fakes::is_root() || limit.split_whitespace().nth(3) != Some("0");
    if !fakes::needs(may_lock, "the right to lock memory (ulimit -l)") {
        return;
    }
    let server = world().serve(&[]);
    let before = locked_kib(&server);
    assert_eq!(server.request("PUT", "/", &[], &upload("dev", "ASIA1")).0, 200);
    assert!(locked_kib(&server) > before);
}

#[test]
fn without_lockable_memory_the_server_still_serves() {
    let world = world();
    let binary = Binary::of(&world, "locked");
    let mut command = as_user(&world);
    let script = "ulimit -l 0; exec \"$0\" ecs run --port 0";
    command.args(["bash", "-c", script]).arg(&binary.0);
    let server = Running::start(command);
    let script = format!(
        "exec 3<>/dev/tcp/127.0.0.1/{}; printf '%s' \"$0\" >&3; head -1 <&3",
        server.port()
    );
    let body = upload("dev", "ASIA1");
    let request = format!(
        "PUT / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut client = as_user(&world);
    client.args(["bash", "-c", &script, &request]);
    assert_eq!(world.finish(client, "").stdout, "HTTP/1.1 200 OK\r\n");
    assert_eq!(locked_kib(&server), 0);
}
