//! Another process that uses the library: this test binary with its ignored test [`child`], which performs the requests on its
//! stdin. It is a process because the SDK reads its endpoints from the environment, and because most of these tests are about
//! several processes.

mod child;

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use fakes::CANARY;
use serde::{Deserialize, Serialize};

/// The settings of a process.
#[derive(Serialize, Deserialize)]
pub(crate) struct Setup {
    pub(crate) instance: String,
    pub(crate) start_url: String,
    pub(crate) region: String,
    pub(crate) home: PathBuf,
    /// The passphrase of the store. `None`: a plain file.
    pub(crate) passphrase: Option<String>,
    /// The number of attempts of a call.
    pub(crate) attempts: u32,
    /// The time that credentials are waited for.
    pub(crate) patience: Duration,
}

/// A request to a process.
#[derive(Serialize, Deserialize)]
pub(crate) enum Request {
    /// The answer is `Busy`, or `Shown` and then `Done`.
    SignIn {
        device_code: bool,
        after_others: bool,
    },
    SignOut,
    SignedIn,
    StillSignedIn,
    Credentials {
        account: String,
        role: String,
    },
    /// Like a server.
    NewCredentials {
        account: String,
        role: String,
    },
    /// Several times at once for one role.
    Many {
        new: bool,
        count: usize,
    },
    /// The life of credentials.
    Life {
        new: bool,
    },
    KeepSession,
    /// The answer comes when somebody may have signed in.
    SignInChanges,
    UpdateCatalogue {
        only_new: bool,
    },
    ClockOffset,
    /// Waits until the library has saved everything.
    WaitUntilSaved,
    /// Drops the present request, like an interrupt. All other requests must wait for the previous answer.
    GiveUp,
}

/// The answer of a process.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    Shown {
        url: String,
        user_code: String,
    },
    Busy,
    Done,
    GaveUp,
    /// Whether somebody is signed in, or was before the request.
    SignedIn(bool),
    /// The access key id.
    Credentials(String),
    /// The problems of the failed calls.
    Many(Vec<String>),
    /// In seconds.
    Life(i64),
    /// In seconds from now.
    Session(Session),
    /// Account ids and their roles.
    Catalogue(Vec<(String, Vec<String>)>),
    ClockOffset(i64),
    Failed(Failed),
}

/// An `SsoSession`, in seconds from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) ends_in: Option<i64>,
    pub(crate) next_check_in: i64,
}

/// A `Failure`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Failed {
    pub(crate) problem: String,
    pub(crate) text: String,
}

#[derive(Serialize, Deserialize)]
struct Line {
    /// The number of seconds that the clock of the process is ahead.
    ahead: i64,
    request: Request,
}

/// A running process. It is killed when dropped, as by `kill -9`.
pub(crate) struct Process {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    ahead: Arc<AtomicI64>,
}

impl Process {
    /// Starts a process. Its stderr goes to `log`.
    pub(crate) fn start(setup: &Setup, endpoint: &str, log: File, ahead: Arc<AtomicI64>) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["process::child::performs_requests", "--exact", "--ignored", "--nocapture"])
            .env_clear()
            .env("HOME", &setup.home)
            .env("AWS_ENDPOINT_URL_SSO", endpoint)
            .env("AWS_ENDPOINT_URL_SSO_OIDC", endpoint)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        writeln!(stdin, "{}", serde_json::to_string(setup).unwrap()).unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdin, stdout, ahead }
    }

    /// Sends a request without waiting for the answer.
    pub(crate) fn ask(&mut self, request: Request) {
        let line = Line { ahead: self.ahead.load(Ordering::Relaxed), request };
        writeln!(self.stdin, "{}", serde_json::to_string(&line).unwrap()).unwrap();
    }

    /// Waits for the next answer.
    pub(crate) fn answer(&mut self) -> Answer {
        loop {
            let mut line = String::new();
            assert!(self.stdout.read_line(&mut line).unwrap() > 0, "the process has ended");
            assert!(!line.contains(CANARY), "a secret in {line}");
            // Other lines are output of libtest.
            if let Some(json) = line.strip_prefix(child::PROMPT) {
                return serde_json::from_str(json).unwrap();
            }
        }
    }

    /// Sends a request and waits for the answer.
    pub(crate) fn call(&mut self, request: Request) -> Answer {
        self.ask(request);
        self.answer()
    }

    pub(crate) fn ask_credentials(&mut self, account: &str, role: &str) {
        self.ask(Request::Credentials { account: account.to_owned(), role: role.to_owned() });
    }

    /// The access key id of a role's credentials.
    pub(crate) fn credentials(&mut self, account: &str, role: &str) -> Result<String, Failed> {
        self.ask_credentials(account, role);
        self.credentials_answer()
    }

    /// New credentials, like a server.
    pub(crate) fn new_credentials(&mut self, account: &str, role: &str) -> Result<String, Failed> {
        self.ask(Request::NewCredentials { account: account.to_owned(), role: role.to_owned() });
        self.credentials_answer()
    }

    /// Fetches credentials of one role several times at once. Returns the problems of the failed calls.
    pub(crate) fn many(&mut self, new: bool, count: usize) -> Vec<String> {
        match self.call(Request::Many { new, count }) {
            Answer::Many(problems) => problems,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn keep_session(&mut self) -> Result<Session, Failed> {
        match self.call(Request::KeepSession) {
            Answer::Session(session) => Ok(session),
            Answer::Failed(failed) => Err(failed),
            other => panic!("{other:?}"),
        }
    }

    /// The answer to a request for credentials.
    pub(crate) fn credentials_answer(&mut self) -> Result<String, Failed> {
        match self.answer() {
            Answer::Credentials(access_key_id) => Ok(access_key_id),
            Answer::Failed(failed) => Err(failed),
            other => panic!("{other:?}"),
        }
    }

    /// The answer, which must be an error.
    pub(crate) fn failure(&mut self) -> Failed {
        match self.answer() {
            Answer::Failed(failed) => failed,
            other => panic!("{other:?}"),
        }
    }

    /// Starts a sign-in: the URL to open, and the user code or an empty text.
    pub(crate) fn start_sign_in(&mut self, device_code: bool) -> (String, String) {
        match self.call(Request::SignIn { device_code, after_others: false }) {
            Answer::Shown { url, user_code } => (url, user_code),
            other => panic!("{other:?}"),
        }
    }

    /// The answer, which must be `Done`.
    pub(crate) fn done(&mut self) {
        let answer = self.answer();
        assert!(matches!(answer, Answer::Done), "{answer:?}");
    }

    pub(crate) fn signed_in(&mut self) -> bool {
        match self.call(Request::SignedIn) {
            Answer::SignedIn(signed_in) => signed_in,
            other => panic!("{other:?}"),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
