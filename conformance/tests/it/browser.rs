//! `aws-sso login` through a browser: Debian's Chromium, which our binary starts, presses the buttons of the fake IAM
//! Identity Center. Where no page has to be seen, the test itself is the browser.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use fakes::identity_center::{Operation, Options};
use fakes::{CANARY, FakeIdentityCenter, TestEnv};
use serde_json::{Value, json};
use url::Url;

use crate::{binary, sdks};

const DRIVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/drivers/browser.py");
/// What people may look at afterwards.
const SCREENSHOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/screenshots");
/// A browser starts slowly where all tests run at once.
const PATIENCE: Duration = Duration::from_secs(90);

#[test]
fn approving_in_the_browser_signs_in() {
    let fake = FakeIdentityCenter::start(Options::default());
    let world = world(&fake, &chromium("approve"));
    let login = Login::start(&world, &["login", "--pkce"]);
    let pages = notes(&world);
    let (code, stderr) = login.finish();
    assert_eq!(code, Some(0), "{stderr}{pages}");
    assert!(stderr.contains("You are signed in to `corp`"), "{stderr}");

    assert_eq!(pages["asked"]["title"], "Allow aws-sso to access your data?");
    let page = &pages["answered"];
    assert_eq!(page["title"], "You are signed in · aws-sso");
    let text = "You are signed in\nYou can close this window and go back to your terminal.";
    assert_eq!((&page["text"], &page["status"]), (&text.into(), &200.into()));
    assert_eq!(page["console"], json!([]));
    // The address bar has the code: it must go nowhere, and nothing may run beside it.
    let headers = &page["headers"];
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["referrer-policy"], "no-referrer");
    assert_eq!(headers["content-security-policy"], "default-src 'none'; style-src 'unsafe-inline'");

    // That the page was reloaded changed nothing.
    assert_eq!(fake.count(Operation::CreateToken), 1);
    assert!(is_signed_in(&world));
}

#[test]
fn denying_in_the_browser_is_said_in_both_places() {
    let fake = FakeIdentityCenter::start(Options::default());
    let world = world(&fake, &chromium("deny"));
    let login = Login::start(&world, &["login", "--pkce"]);
    let pages = notes(&world);
    let (code, stderr) = login.finish();
    assert_eq!(code, Some(3), "{stderr}{pages}");
    assert!(stderr.contains("the sign-in was refused: The user denied it"), "{stderr}");
    assert!(stderr.contains("hint: Sign in: aws-sso login"), "{stderr}");
    assert_eq!(pages["answered"]["title"], "The sign-in failed · aws-sso");
    assert_eq!(pages["answered"]["console"], json!([]));
    assert_eq!(fake.count(Operation::CreateToken), 0);
    assert!(!is_signed_in(&world));
}

#[test]
fn who_does_not_know_the_state_cannot_end_a_sign_in() {
    let fake = FakeIdentityCenter::start(Options { auto_approve: true, ..Options::default() });
    let world = world(&fake, &["true", "%s"]);
    let mut login = Login::start(&world, &["login", "--pkce", "--url-action", "print"]);
    let url = login.url();
    let redirect_uri = url.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1;
    for (query, status) in [
        ("?code=abc&state=wrong", 400),
        ("?error=access_denied&state=wrong", 400),
        ("?error=access_denied", 400),
        ("/elsewhere?code=abc", 404),
    ] {
        let answer = Answer::of(&format!("{redirect_uri}{query}"));
        assert_eq!(answer.status, status, "{query}");
        assert!(!answer.body.contains("signed in") && !answer.body.contains("failed"), "{query}");
    }
    assert!(login.is_under_way());
    assert_eq!(fake.count(Operation::CreateToken), 0);

    approve(&url);
    let (code, stderr) = login.finish();
    assert_eq!(code, Some(0), "{stderr}");
    assert!(is_signed_in(&world));
}

#[test]
fn two_logins_at_once_ask_a_person_once() {
    let fake = FakeIdentityCenter::start(Options { auto_approve: true, ..Options::default() });
    let world = world(&fake, &["/bin/sh", "-c", "echo opened >> \"$HOME/browsers\"", "%s"]);
    let mut first = Login::start(&world, &["login", "--pkce"]);
    let url = first.url();
    let mut second = Login::start(&world, &["login", "--pkce"]);
    second.line_with("Another aws-sso is signing in to `corp`. Waiting for it…");
    assert!(first.is_under_way());

    approve(&url);
    let (code, stderr) = first.finish();
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("You are signed in to `corp`"), "{stderr}");
    let (code, stderr) = second.finish();
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains("You are already signed in to `corp`"), "{stderr}");
    assert!(!stderr.contains("/authorize?"), "{stderr}");
    let browsers = std::fs::read_to_string(world.home().join("browsers")).unwrap();
    assert_eq!(browsers, "opened\n");
    for operation in [Operation::RegisterClient, Operation::Authorize, Operation::CreateToken] {
        assert_eq!(fake.count(operation), 1, "{operation}");
    }
}

