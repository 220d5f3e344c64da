//! The state of a slot, as one word. docs/reference/api.md lists the words.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The state of a slot: one word of a closed list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It serves credentials, and nothing is wrong.
    #[default]
    Ready,
    /// There are no credentials to serve, and nothing is wrong: the fetch runs or waits.
    Pending,
    /// It cannot be refreshed until a person signs in.
    SignInNeeded,
    /// AWS denies the role.
    Denied,
    /// It cannot be refreshed until the configuration is fixed.
    Misconfigured,
    /// Refreshing has failed, and is tried again.
    Unavailable,
    /// Its credentials were handed in, and have expired.
    Expired,
    /// A word that this version does not know.
    #[serde(other)]
    Unknown,
}

/// Writes the word from the JSON.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_documentation_lists_every_state_and_no_other() {
        let documented = super::super::documented("States");
        let states = documented.iter().map(|word| serde_json::from_value(word.as_str().into()));
        let states: Vec<State> = states.collect::<Result<_, _>>().unwrap();
        assert!(!states.contains(&State::Unknown), "{documented:?}");
        assert_eq!(documented.iter().collect::<HashSet<_>>().len(), State::Unknown as usize);
    }
}
