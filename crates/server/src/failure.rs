//! Converts the server's errors to a `Failure`: what happened, and the command that helps.

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
            ListenError::InUse(address) => format!(
                "If it is your server, use it; else choose another port: aws-sso ecs run --port {}",
                another_port(address.port())
            ),
            ListenError::Denied(_) => {
                "Choose a port above 1023: aws-sso ecs run --port 4144".to_owned()
            }
            ListenError::NoLoopback => {
                "Enable the loopback interface: ip link set lo up".to_owned()
            }
            ListenError::NotLoopback(_) => {
                "Set ListenStream=127.0.0.1:4144 in the socket unit.".to_owned()
            }
            ListenError::Other { .. } | ListenError::Unusable(_) => {
                return Self::failed(error);
            }
        };
        Self::failed(error).with_hint(hint)
    }
}

/// A port next to one that is in use.
fn another_port(port: u16) -> u16 {
    port.checked_add(1).unwrap_or(4144)
}

impl From<AuditError> for Failure {
    fn from(error: AuditError) -> Self {
        let hint = match &error {
            AuditError::Unusable(unusable) => match (&unusable.fault, unusable.hint()) {
                (Fault::Link | Fault::NotAFile | Fault::OtherOwner, _) => {
                    "Choose a regular file that you own: aws-sso ecs run --audit-log FILE"
                        .to_owned()
                }
                (_, Some(hint)) => hint,
                (_, None) => return Self::failed(error),
            },
            AuditError::InUse(_) => {
                "Choose another file for this server: aws-sso ecs run --audit-log FILE".to_owned()
            }
            AuditError::NoFolder(folder) => {
                format!("Create it: mkdir -m 700 -p {}", typed(folder))
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
                "Give two PEM files: --tls-cert with the certificate and its chain, and --tls-key with its private key."
                    .to_owned()
            }
            Error::EncryptedKey(path) => {
                format!("Decrypt it: openssl pkey -in {0} -out {0}.clear", typed(path))
            }
            Error::KeyMismatch(_) => {
                "Give the private key of that certificate: --tls-key FILE".to_owned()
            }
            Error::NotValid { .. } => {
                "Renew it, or let aws-sso make a certificate: aws-sso ecs run --tls".to_owned()
            }
            Error::MissingName { present, .. } => match present.first() {
                Some(name) => {
                    format!("Use one of its names for the server: --tls-name {name}")
                }
                None => "Use a certificate with subject alternative names.".to_owned(),
            },
            Error::Unusable { .. } => {
                "Use an ECDSA P-256 or P-384 key, an Ed25519 key, or an RSA key of 2048 bits or more.".to_owned()
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
                "Move it away and make new tokens (the old ones stop working): mv {0} {0}.old",
                typed(path)
            )),
            TokenStoreError::File(error) | TokenStoreError::Folder(error) => error.hint(),
            TokenStoreError::TooManySlots => Some(
                "Make several tokens, or one for all slots: aws-sso ecs token create --all-slots"
                    .to_owned(),
            ),
            TokenStoreError::NoSuchToken(_) => {
                Some("List the tokens: aws-sso ecs token list".to_owned())
            }
            TokenStoreError::ClockIsBehind(_) => Some(
                "Set the clock. If it is right now, revoke the tokens of that time: aws-sso ecs token revoke --all"
                    .to_owned(),
            ),
            TokenStoreError::NoSpace(_) => Some(
                "Revoke every token, which needs no space: aws-sso ecs token revoke --all".to_owned(),
            ),
        };
        let error = Self::failed(error);
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}

/// A path as a shell word.
fn typed(path: &Path) -> String {
    shell_word(&path.to_string_lossy()).into_owned()
}
