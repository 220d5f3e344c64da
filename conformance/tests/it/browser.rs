//! `aws-sso login` in a browser. Our binary starts Debian's Chromium, in which a driver presses the buttons of the fake IAM
//! Identity Center. In tests that need no page, the test itself is the browser.

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
/// Screenshots, for people.
const SCREENSHOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/screenshots");
/// Maximum time to wait. A browser starts slowly when all tests run together.
const TIMEOUT: Duration = Duration::from_secs(90);

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
    // The address bar contains the code. The page must not send it anywhere and must not run scripts.
    let headers = &page["headers"];
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["referrer-policy"], "no-referrer");
    assert_eq!(headers["content-security-policy"], "default-src 'none'; style-src 'unsafe-inline'");

    // The reload of the page has changed nothing.
    assert_eq!(fake.count(Operation::CreateToken), 1);
    assert!(is_signed_in(&world));
}

#[test]
fn a_denial_is_shown_in_the_browser_and_in_the_terminal() {
    let fake = FakeIdentityCenter::start(Options::default());
    let world = world(&fake, &chromium("deny"));
    let login = Login::start(&world, &["login", "--pkce"]);
    let pages = notes(&world);
    let (code, stderr) = login.finish();
    assert_eq!(code, Some(3), "{stderr}{pages}");
    assert!(stderr.contains("the sign-in was denied: The user denied it"), "{stderr}");
    assert!(stderr.contains("hint: Sign in: aws-sso login"), "{stderr}");
    assert_eq!(pages["answered"]["title"], "The sign-in failed · aws-sso");
    assert_eq!(pages["answered"]["console"], json!([]));
    assert_eq!(fake.count(Operation::CreateToken), 0);
    assert!(!is_signed_in(&world));
}

#[test]
fn a_request_without_the_state_cannot_end_a_sign_in() {
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
fn two_logins_at_once_open_one_browser() {
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

/// A sealed environment with the fake as AWS and with this command as browser.
fn world(fake: &FakeIdentityCenter, browser: &[&str]) -> TestEnv {
    let mut world = TestEnv::new(binary());
    world.set("AWS_ENDPOINT_URL_SSO", fake.url()).set("AWS_ENDPOINT_URL_SSO_OIDC", fake.url());
    world.set("AWS_SSO_FILE_PASSWORD", "CANARY-passphrase");
    let config = json!({
        "SSOConfig": {"corp": {"SSORegion": fake.region(), "StartUrl": fake.start_url()}},
        "UrlAction": "exec",
        "UrlExecCommand": browser,
    });
    // JSON is YAML too.
    world.write(".aws-sso/config.yaml", &config.to_string());
    world
}

/// A command that presses this button in Chromium. It writes its notes to the folder in which `aws-sso` runs.
fn chromium(button: &'static str) -> [&'static str; 6] {
    is_there();
    let python = sdks().join("bin/python").into_os_string().into_string().unwrap();
    [python.leak(), DRIVER, button, "%s", "notes.json", SCREENSHOTS]
}

/// Whether Chromium is installed. Without it, its tests are left out.
pub(crate) fn is_there() {
    for program in ["/usr/bin/chromium", "/usr/bin/chromedriver"] {
        let is_there = Path::new(program).exists();
        assert!(is_there, "{program} is missing: apt-get install chromium chromium-driver");
    }
}

/// The notes of the browser.
fn notes(world: &TestEnv) -> Value {
    let path = world.home().join("notes.json");
    let deadline = Instant::now() + TIMEOUT;
    while !path.exists() {
        assert!(Instant::now() < deadline, "the browser did not end");
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

/// Approves a sign-in as a browser does: follows the fake's redirect to our server.
fn approve(url: &Url) {
    let back = Answer::of(url.as_str()).location.unwrap();
    let answer = Answer::of(&back);
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("<h1>You are signed in</h1>"), "{}", answer.body);
}

/// An answer to an HTTP request.
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
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
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

/// A running sign-in. It is killed when it is dropped.
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

    /// Waits for a line of stderr that contains a text.
    fn line_with(&mut self, part: &str) -> String {
        loop {
            let line = self.lines.recv_timeout(TIMEOUT);
            assert!(line.is_ok(), "no {part:?} in: {}", self.stderr);
            let line = line.unwrap();
            self.note(&line);
            if line.contains(part) {
                return line;
            }
        }
    }

    /// Waits for the URL to open.
    fn url(&mut self) -> Url {
        Url::parse(self.line_with("/authorize?").trim()).unwrap()
    }

    fn is_under_way(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for the end. Returns the exit code and the whole stderr.
    fn finish(mut self) -> (Option<i32>, String) {
        let deadline = Instant::now() + TIMEOUT;
        while self.is_under_way() {
            assert!(Instant::now() < deadline, "the sign-in did not end");
            std::thread::sleep(Duration::from_millis(5));
        }
        while let Ok(line) = self.lines.recv_timeout(TIMEOUT) {
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
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
