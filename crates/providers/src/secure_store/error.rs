//! Why an item can't be had or saved, and what to do then. Must not hold a secret.

use std::fmt;
use std::path::{Path, PathBuf};

use credentials::{Failure, Problem};

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
    /// Another process has held the lock for too long.
    #[error("another process holds the lock {}", path.display())]
    LockTimeout {
        /// The lock's file.
        path: PathBuf,
    },
    /// Others could read the item, or put another in its place.
    #[error("{} is not safe: {reason}", path.display())]
    Insecure {
        /// The item, its key file, folder or lock.
        path: PathBuf,
        /// What is unsafe about it.
        reason: Exposure,
    },
    /// What is to be saved is empty or too large.
    #[error("{bytes} bytes cannot be kept in {}: 1 to 1,048,576 can", path.display())]
    Size {
        /// The item.
        path: PathBuf,
        /// Its length.
        bytes: usize,
    },
    /// The system refused, such as for a full disk. The item that was there is there still.
    #[error("cannot {verb} {}: {reason}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        verb: &'static str,
        /// What the system said.
        reason: std::io::Error,
    },
}

/// What is unsafe about a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// It is a symbolic link.
    Link,
    /// It should be a file, or a folder, and is something else.
    WrongKind,
    /// It belongs to another user.
    OwnedByAnother,
    /// The file's group or all others may open it.
    OpenToOthers,
    /// The folder's group or all others may write in it.
    WritableByOthers,
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
            Self::LockTimeout { path } => format!("See which one it is: fuser -v {}", quoted(path)),
            Self::Insecure { path, reason } => match reason {
                Exposure::OpenToOthers => format!("Close it: chmod 600 {}", quoted(path)),
                Exposure::WritableByOthers => format!("Close it: chmod 700 {}", quoted(path)),
                Exposure::Link => format!("See where it leads: ls -l {}", quoted(path)),
                Exposure::WrongKind | Exposure::OwnedByAnother => {
                    format!("See what it is: ls -ld {}", quoted(path))
                }
            },
            Self::Io { reason, .. } if reason.kind() == std::io::ErrorKind::StorageFull => {
                "Make room on the disk. What was saved before is unchanged.".to_owned()
            }
            Self::Size { .. } | Self::Io { .. } => return None,
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

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Link => "it is a symbolic link",
            Self::WrongKind => "it is neither a plain file nor a folder where one is due",
            Self::OwnedByAnother => "it belongs to another user",
            Self::OpenToOthers => "other users may open it",
            Self::WritableByOthers => "other users may write in it",
        })
    }
}

fn list(paths: &[PathBuf]) -> String {
    let texts: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    texts.join(" and ")
}

/// The commands that keep a file that can't be read, and make room for another.
fn put_away(path: &Path) -> String {
    format!("mv {0} {0}.old && aws-sso login", quoted(path))
}

/// The path as one word of a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+@%,:=".contains(c);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
