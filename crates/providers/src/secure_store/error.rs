//! Errors of the store, with what to do about them. They hold no secrets.

use std::path::{Path, PathBuf};

use credentials::{Failure, Problem, shell_word};
use files::FileError;

use super::protection::Protection;

/// The reason why an item cannot be read or saved. The text is one line without secrets.
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
    /// The keyring or the key file has no key that opens the item.
    #[error("{} has no key that opens {}", protection.label(), path.display())]
    KeyMissing {
        /// The item.
        path: PathBuf,
        /// The protection that should have the key.
        protection: Protection,
    },
    /// The keyring is locked or missing, or does not answer.
    #[error("{} cannot be used: {reason}", protection.label())]
    Unavailable {
        /// Which keyring.
        protection: Protection,
        /// The error of the keyring.
        reason: String,
    },
    /// The item or its key file has been changed or cut off.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The item or its key file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There are items with several protections, and no person chose one.
    #[error("the sign-in is kept in {}", list(paths))]
    Several {
        /// The items.
        paths: Vec<PathBuf>,
    },
    /// The new item is empty or too large.
    #[error("an item of {bytes} bytes cannot be saved to {}: the size must be 1 to 1,048,576 bytes", path.display())]
    Size {
        /// The item.
        path: PathBuf,
        /// Its length.
        bytes: usize,
    },
    /// A file cannot be read, locked or written, or is not safe. The old item is unchanged.
    #[error(transparent)]
    File(#[from] FileError),
}

impl StoreError {
    /// What to do about it, if that is known here: a full sentence, to be shown below the error.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::PassphraseNeeded { .. } => {
                "Set AWS_SSO_FILE_PASSWORD, or run the command in a terminal, where it asks for the passphrase.".to_owned()
            }
            Self::WrongPassphrase { path } => format!("Try again. If the passphrase is lost: {}", rename_and_sign_in(path)),
            Self::Damaged { path, .. } => format!("Rename it and sign in again: {}", rename_and_sign_in(path)),
            Self::KeyMissing { protection: Protection::KernelKeyring, .. } => {
                "The kernel loses its keys at a reboot. Sign in again: aws-sso login".to_owned()
            }
            Self::KeyMissing { .. } => "Sign in again: aws-sso login".to_owned(),
            Self::Unavailable { .. } => {
                "Unlock the keyring and try again; or write `SecureStore: file` into config.yaml, and sign in again.".to_owned()
            }
            Self::Several { .. } => {
                "Write `SecureStore: ` and the extension of the right file into config.yaml.".to_owned()
            }
            Self::File(error) => return error.hint(),
            Self::Size { .. } => return None,
        };
        Some(hint)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let is_key_missing = matches!(error, StoreError::KeyMissing { .. });
        let problem = if is_key_missing { Problem::SignInNeeded } else { Problem::Invalid };
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

/// The commands that rename an unreadable file and sign in again.
fn rename_and_sign_in(path: &Path) -> String {
    format!("mv {0} {0}.old && aws-sso login", shell_word(&path.to_string_lossy()))
}
