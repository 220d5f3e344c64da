//! The names of items, with which the names of their files begin. Two items never share a name.

use std::fmt;

use credentials::InstanceName;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The name of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemName(String);

impl ItemName {
    /// The name of an item that belongs to no instance: `owner.kind`. The item of an instance never has a dot in its name.
    pub fn of(owner: &'static str, kind: &'static str) -> Self {
        Self(format!("{owner}.{kind}"))
    }
}

/// The sign-in to an instance.
impl From<&InstanceName> for ItemName {
    fn from(instance: &InstanceName) -> Self {
        Self(file_name(instance))
    }
}

impl fmt::Display for ItemName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// All characters but those that are kept in the name of a file.
const IN_FILE_NAMES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// The text with which the names of an instance's files begin.
pub(crate) fn file_name(name: &InstanceName) -> String {
    utf8_percent_encode(&name.as_str().to_lowercase(), IN_FILE_NAMES).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_never_leave_their_folder() {
        for (name, expected) in
            [("Corp", "corp"), ("../x", "%2E%2E%2Fx"), ("a b", "a%20b"), ("Ä", "%C3%A4")]
        {
            assert_eq!(file_name(&InstanceName::parse(name).unwrap()), expected);
        }
    }

    #[test]
    fn no_instance_has_the_name_of_another_item() {
        let ours = ItemName::of("ecs", "authority");
        assert_eq!(ours.to_string(), "ecs.authority");
        for name in ["ecs.authority", "ECS.Authority", "ecs%2Eauthority", "ecs"] {
            assert_ne!(ItemName::from(&InstanceName::parse(name).unwrap()), ours, "{name}");
        }
    }
}
