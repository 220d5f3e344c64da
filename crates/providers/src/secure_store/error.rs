//! Why an item can't be had or saved, and what to do then. Must not hold a secret.

use std::path::{Path, PathBuf};

use credentials::{Failure, Problem, shell_word};
use files::FileError;

use super::protection::Protection;

/// An item could not be had or saved. The text is one line and holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A passphrase protects the item's key and none was given.
    #[error("{}", if *new { "a passphrase is needed to protect the sign-in" } else { "a passphrase protects the sign-in" })]
    PassphraseNeeded {
        /// There is no key yet: the passphrase is made now, so ask for it twice.
        new: bool,
    },
    /// The passphrase doesn't open the key file.
    #[error("the passphrase does not open {}", path.display())]
    WrongPassphrase {
        /// The key file.
        path: PathBuf,
    },
    /// The keyring answers, or the key file was looked for, and there is no key that opens the item.
    #[error("{} has no key that opens {}", protection.label(), path.display())]
    KeyMissing {
        /// The item.
        path: PathBuf,
        /// Whose key it was.
        protection: Protection,
    },
    /// The keyring is locked, not there, or doesn't answer.
    #[error("{} cannot be used: {reason}", protection.label())]
    Unavailable {
        /// Which keyring.
        protection: Protection,
        /// What it said.
        reason: String,
    },
    /// The item or its key file is not what was saved.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The item or its key file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The instance has items of other protections, and none was chosen.
    #[error("the sign-in is kept in {}", list(paths))]
    Several {
        /// The items.
        paths: Vec<PathBuf>,
    },
    /// What is to be saved is empty or too large.
    #[error("{bytes} bytes cannot be kept in {}: 1 to 1,048,576 can", path.display())]
    Size {
        /// The item.
        path: PathBuf,
        /// Its length.
        bytes: usize,
    },
    /// A file can't be read, locked or written, or isn't safe. The item that was there is there still.
    #[error(transparent)]
    File(#[from] FileError),
}

impl StoreError {
    /// What to do next, as far as it is known here: a full sentence, to be shown below the error.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::PassphraseNeeded { .. } => {
                "Set AWS_SSO_FILE_PASSWORD, or run it on a terminal, where it is asked for.".to_owned()
            }
            Self::WrongPassphrase { path } => format!("Try again. If it is lost: {}", put_away(path)),
            Self::Damaged { path, .. } => format!("Put it away and sign in anew: {}", put_away(path)),
            Self::KeyMissing { protection: Protection::KernelKeyring, .. } => {
                "The kernel forgets its keys at a reboot. Sign in anew: aws-sso login".to_owned()
            }
            Self::KeyMissing { .. } => "Sign in anew: aws-sso login".to_owned(),
            Self::Unavailable { .. } => {
                "Unlock it and try again; or write `SecureStore: file` into config.yaml, and sign in anew.".to_owned()
            }
            Self::Several { .. } => {
                "Write `SecureStore: ` and the ending of the one you mean into config.yaml.".to_owned()
            }
            Self::File(error) => return error.hint(),
            Self::Size { .. } => return None,
        };
        Some(hint)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let problem = match &error {
            StoreError::KeyMissing { .. } => Problem::SignInNeeded,
            _ => Problem::Invalid,
        };
        let failure = Self::new(problem, &error);
        match error.hint() {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        }
    }
}

fn list(paths: &[PathBuf]) -> String {
    let texts: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    texts.join(" and ")
}

/// The commands that keep a file that can't be read, and make room for another.
fn put_away(path: &Path) -> String {
    format!("mv {0} {0}.old && aws-sso login", shell_word(&path.to_string_lossy()))
}
