//! An instance of IAM Identity Center: what a person configures of it.

use std::fmt;

use credentials::Invalid;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stays as it is in the name of a file.
const IN_FILE_NAMES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// The name of an instance: 1 to 64 bytes of UTF-8 without control characters. Names that differ in case only
/// are the same name, so that they are on file systems that think so too.
#[derive(Clone, Debug)]
pub struct InstanceName(Box<str>);

impl InstanceName {
    /// # Errors
    /// Says what a name must be.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() || text.len() > 64 || text.chars().any(char::is_control) {
            return Err(Invalid("1 to 64 bytes of UTF-8 without control characters"));
        }
        Ok(Self(text.into()))
    }

    /// The name as a person wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The start of the names of this instance's files.
    pub(crate) fn file_name(&self) -> String {
        utf8_percent_encode(&self.0.to_lowercase(), IN_FILE_NAMES).to_string()
    }
}

impl PartialEq for InstanceName {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_lowercase() == other.0.to_lowercase()
    }
}

impl Eq for InstanceName {}

impl fmt::Display for InstanceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_file_names_that_stay_in_their_folder() {
        for (name, file_name) in
            [("Corp", "corp"), ("../x", "%2E%2E%2Fx"), ("a b", "a%20b"), ("Ä", "%C3%A4")]
        {
            assert_eq!(InstanceName::parse(name).unwrap().file_name(), file_name);
        }
    }

    #[test]
    fn names_that_differ_in_case_are_one_name() {
        assert_eq!(InstanceName::parse("Corp").unwrap(), InstanceName::parse("corp").unwrap());
    }
}
