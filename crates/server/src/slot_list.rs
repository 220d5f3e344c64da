//! The list of slots with sources, for the next start of the server: names and due times, never a secret.
//!
//! It is one file. It is replaced as a whole at each load or unload, before the answer.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use credentials::{ProfileName, SlotName, Timestamp};
use files::{Access, Durability, FileError};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tracing::warn;

use crate::slots::{Listed, Slots};
use crate::wire::SourceObject;

/// Version 1 had sources that were not identified completely, so it cannot be restored.
const VERSION: u32 = 2;
/// 10,000 slots need less than 3 MB.
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Interval between writes of due times alone. They change with each refresh, but only decide what is fetched first
/// after a restart.
const DUE_TIMES_INTERVAL: Duration = Duration::from_secs(5 * 60);
/// Maximum delay of an answer by a slow disk. SDKs wait for at least a second.
const SAVE_TIMEOUT: Duration = Duration::from_millis(500);

/// The file of the slot list.
#[derive(Clone, Debug)]
pub struct SlotList {
    path: PathBuf,
}

/// An error: the list cannot be read. It was moved aside, so that it is not overwritten.
#[derive(Debug, thiserror::Error)]
#[error("the list of slots {} {why}", path.display())]
pub struct Unreadable {
    path: PathBuf,
    why: String,
    /// Its new path, if it could be moved.
    pub moved_to: Option<PathBuf>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    version: u32,
    slots: Vec<WrittenSlot>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WrittenSlot {
    /// Absent for the default slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slot: Option<String>,
    profile_name: String,
    source: SourceObject,
    /// Unix epoch seconds.
    due: i64,
}

impl SlotList {
    /// The list at this path. The file need not exist yet.
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the slots of the list. A missing file is an empty list.
    pub(crate) fn read(&self) -> Result<Vec<Listed>, Unreadable> {
        self.try_read().map_err(|why| {
            let moved_to = files::set_aside(&self.path).ok().flatten();
            Unreadable { path: self.path.clone(), why, moved_to }
        })
    }

    fn try_read(&self) -> Result<Vec<Listed>, String> {
        let json = match files::read(&self.path, MAX_BYTES) {
            Ok(json) => json,
            Err(error) if error.is_missing() => return Ok(Vec::new()),
            Err(error) => return Err(error.fault.to_string()),
        };
        let damaged = |why: String| format!("cannot be parsed: {why}");
        let written: Written =
            serde_json::from_slice(&json).map_err(|error| damaged(error.to_string()))?;
        if written.version > VERSION {
            return Err(format!("was written by a newer aws-sso (format {})", written.version));
        }
        if written.version < VERSION {
            warn!(
                "the list of slots was written by an older aws-sso and cannot be used: load the slots again"
            );
            return Ok(Vec::new());
        }
        let slots: Result<_, _> = written.slots.into_iter().map(WrittenSlot::parse).collect();
        slots.map_err(damaged)
    }

    fn write(&self, slots: &[Listed]) -> Result<(), FileError> {
        let slots = slots.iter().map(WrittenSlot::of).collect();
        let json = serde_json::to_vec(&Written { version: VERSION, slots })
            .map_err(|error| FileError::unwritable(&self.path, error.into()))?;
        files::replace(&self.path, &json, Access::Private, Durability::Synced)
    }
}

impl WrittenSlot {
    fn of(listed: &Listed) -> Self {
        let slot = match &listed.slot {
            SlotName::Default => None,
            SlotName::Named(name) => Some(name.as_str().to_owned()),
        };
        Self {
            slot,
            profile_name: listed.name.as_str().to_owned(),
            source: SourceObject::of(&listed.source),
            due: listed.due.as_second(),
        }
    }

