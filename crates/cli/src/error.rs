//! What went wrong with a command: the text, the hint, and the exit code, translated once.

use std::fmt::Display;
use std::path::Path;

use providers::{Problem, ProviderError};
use server::private_file;
use server::{AuditError, CertificateError, ListenError, TooLarge};

use crate::shell_word::quoted;

/// A command's failure, as it is shown.
#[derive(Debug)]
pub(crate) struct CommandError {
    pub(crate) kind: Kind,
    /// A lower-case fragment.
    pub(crate) text: String,
    /// A full sentence with what to type.
    pub(crate) hint: Option<String>,
}

/// The kinds of failure that a script can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Failed,
    /// Most of these are clap's.
    Usage,
    SignInNeeded,
    Unreachable,
    /// What `exec` is to run is not there, or can't be run.
    CommandNotFound,
    CommandNotExecutable,
    Interrupted,
}

impl Kind {
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::SignInNeeded => 3,
            Self::Unreachable => 4,
            // As a shell has it.
            Self::CommandNotExecutable => 126,
            Self::CommandNotFound => 127,
            Self::Interrupted => 130,
        }
    }
}

impl CommandError {
    pub(crate) fn new(kind: Kind, text: impl Display) -> Self {
        Self { kind, text: text.to_string(), hint: None }
    }

    pub(crate) fn failed(text: impl Display) -> Self {
        Self::new(Kind::Failed, text)
    }

    /// What went wrong has been shown already.
    pub(crate) fn told() -> Self {
        Self::failed("")
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<ProviderError> for CommandError {
    fn from(error: ProviderError) -> Self {
        let (kind, hint) = match error.problem {
            Problem::SignInNeeded => {
                (Kind::SignInNeeded, Some("Sign in, then try again: aws sso login --profile NAME"))
            }
            Problem::Throttled => (Kind::Failed, Some("Wait a minute, then try again.")),
            Problem::Unavailable => (
                Kind::Failed,
                Some("Look at the network, HTTPS_PROXY and the AWS_ENDPOINT_URL variables."),
            ),
            Problem::Denied | Problem::Invalid => (Kind::Failed, None),
        };
        let hint = error.hint().or(hint).map(str::to_owned);
        Self { kind, text: error.to_string(), hint }
    }
}

impl From<ListenError> for CommandError {
    fn from(error: ListenError) -> Self {
        let hint = match &error {
            ListenError::InUse(_) => {
                "If a server runs already, use it; else take another port: \
                 aws-sso ecs run --port PORT"
            }
            ListenError::Denied(_) => "Take a port above 1023: aws-sso ecs run --port PORT",
            ListenError::NoLoopback => "Bring up the loopback interface: ip link set lo up",
            ListenError::NotLoopback(_) => "Give the socket unit ListenStream=127.0.0.1:4144.",
            ListenError::Other { .. } | ListenError::Unusable(_) => {
                return Self::failed(error);
            }
        };
        Self::failed(error).with_hint(hint)
    }
}

impl From<AuditError> for CommandError {
    fn from(error: AuditError) -> Self {
        let hint = match &error {
            AuditError::Unfit(unfit) => match unfit.problem {
                private_file::Problem::OpenToOthers => {
                    format!("Make it yours alone: chmod 600 {}", word(&unfit.path))
                }
                private_file::Problem::Unreadable(_) => return Self::failed(error),
                _ => "Name a plain file of yours: aws-sso ecs run --audit-log FILE".to_owned(),
            },
            AuditError::OpenFolder(folder) => {
                format!("Make it yours alone: chmod go-w {}", word(folder))
            }
            AuditError::InUse(_) => {
                "Give each server a file of its own: aws-sso ecs run --audit-log FILE".to_owned()
            }
            AuditError::NoFolder(folder) => {
                format!("Make it: mkdir -m 700 -p {}", word(folder))
            }
        };
        Self::failed(error).with_hint(hint)
    }
}

/// A path as one types it.
fn word(path: &Path) -> String {
    quoted(&path.to_string_lossy()).into_owned()
}

impl From<TooLarge> for CommandError {
    fn from(error: TooLarge) -> Self {
        Self::failed(error)
    }
}

impl From<CertificateError> for CommandError {
    fn from(error: CertificateError) -> Self {
        use CertificateError as Error;
        let hint = match &error {
            Error::Io { .. } | Error::NoCertificate(_) | Error::NoKey(_) | Error::Damaged { .. } => {
                "Name two files in PEM: --tls-cert the certificate, followed by its chain, and --tls-key its private \
                 key."
                    .to_owned()
            }
            Error::EncryptedKey(path) => {
                format!("Decrypt it: openssl pkey -in {0} -out {0}.clear", path.display())
            }
            Error::KeyOpenToOthers(path) => format!("Close it: chmod 600 {}", path.display()),
            Error::KeyOfAnother(_) => {
                "Name the key with which that certificate was asked for: --tls-key FILE".to_owned()
            }
            Error::NotValid { .. } => {
                "Have it renewed, or let aws-sso make one by itself: aws-sso ecs run --tls".to_owned()
            }
            Error::NameLacking { present, .. } => match present.first() {
                Some(name) => {
                    format!("Say by which of its names programs reach the server: --tls-name {name}")
                }
                None => "Have one made with subject alternative names.".to_owned(),
            },
            Error::Unusable { .. } => {
                "Take a key of ECDSA P-256 or P-384, Ed25519, or RSA of 2048 bits or more.".to_owned()
            }
        };
        Self::failed(error).with_hint(hint)
    }
}
