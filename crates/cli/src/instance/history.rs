//! How often and when a person used a role, so that the selector can list it first. The history is a file. A file
//! that is damaged or cannot be written is ignored.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use credentials::{AccountId, Clock, InstanceName, Profile, ProfileName, RoleName, Source};
use files::{Access, Durability};
use selector::Used;
use serde::{Deserialize, Serialize};
use tracing::debug;

use crate::ground::clock::SystemClock;
use crate::ground::paths;

/// The key of a use: a role of an instance, or a profile of the AWS config whose role is not known.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Key {
    Role { instance: String, account_id: String, role_name: String },
    Profile { profile: String },
}

/// How often and when a role was used last.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Use {
    /// The sum of all uses at the time of the last one. Each counts 1 at first, and half of that a week later.
    uses: f64,
    /// In seconds since 1970.
    last_used: i64,
}

/// All roles and profiles that were used.
#[derive(Debug, Default)]
pub(crate) struct History(HashMap<Key, Use>);

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    used: Vec<StoredUse>,
}

#[derive(Serialize, Deserialize)]
struct StoredUse {
    #[serde(flatten)]
    key: Key,
    #[serde(flatten)]
    of: Use,
}

/// Records that a person chose this profile and got credentials.
pub(crate) fn note(profile: &Profile) {
    // Credentials without a source cannot be chosen again.
    let Some(source) = &profile.source else { return };
    let path = paths::history();
    let now = SystemClock.now().as_second();
    let mut history = History::read(&path);
    history.add(Key::of(source), now);
    let written = history.write(now);
    if let Err(error) = files::replace(&path, &written, Access::Private, Durability::BestEffort) {
        debug!(%error, "the history of choices cannot be written");
    }
}

impl Key {
    pub(crate) fn role(instance: &InstanceName, account: &AccountId, role: &RoleName) -> Self {
        Self::Role {
            instance: instance.as_str().to_owned(),
            account_id: account.as_str().to_owned(),
            role_name: role.as_str().to_owned(),
        }
    }

    pub(crate) fn profile(name: &ProfileName) -> Self {
        Self::Profile { profile: name.as_str().to_owned() }
    }

    pub(crate) fn of(source: &Source) -> Self {
        match source {
            Source::Role { instance, chain } => match chain.links.last() {
                Some(link) => {
                    Self::role(&instance.name, &link.role_arn.account_id, &link.role_arn.role_name)
                }
                None => Self::role(&instance.name, &chain.account_id, &chain.role_name),
            },
            Source::Profile(profile) => Self::profile(&profile.name),
        }
    }
}

impl Use {
    /// The use in the form that the selector needs, at this time.
    pub(crate) fn seen_at(self, now: i64) -> Used {
        Used { ago: self.ago(now), frecency: self.frecency(now) }
    }

    /// How likely it is that the role is chosen again, at this time. It is 1 right after the first use.
    fn frecency(self, now: i64) -> f64 {
        self.uses * (-self.ago(now).div_duration_f64(HALF_LIFE)).exp2()
    }

    /// Time since the last use. Zero if the last use is in the future, because the clock was set back.
    fn ago(self, now: i64) -> Duration {
        Duration::from_secs(now.saturating_sub(self.last_used).try_into().unwrap_or_default())
    }
}

impl History {
    /// Reads the file.
    pub(crate) fn read(path: &Path) -> Self {
        let json = match files::read_private(path, MAX_BYTES) {
            Ok(json) => json,
            Err(error) => {
                if !error.is_missing() {
                    debug!(%error, "the history of choices cannot be read");
                }
                return Self::default();
            }
        };
        Self::parse(&json)
    }

    fn parse(json: &[u8]) -> Self {
        let stored: Option<Stored> = serde_json::from_slice(json).ok();
        let used = stored.filter(|stored| stored.version == VERSION).map(|stored| stored.used);
        let is_sound = |stored: &StoredUse| (0.0..MAX_USES).contains(&stored.of.uses);
        let used = used.into_iter().flatten().filter(is_sound);
        Self(used.map(|StoredUse { key, of }| (key, of)).collect())
    }

