//! What items are called: the start of their files' names. Two items never share one.

use std::fmt;

use credentials::InstanceName;

use crate::identity_center::file_name;

/// The name of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemName(String);

impl ItemName {
    /// An item that belongs to no instance: `whose.what`. The name of an instance's never holds a point.
    pub fn of(whose: &'static str, what: &'static str) -> Self {
        Self(format!("{whose}.{what}"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_instance_has_the_name_of_another_item() {
        let ours = ItemName::of("ecs", "authority");
        assert_eq!(ours.to_string(), "ecs.authority");
        for name in ["ecs.authority", "ECS.Authority", "ecs%2Eauthority", "ecs"] {
            assert_ne!(ItemName::from(&InstanceName::parse(name).unwrap()), ours, "{name}");
        }
    }
}
