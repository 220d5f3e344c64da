//! The server's own errors as the failure that a person is shown: what happened, and what to type.

use std::path::Path;

use credentials::{Failure, shell_word};
use files::{Fault, FileError};

use crate::audit::AuditError;
use crate::listener::ListenError;
use crate::server::TooLarge;
use crate::tls::CertificateError;
use crate::token::TokenStoreError;

impl From<ListenError> for Failure {
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

impl From<AuditError> for Failure {
    fn from(error: AuditError) -> Self {
        let hint = match &error {
            AuditError::Unfit(unfit) => match (&unfit.fault, unfit.hint()) {
                (Fault::Link | Fault::NotAFile | Fault::OtherOwner, _) => {
                    "Name a plain file of yours: aws-sso ecs run --audit-log FILE".to_owned()
                }
                (_, Some(hint)) => hint,
                (_, None) => return Self::failed(error),
            },
            AuditError::InUse(_) => {
                "Give each server a file of its own: aws-sso ecs run --audit-log FILE".to_owned()
            }
            AuditError::NoFolder(folder) => {
                format!("Make it: mkdir -m 700 -p {}", typed(folder))
            }
        };
        Self::failed(error).with_hint(hint)
    }
}

impl From<TooLarge> for Failure {
    fn from(error: TooLarge) -> Self {
        Self::failed(error)
    }
}

impl From<CertificateError> for Failure {
    fn from(error: CertificateError) -> Self {
        use CertificateError as Error;
        let hint = match &error {
            Error::File(file) if file.hint().is_some() => file.hint().unwrap_or_default(),
            Error::File(_) | Error::NoCertificate(_) | Error::NoKey(_) | Error::Damaged { .. } => {
                "Name two files in PEM: --tls-cert the certificate, followed by its chain, and --tls-key its private \
                 key."
                    .to_owned()
            }
            Error::EncryptedKey(path) => {
                format!("Decrypt it: openssl pkey -in {0} -out {0}.clear", path.display())
            }
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

impl From<TokenStoreError> for Failure {
    fn from(error: TokenStoreError) -> Self {
        let hint = match &error {
            TokenStoreError::Exposed(FileError { fault: Fault::Unreadable(_), .. })
            | TokenStoreError::NoRandomness => None,
            TokenStoreError::Exposed(FileError { path, .. })
            | TokenStoreError::Damaged { path, .. } => Some(format!(
                "Move it away and make new tokens, because the old ones stop working: mv {0} {0}.old",
                typed(path)
            )),
            TokenStoreError::File(error) => error.hint(),
            TokenStoreError::TooManySlots => Some(
                "Make several tokens, or one for all slots: aws-sso ecs token create --all-slots"
                    .to_owned(),
            ),
            TokenStoreError::NoSuchToken(_) => {
                Some("See which there are: aws-sso ecs token list".to_owned())
            }
        };
        let error = Self::failed(error);
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}

/// A path as one types it.
fn typed(path: &Path) -> String {
    shell_word(&path.to_string_lossy()).into_owned()
}
