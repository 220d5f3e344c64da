//! Names of profiles, which are also the names of slots.

use std::fmt;

use crate::{Invalid, RoleName};

/// The name of a profile: 1 to 512 bytes of UTF-8 without control characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProfileName(Box<str>);

impl ProfileName {
    /// Maximum length of a name.
    pub const MAX_BYTES: usize = 512;

    /// Parses a name.
    ///
    /// # Errors
    /// The text is empty, too long or contains a control character.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() || text.len() > Self::MAX_BYTES || text.chars().any(char::is_control) {
            return Err(Invalid("1 to 512 bytes of UTF-8 without control characters"));
        }
        Ok(Self(text.into()))
    }

    /// The name as a person wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The role's name as a profile name. Each role name is a valid profile name.
impl From<&RoleName> for ProfileName {
    fn from(role: &RoleName) -> Self {
        Self(role.as_str().into())
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_and_odd_profile_names_are_valid() {
        let longest = "x".repeat(512);
        for name in [".", "..", "team/dev:Read Only ✓", "a+b%2F", " ", &longest] {
            assert_eq!(ProfileName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn each_role_name_is_a_valid_profile_name() {
        for text in ["A", "a+b=c,d.e@f-g_h", &"R".repeat(64)] {
            let name = ProfileName::from(&RoleName::parse(text).unwrap());
            assert_eq!(name, ProfileName::parse(text).unwrap());
        }
    }

    #[test]
    fn empty_and_long_names_and_control_characters_are_refused() {
        let too_long = "x".repeat(513);
        for name in ["", "a\nb", "a\0b", "\u{1b}[31m", "\u{85}", &too_long] {
            assert!(ProfileName::parse(name).is_err(), "{name:?}");
        }
    }
}