    /// The accounts whose roles were used.
    pub(crate) fn accounts(&self) -> HashSet<&str> {
        let accounts = self.0.keys().filter_map(|key| match key {
            Key::Role { account_id, .. } => Some(account_id.as_str()),
            Key::Profile { .. } => None,
        });
        accounts.collect()
    }

    pub(crate) fn of(&self, key: &Key) -> Option<Use> {
        self.0.get(key).copied()
    }

    fn add(&mut self, key: Key, now: i64) {
        let before = self.of(&key).map_or(0.0, |used| used.frecency(now));
        let uses = (before + 1.0).min(MAX_USES / 2.0);
        self.0.insert(key, Use { uses, last_used: now });
    }

    /// The most used, as the file stores it.
    fn write(self, now: i64) -> Vec<u8> {
        let mut used: Vec<_> = self.0.into_iter().map(|(key, of)| StoredUse { key, of }).collect();
        used.sort_by(|a, b| b.of.frecency(now).total_cmp(&a.of.frecency(now)));
        used.truncate(MAX_KEPT);
        serde_json::to_vec(&Stored { version: VERSION, used }).unwrap_or_default()
    }
}

const VERSION: u32 = 1;
/// A week.
const HALF_LIFE: Duration = Duration::from_hours(7 * 24);
const MAX_USES: f64 = 1e6;
const MAX_KEPT: usize = 500;
/// Far more bytes than are kept.
const MAX_BYTES: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    const WEEK: i64 = 7 * 24 * 60 * 60;
    const NOW: i64 = 1_795_000_000;

    fn key(role_name: &str) -> Key {
        Key::Role {
            instance: "corp".to_owned(),
            account_id: "000001111111".to_owned(),
            role_name: role_name.to_owned(),
        }
    }

    #[test]
    fn frequent_and_recent_use_counts_most_and_old_uses_lose_weight() {
        let mut history = History::default();
        for _ in 0..3 {
            history.add(key("old habit"), NOW - 4 * WEEK);
        }
        history.add(key("yesterday"), NOW);
        let frecency = |name: &str| history.of(&key(name)).unwrap().frecency(NOW);
        assert!((frecency("yesterday") - 1.0).abs() < 1e-9);
        assert!((frecency("old habit") - 3.0 / 16.0).abs() < 1e-9);
        assert!(history.of(&key("never")).is_none());
    }

    #[test]
    fn a_clock_that_was_ahead_gives_no_advantage() {
        let mut history = History::default();
        history.add(key("ahead"), NOW + 100 * WEEK);
        assert!(history.of(&key("ahead")).unwrap().frecency(NOW) <= 1.0);
    }

    #[test]
    fn a_written_history_is_read_back_with_the_most_used_roles() {
        let mut history = History::default();
        let profile = Key::Profile { profile: "mine".to_owned() };
        history.add(profile.clone(), NOW);
        for number in 0..MAX_KEPT {
            history.add(key(&number.to_string()), NOW - WEEK);
        }
        let back = History::parse(&history.write(NOW));
        assert_eq!(back.0.len(), MAX_KEPT);
        assert_eq!(back.of(&profile), Some(Use { uses: 1.0, last_used: NOW }));
    }

    #[test]
    fn a_damaged_file_is_an_empty_history() {
        for damaged in [
            "",
            "{",
            "[]",
            r#"{"version":2,"used":[{"profile":"x","uses":1.0,"last_used":1}]}"#,
            r#"{"version":1,"used":[{"profile":"x","uses":-1.0,"last_used":1}]}"#,
            r#"{"version":1,"used":[{"profile":"x","uses":1e300,"last_used":1}]}"#,
            r#"{"version":1,"used":[{"uses":1.0,"last_used":1}]}"#,
        ] {
            assert!(History::parse(damaged.as_bytes()).0.is_empty(), "{damaged}");
        }
        let fine = br#"{"version":1,"used":[{"profile":"x","uses":1.0,"last_used":1}]}"#;
        assert!(!History::parse(fine).0.is_empty());
    }
}
