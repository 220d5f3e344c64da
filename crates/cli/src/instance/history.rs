//! Which roles a person uses: how often, and when last, so that a list can begin with them. A file of ours: damaged or
//! unwritable, it is as good as none.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use credentials::{AccountId, Clock, InstanceName, Profile, ProfileName, RoleName, Source};
use files::{Access, Durability};
use serde::{Deserialize, Serialize};
use tracing::debug;

use crate::ground::clock::SystemClock;
use crate::ground::paths;

/// What was used: a role of an instance; or a profile of the AWS config, which is nobody's role that we know of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Key {
    Role { instance: String, account_id: String, role_name: String },
    Profile { profile: String },
}

/// How much it was used.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Use {
    /// Each use counts for one on its day, and for half of that a week later: how much it was when it was last used.
    uses: f64,
    /// In seconds since 1970.
    pub(crate) last_used: i64,
}

/// All that was used.
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

/// Remembers that somebody wanted this profile, and got credentials.
pub(crate) fn note(profile: &Profile) {
    // For what was handed in there is nothing to choose again.
    let Some(source) = &profile.source else { return };
    let path = paths::history();
    let now = SystemClock.now().as_second();
    let mut history = History::read(&path);
    history.add(Key::of(source), now);
    let written = history.write(now);
    if let Err(error) = files::replace(&path, &written, Access::Private, Durability::BestEffort) {
        debug!(%error, "what was used is not remembered");
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
    /// How likely it is wanted again, at this time: one for what was just used for the first time.
    pub(crate) fn frecency(self, now: i64) -> f64 {
        // Of a clock that was ahead, no more is believed than that it is used now.
        let age = now.saturating_sub(self.last_used).max(0);
        #[expect(clippy::cast_precision_loss, reason = "seconds of a person's life")]
        let half_lives = age as f64 / HALF_LIFE;
        self.uses * (-half_lives).exp2()
    }
}

impl History {
    /// What is remembered.
    pub(crate) fn read(path: &Path) -> Self {
        let json = match files::read_private(path, LARGEST) {
            Ok(json) => json,
            Err(error) => {
                if !error.is_missing() {
                    debug!(%error, "what was used before is not known");
                }
                return Self::default();
            }
        };
        Self::parse(&json)
    }

    pub(crate) fn parse(json: &[u8]) -> Self {
        let stored: Option<Stored> = serde_json::from_slice(json).ok();
        let used = stored.filter(|stored| stored.version == VERSION).map(|stored| stored.used);
        let is_sound = |stored: &StoredUse| (0.0..MOST_USES).contains(&stored.of.uses);
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
        let uses = (before + 1.0).min(MOST_USES / 2.0);
        self.0.insert(key, Use { uses, last_used: now });
    }

    /// What is used the most, as it is stored.
    fn write(self, now: i64) -> Vec<u8> {
        let mut used: Vec<_> = self.0.into_iter().map(|(key, of)| StoredUse { key, of }).collect();
        used.sort_by(|a, b| b.of.frecency(now).total_cmp(&a.of.frecency(now)));
        used.truncate(MOST_KEPT);
        serde_json::to_vec(&Stored { version: VERSION, used }).unwrap_or_default()
    }
}

const VERSION: u32 = 1;
/// In seconds: a week.
const HALF_LIFE: f64 = 7.0 * 24.0 * 60.0 * 60.0;
const MOST_USES: f64 = 1e6;
const MOST_KEPT: usize = 500;
/// In bytes: far more than are kept.
const LARGEST: u64 = 1 << 20;

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
    fn what_is_used_often_and_lately_comes_first_and_old_habits_fade() {
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
    fn a_clock_that_was_ahead_gives_nothing_a_lead() {
        let mut history = History::default();
        history.add(key("ahead"), NOW + 100 * WEEK);
        assert!(history.of(&key("ahead")).unwrap().frecency(NOW) <= 1.0);
    }

    #[test]
    fn it_comes_back_from_the_disk_and_keeps_what_is_used_the_most() {
        let mut history = History::default();
        let profile = Key::Profile { profile: "mine".to_owned() };
        history.add(profile.clone(), NOW);
        for number in 0..MOST_KEPT {
            history.add(key(&number.to_string()), NOW - WEEK);
        }
        let back = History::parse(&history.write(NOW));
        assert_eq!(back.0.len(), MOST_KEPT);
        assert_eq!(back.of(&profile), Some(Use { uses: 1.0, last_used: NOW }));
    }

    #[test]
    fn a_damaged_file_is_as_good_as_none() {
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
