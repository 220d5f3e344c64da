//! The passphrase of a key file, as a type that can't be printed by accident.

use std::fmt;

use age::secrecy::SecretString;
use credentials::Invalid;
use zeroize::Zeroizing;

/// A passphrase. Wiped when dropped. Unlike a [`credentials::Secret`] it is what a person thought of: any text.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes 1 to 1,024 bytes of UTF-8, as they are.
    ///
    /// # Errors
    /// Says what a passphrase must be. A refused text is wiped.
    pub fn parse(text: String) -> Result<Self, Invalid> {
        let text = Zeroizing::new(text);
        if text.is_empty() || text.len() > 1024 {
            return Err(Invalid("1 to 1,024 bytes of UTF-8"));
        }
        Ok(Self(text))
    }

    /// The passphrase in age's own secret type, which wipes it too.
    pub(super) fn for_age(&self) -> SecretString {
        SecretString::from(self.0.as_str())
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[passphrase]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_a_passphrase() {
        let passphrase = Passphrase::parse("CANARY grüße\n".to_owned()).unwrap();
        assert_eq!(format!("{passphrase:?}"), "[passphrase]");
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        assert!(Passphrase::parse(String::new()).is_err());
        assert!(Passphrase::parse("x".repeat(1024)).is_ok());
        assert!(Passphrase::parse("x".repeat(1025)).is_err());
    }
}