/// A sealed world whose AWS is the fake, and whose browser is this command.
fn world(fake: &FakeIdentityCenter, browser: &[&str]) -> TestEnv {
    let mut world = TestEnv::new(binary());
    world.set("AWS_ENDPOINT_URL_SSO", fake.url()).set("AWS_ENDPOINT_URL_SSO_OIDC", fake.url());
    world.set("AWS_SSO_FILE_PASSWORD", "CANARY-passphrase");
    let config = json!({
        "SSOConfig": {"corp": {"SSORegion": fake.region(), "StartUrl": fake.start_url()}},
        "UrlAction": "exec",
        "UrlExecCommand": browser,
    });
    // Which is YAML too.
    world.write(".aws-sso/config.yaml", &config.to_string());
    world
}

/// Chromium, to press this button. It leaves notes in the folder in which `aws-sso` runs.
fn chromium(button: &'static str) -> [&'static str; 6] {
    is_there();
    let python = sdks().join("bin/python").into_os_string().into_string().unwrap();
    [python.leak(), DRIVER, button, "%s", "notes.json", SCREENSHOTS]
}

/// Without it these tests are none.
pub(crate) fn is_there() {
    for program in ["/usr/bin/chromium", "/usr/bin/chromedriver"] {
        let is_there = Path::new(program).exists();
        assert!(is_there, "{program} is missing: apt-get install chromium chromium-driver");
    }
}

/// What the browser showed.
fn notes(world: &TestEnv) -> Value {
    let path = world.home().join("notes.json");
    let patience = Instant::now() + PATIENCE;
    while !path.exists() {
        assert!(Instant::now() < patience, "the browser does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
    let text = std::fs::read_to_string(path).unwrap();
    assert!(!text.contains(CANARY), "a secret was shown: {text}");
    let notes: Value = serde_json::from_str(&text).unwrap();
    let failure = notes.get("failure").and_then(Value::as_str);
    assert!(failure.is_none(), "{}", failure.unwrap_or_default());
    notes
}

fn is_signed_in(world: &TestEnv) -> bool {
    let shown = world.run(&["whoami", "--output", "json"]);
    let identities: Value = serde_json::from_str(&shown.stdout).unwrap();
    let is_signed_in = identities.pointer("/0/SignedIn").and_then(Value::as_bool).unwrap();
    assert_eq!(shown.code, Some(if is_signed_in { 0 } else { 3 }), "{}", shown.stderr);
    is_signed_in
}

/// Goes where the fake sends whoever approves at once, and so comes back to us.
fn approve(url: &Url) {
    let back = Answer::of(url.as_str()).location.unwrap();
    let answer = Answer::of(&back);
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("<h1>You are signed in</h1>"), "{}", answer.body);
}

/// An answer to a browser that loads nothing.
struct Answer {
    status: u16,
    location: Option<String>,
    body: String,
}

impl Answer {
    fn of(url: &str) -> Self {
        let url = Url::parse(url).unwrap();
        let address = (url.host_str().unwrap(), url.port().unwrap());
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        write!(stream, "GET {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let location = head.lines().find_map(|line| line.strip_prefix("location: "));
        Self { status, location: location.map(str::to_owned), body: body.to_owned() }
    }
}

/// A sign-in under way, whose stderr is read as it comes. Killed when dropped.
struct Login {
    child: Child,
    lines: Receiver<String>,
    stderr: String,
}

impl Login {
    fn start(world: &TestEnv, arguments: &[&str]) -> Self {
        let mut command = world.command(world.binary());
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, lines, stderr: String::new() }
    }

    /// The first line to come that has this in it.
    fn line_with(&mut self, part: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            assert!(line.is_ok(), "no {part:?} in: {}", self.stderr);
            let line = line.unwrap();
            self.note(&line);
            if line.contains(part) {
                return line;
            }
        }
    }

    /// The URL to open.
    fn url(&mut self) -> Url {
        Url::parse(self.line_with("/authorize?").trim()).unwrap()
    }

    fn is_under_way(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// The exit code, and all that it said.
    fn finish(mut self) -> (Option<i32>, String) {
        let patience = Instant::now() + PATIENCE;
        while self.is_under_way() {
            assert!(Instant::now() < patience, "the sign-in does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.note(&line);
        }
        assert!(!self.stderr.contains(CANARY), "a secret was printed: {}", self.stderr);
        (self.child.wait().unwrap().code(), std::mem::take(&mut self.stderr))
    }

    fn note(&mut self, line: &str) {
        self.stderr.push_str(line);
        self.stderr.push('\n');
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
