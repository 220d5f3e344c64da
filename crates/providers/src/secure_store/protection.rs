//! The ways to protect an item, and their names.

use std::fmt;

use credentials::Invalid;

/// What keeps others from reading an item. Its text is also the ending of the item's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// `secret-service`: a key in the keyring of a Linux desktop (GNOME Keyring, KWallet, KeePassXC).
    SecretService,
    /// `keychain`: a key in the login keychain of macOS.
    Keychain,
    /// `wincred`: a key in the Credential Manager of Windows.
    CredentialManager,
    /// `keyctl`: a key in the keyring of the Linux kernel. It is gone after a reboot, or three days without use.
    KernelKeyring,
    /// `file`: a key in a file beside the item, which a passphrase opens.
    Passphrase,
    /// `json`: nothing but the file's mode. For tests.
    Plain,
}

impl Protection {
    /// All there are; those of a keyring first, in the order in which they are tried.
    pub const ALL: [Self; 6] = [
        Self::SecretService,
        Self::Keychain,
        Self::CredentialManager,
        Self::KernelKeyring,
        Self::Passphrase,
        Self::Plain,
    ];

    /// # Errors
    /// Names the protections that there are.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|protection| protection.as_str() == text)
            .ok_or(Invalid("one of secret-service, keychain, wincred, keyctl, file and json"))
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::SecretService => "secret-service",
            Self::Keychain => "keychain",
            Self::CredentialManager => "wincred",
            Self::KernelKeyring => "keyctl",
            Self::Passphrase => "file",
            Self::Plain => "json",
        }
    }

    /// What a person calls it.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::SecretService => "the Secret Service keyring",
            Self::Keychain => "the macOS keychain",
            Self::CredentialManager => "the Windows Credential Manager",
            Self::KernelKeyring => "the kernel keyring",
            Self::Passphrase => "the passphrase's key file",
            Self::Plain => "the plain file",
        }
    }
}

impl fmt::Display for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protection_is_parsed_from_its_own_text() {
        for protection in Protection::ALL {
            assert_eq!(Protection::parse(&protection.to_string()).unwrap(), protection);
        }
        for refused in ["", "File", "pass", "json "] {
            assert!(Protection::parse(refused).is_err(), "{refused:?}");
        }
    }
}
