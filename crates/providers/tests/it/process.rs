//! Another process that uses the library: this test binary, run anew as its ignored test [`child`], which does what it
//! is asked on stdin. The SDK takes its endpoints from the environment, of which a process has but one; and what is
//! tested here is mostly between processes.

mod child;

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use fakes::CANARY;
use serde::{Deserialize, Serialize};

/// What a process knows from its start.
#[derive(Serialize, Deserialize)]
pub(crate) struct Setup {
    pub(crate) instance: String,
    pub(crate) start_url: String,
    pub(crate) region: String,
    pub(crate) home: PathBuf,
    /// What protects the store; nothing but the file's mode when absent.
    pub(crate) passphrase: Option<String>,
    /// How often the SDK tries a call.
    pub(crate) attempts: u32,
}

/// What a process can be asked.
#[derive(Serialize, Deserialize)]
pub(crate) enum Request {
    /// Answered by `Busy`, or by `Shown` and then by `Done`.
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
    /// As a server does it.
    NewCredentials {
        account: String,
        role: String,
    },
    /// Of one role so often at once.
    Many {
        new: bool,
        count: usize,
    },
    /// How long credentials live.
    Life {
        new: bool,
    },
    KeepSession,
    /// Answered once somebody may have signed in.
    SignInChanges,
    RefreshCatalogue {
        only_new: bool,
    },
    ClockOffset,
    /// To wait for what the library would have saved before the process ends.
    Saved,
    /// To drop what it does, as an interrupt does. All others must wait for the answer to the one before.
    GiveUp,
}

/// What a process answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    Shown {
        url: String,
        user_code: String,
    },
    Busy,
    Done,
    GaveUp,
    /// Whether somebody was signed in, or is.
    SignedIn(bool),
    /// The access key id.
    Credentials(String),
    /// The problems of those that failed.
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
    pub(crate) look_again_in: i64,
}

/// A `Failure`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Failed {
    pub(crate) problem: String,
    pub(crate) text: String,
}

#[derive(Serialize, Deserialize)]
struct Line {
    /// By how many seconds the process's clock is ahead.
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
    /// `log` gets what it writes to stderr.
    pub(crate) fn start(setup: &Setup, endpoint: &str, log: File, ahead: Arc<AtomicI64>) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["process::child::does_as_it_is_asked", "--exact", "--ignored", "--nocapture"])
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

    /// Asks without waiting for the answer.
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
            // The rest is what libtest prints.
            if let Some(json) = line.strip_prefix(child::PROMPT) {
                return serde_json::from_str(json).unwrap();
            }
        }
    }

    /// Asks, and waits for the answer.
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

    /// New ones, as a server asks for them.
    pub(crate) fn new_credentials(&mut self, account: &str, role: &str) -> Result<String, Failed> {
        self.ask(Request::NewCredentials { account: account.to_owned(), role: role.to_owned() });
        self.credentials_answer()
    }

    /// Credentials of one role, so often at once: the problems of those that failed.
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

    /// The same, after they were asked for.
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

    /// Begins to sign in: the URL to open, and the user code or nothing.
    pub(crate) fn start_sign_in(&mut self, device_code: bool) -> (String, String) {
        match self.call(Request::SignIn { device_code, after_others: false }) {
            Answer::Shown { url, user_code } => (url, user_code),
            other => panic!("{other:?}"),
        }
    }

    /// The answer, which must be that all went well.
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
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
