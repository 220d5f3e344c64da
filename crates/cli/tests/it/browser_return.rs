//! The browser's return to `login`, as another user of this host sees it. That user knows everything: the port, and the URL of the
//! sign-in, which the test takes from the person's terminal.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use fakes::identity_center::{Operation, Options};
use fakes::{CANARY, FakeIdentityCenter, TestEnv};
use url::Url;

use crate::identity_center::{config, instance, world_of};

/// A browser that notes the URL that it is started with, and stays until the end of the test.
const BROWSER: &str =
    "[sh, -c, 'echo \"$0\" > opened; while [ -e opened ]; do sleep 0.1; done', '%s']";
const TIMEOUT: Duration = Duration::from_secs(30);

/// A running `aws-sso login`.
struct Login {
    world: TestEnv,
    child: Child,
    lines: Receiver<String>,
    /// The URL of AWS's page.
    url: Url,
    /// The URL that the browser was started with.
    opened: Url,
}

impl Login {
    fn start(fake: &FakeIdentityCenter, workflow: &str, shown: &str) -> Self {
        Self::start_in(world_of(fake), fake, workflow, shown)
    }

    fn start_in(world: TestEnv, fake: &FakeIdentityCenter, workflow: &str, shown: &str) -> Self {
        let config = config(&instance("corp", fake));
        let config = config.lines().map(|line| match line.starts_with("UrlExecCommand") {
            true => format!("UrlExecCommand: {BROWSER}\n"),
            false => format!("{line}\n"),
        });
        world.write(".aws-sso/config.yaml", &config.collect::<String>());
        let mut command = world.command(world.binary());
        command.args(["login", workflow, "--url-action", "exec"]);
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let url = loop {
            let line = lines.recv_timeout(TIMEOUT).unwrap();
            if line.contains(shown) {
                break Url::parse(line.trim()).unwrap();
            }
        };
        let opened = loop {
            match std::fs::read_to_string(world.home().join("opened")) {
                Ok(text) if text.ends_with('\n') => break Url::parse(text.trim()).unwrap(),
                _ => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        Self { world, child, lines, url, opened }
    }

    /// The URL that the browser returns to, with these parameters and the right state.
    fn back(&self, parameters: &str) -> String {
        let value = |name: &str| {
            let mut pairs = self.url.query_pairs();
            pairs.find(|(key, _)| key == name).unwrap().1.into_owned()
        };
        format!("{}?{parameters}&state={}", value("redirect_uri"), value("state"))
    }

    /// What another user gets from a URL on this host: the head and the body, or nothing.
    fn as_nobody(&self, url: &str) -> String {
        let mut command = self.world.command_as("65534", "curl");
        command.args(["-sS", "-i", "--max-time", "20", url]);
        self.world.finish(command, "").stdout
    }

    /// The person's own browser goes on, from the URL that it was started with. Returns the last page.
    fn browse(&self) -> String {
        let mut command = self.world.command("curl");
        command.args(["-sS", "-L", "--max-time", "20", self.opened.as_str()]);
        self.world.finish(command, "").stdout
    }

    /// The exit code and the rest of stderr.
    fn finish(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        let rest = self.lines.iter().collect::<Vec<_>>().join("\n");
        assert!(!rest.contains(CANARY), "{rest}");
        (code, rest)
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        self.child.kill().ok();
    }
}

fn fake() -> FakeIdentityCenter {
    FakeIdentityCenter::start(Options { auto_approve: true, ..Options::default() })
}

fn can_run() -> bool {
    fakes::needs_root() && fakes::needs_program("curl")
}

#[test]
fn another_user_can_neither_deliver_a_code_nor_a_denial() {
    if !can_run() {
        return;
    }
    let fake = fake();
    let login = Login::start(&fake, "--pkce", "/authorize?");
    for parameters in ["code=attackers", "error=access_denied"] {
        let answer = login.as_nobody(&login.back(parameters));
        assert_eq!(answer, "", "{parameters}");
    }
    assert_eq!(fake.count(Operation::CreateToken), 0, "no code was taken");
    let page = login.browse();
    assert!(page.contains("You are signed in"), "{page}");
    let (code, stderr) = login.finish();
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("not from a process of yours"), "{stderr}");
}

#[test]
fn another_user_who_holds_connections_does_not_shut_the_browser_out() {
    if !can_run() {
        return;
    }
    let fake = fake();
    let login = Login::start(&fake, "--pkce", "/authorize?");
    let port = Url::parse(&login.back("code=x")).unwrap().port().unwrap();
    let script = format!(
        "import socket,sys\nheld=[socket.create_connection(('127.0.0.1',{port})) for _ in range(64)]\n\
         print('held',flush=True)\nsys.stdin.read()"
    );
    let mut holder = login.world.command_as("65534", "/usr/bin/python3");
    holder.args(["-c", &script]);
    let mut holder = holder.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "held\n");
    let page = login.browse();
    assert!(page.contains("You are signed in"), "{page}");
    let (code, stderr) = login.finish();
    assert_eq!(code, Some(0), "{stderr}");
    holder.kill().unwrap();
    holder.wait().unwrap();
}

#[test]
fn the_url_of_a_sign_in_is_in_nobodys_arguments_and_other_users_are_not_led_to_it() {
    if !can_run() {
        return;
    }
    let fake = fake();
    let login = Login::start(&fake, "--pkce", "/authorize?");
    let port = login.opened.port().unwrap();
    assert_eq!(login.opened.as_str(), format!("http://127.0.0.1:{port}/"));
    // The arguments of all processes, as another user reads them.
    let mut list = login.world.command_as("65534", "sh");
    list.args(["-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"]);
    let arguments = login.world.finish(list, "").stdout;
    assert!(arguments.contains(login.opened.as_str()), "{arguments}");
    assert!(!arguments.contains("state="), "{arguments}");
    assert_eq!(login.as_nobody(login.opened.as_str()), "");
    let page = login.browse();
    assert!(page.contains("You are signed in"), "{page}");
    let (code, stderr) = login.finish();
    assert_eq!(code, Some(0), "{stderr}");
}

#[test]
fn over_ssh_a_program_gets_the_page_of_a_device_code_without_the_code() {
    let fake = fake();
    let mut world = world_of(&fake);
    world.set("SSH_TTY", "/dev/pts/1");
    let login = Login::start_in(world, &fake, "--device-code", "user_code=");
    let mut page = login.url.clone();
    page.set_query(None);
    assert_eq!(login.opened, page);
}