    fn parse(self) -> Result<Listed, String> {
        let slot = self.slot.as_deref().map(ProfileName::parse).transpose();
        let slot = slot.map_err(|invalid| format!("Slot {invalid}"))?;
        Ok(Listed {
            slot: slot.map_or(SlotName::Default, SlotName::Named),
            name: ProfileName::parse(&self.profile_name)
                .map_err(|invalid| format!("ProfileName {invalid}"))?,
            source: self.source.parse().map_err(|(field, invalid)| format!("{field} {invalid}"))?,
            due: Timestamp::from_second(self.due).map_err(|_| "Due must be epoch seconds")?,
        })
    }
}

/// The task that saves the list when slots change.
pub(crate) struct Keeper {
    list: SlotList,
    slots: Arc<Slots>,
    saved: watch::Sender<u64>,
    /// The content of the file, after the first write.
    last: Option<Vec<Listed>>,
    has_failed: bool,
}

/// The sign that all changes are on disk.
#[derive(Clone)]
pub(crate) struct Saved {
    versions: watch::Receiver<u64>,
    saved: watch::Receiver<u64>,
}

impl Keeper {
    pub(crate) fn new(list: SlotList, slots: Arc<Slots>) -> Self {
        Self { list, slots, saved: watch::Sender::new(0), last: None, has_failed: false }
    }

    pub(crate) fn list(&self) -> &SlotList {
        &self.list
    }

    pub(crate) fn saved(&self) -> Saved {
        Saved { versions: self.slots.versions(), saved: self.saved.subscribe() }
    }

    /// Writes every change. Never returns.
    pub(crate) async fn run(mut self) {
        let mut versions = self.slots.versions();
        loop {
            let version = *versions.borrow_and_update();
            let list = self.slots.list();
            // A list that was not restored stays unchanged until the first load or unload.
            if version > 0 && self.last.as_ref() != Some(&list) {
                self.write(list).await;
            }
            self.saved.send_replace(version);
            // Without a change, the due times are still written from time to time.
            tokio::time::timeout(DUE_TIMES_INTERVAL, versions.changed()).await.ok();
        }
    }

    async fn write(&mut self, slots: Vec<Listed>) {
        let list = self.list.clone();
        let write = move || list.write(&slots).map(|()| slots);
        let outcome = tokio::task::spawn_blocking(write)
            .await
            .unwrap_or_else(|error| Err(FileError::unwritable(self.list.path(), error.into())));
        match outcome {
            Ok(slots) => {
                self.last = Some(slots);
                self.has_failed = false;
            }
            Err(error) if !self.has_failed => {
                self.has_failed = true;
                warn!(
                    "the list of slots cannot be saved, so a restart will not restore the slots: {error}"
                );
            }
            Err(_) => {}
        }
    }
}

impl Saved {
    /// Waits until all changes are on disk, or for a timeout.
    pub(crate) async fn wait(mut self) {
        let version = *self.versions.borrow();
        let saved = self.saved.wait_for(|saved| *saved >= version);
        tokio::time::timeout(SAVE_TIMEOUT, saved).await.ok();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use credentials::Source;

    use super::*;

    fn listed(slot: Option<&str>, due: i64) -> Listed {
        let name = ProfileName::parse(slot.unwrap_or("main")).unwrap();
        Listed {
            slot: slot.map_or(SlotName::Default, |_| SlotName::Named(name.clone())),
            source: Source::Profile(fakes::profile_source(name.as_str())),
            name,
            due: Timestamp::from_second(due).unwrap(),
        }
    }

    #[test]
    fn the_saved_list_can_be_read_again_and_is_private() {
        let home = tempfile::tempdir().unwrap();
        let list = SlotList::at(home.path().join("state/slots-4144.json"));
        assert_eq!(list.read().unwrap(), []);
        let slots = [listed(None, 7), listed(Some("a b"), 5)];
        list.write(&slots).unwrap();
        assert_eq!(list.read().unwrap(), slots);
        #[cfg(unix)]
        for (path, mode) in [(list.path(), 0o600), (list.path().parent().unwrap(), 0o700)] {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, mode);
        }
    }

    #[test]
    fn a_list_that_cannot_be_read_is_moved_aside() {
        for json in [
            "nonsense",
            "{\"Version\":3,\"Slots\":[]}",
            "{\"Version\":2,\"Slots\":[{\"Due\":1}]}",
            "",
        ] {
            let home = tempfile::tempdir().unwrap();
            let list = SlotList::at(home.path().join("slots.json"));
            fs::write(list.path(), json).unwrap();
            let aside = list.read().unwrap_err().moved_to.unwrap();
            assert_eq!(fs::read_to_string(aside).unwrap(), json);
            assert_eq!(list.read().unwrap(), [], "it was moved aside");
        }
    }
}
