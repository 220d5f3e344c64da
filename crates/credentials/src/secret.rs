//! A type for secrets, so that they are not printed, compared or stored by accident.

use std::fmt;

use zeroize::Zeroizing;

use crate::Invalid;

/// A secret text, such as a secret access key or a session token. Its memory is wiped when it is dropped.
///
/// It has no `Display`, no `Serialize` and no `PartialEq`. [`Secret::expose`] is the only way to read it.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Parses 1 or more printable ASCII characters without spaces. AWS issues no others.
    ///
    /// # Errors
    /// The text is empty or contains another character. It is wiped then, too.
    pub fn parse(text: String) -> Result<Self, Invalid> {
        let text = Zeroizing::new(text);
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Invalid("text of printable ASCII characters without spaces"));
        }
        Ok(Self(text))
    }

    /// The secret text. Each caller must have a reason, which a review checks.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_it() {
        let secret = Secret::parse("wJalrXUtnFEMI".to_owned()).unwrap();
        assert_eq!(format!("{secret:?}"), "[secret]");
        assert_eq!(secret.expose(), "wJalrXUtnFEMI");
    }

    #[test]
    fn only_printable_text_is_a_valid_secret() {
        for refused in ["", "with space", "line\nbreak", "nul\0", "schlüssel"] {
            assert!(Secret::parse(refused.to_owned()).is_err(), "{refused:?}");
        }
    }
}
