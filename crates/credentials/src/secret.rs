//! Secrets as a type, so that they can't be printed, compared or kept by accident.

use std::fmt;

use zeroize::Zeroizing;

use crate::Invalid;

/// A secret text: a secret access key or a session token. Wiped when dropped.
///
/// It has no `Display`, no `Serialize` and no `PartialEq`; [`Secret::expose`] is the one way in.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes 1 or more printable ASCII characters without spaces, which is what AWS issues.
    ///
    /// # Errors
    /// Says what a secret must look like. A refused text is wiped.
    pub fn parse(text: String) -> Result<Self, Invalid> {
        let text = Zeroizing::new(text);
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Invalid("text of printable ASCII characters without spaces"));
        }
        Ok(Self(text))
    }

    /// The secret itself. Every caller of this is a place to look at in a review.
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
    fn only_printable_text_is_taken() {
        for refused in ["", "with space", "line\nbreak", "nul\0", "schlüssel"] {
            assert!(Secret::parse(refused.to_owned()).is_err(), "{refused:?}");
        }
    }
}
