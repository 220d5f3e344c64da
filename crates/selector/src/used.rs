//! When and how often a person used the role of a row.

use std::time::Duration;

/// The use of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Used {
    /// The time since the last use.
    pub ago: Duration,
    /// A score of how often and how recently it was used: 1 after a first use just now. Never negative.
    pub frecency: f64,
}

impl Used {
    /// The time since the last use, at most four columns wide: `now`, `59m`, `2h`, `99d`, `52w`, `3y`.
    pub fn age(self) -> String {
        let minutes = self.ago.as_secs() / 60;
        match (minutes, minutes / 60, minutes / (60 * 24)) {
            (0, ..) => "now".to_owned(),
            (minutes @ ..60, ..) => format!("{minutes}m"),
            (_, hours @ ..48, _) => format!("{hours}h"),
            (.., days @ ..100) => format!("{days}d"),
            (.., days @ ..1000) => format!("{}w", days / 7),
            (.., days) => format!("{}y", (days / 365).min(999)),
        }
    }
}
