//! Whether a file has changed, seen from outside: cheap, and without opening it.

use std::fs::{File, Metadata};
use std::path::Path;
use std::time::SystemTime;

/// What tells a file from the one that had its path before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeMark {
    modified: Option<SystemTime>,
    length: u64,
    id: Option<FileId>,
}

impl ChangeMark {
    /// The mark of the file at this path, or of the one that a link leads to; `None` if there is none.
    pub fn of(path: &Path) -> Option<Self> {
        let metadata = path.metadata().ok()?;
        let modified = metadata.modified().ok();
        Some(Self { modified, length: metadata.len(), id: id(&metadata) })
    }
}

/// What tells an open file from all others, where the system says so: its device and its number there.
pub type FileId = (u64, u64);

/// The id of an open file; `None` where there are none.
pub fn file_id(file: &File) -> Option<FileId> {
    id(&file.metadata().ok()?)
}

/// Whether the open file is still the one at that path.
pub fn is_at(file: &File, path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|there| file_id(file) == id(&there))
}

#[cfg(unix)]
fn id(metadata: &Metadata) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt as _;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn id(_: &Metadata) -> Option<FileId> {
    None
}
