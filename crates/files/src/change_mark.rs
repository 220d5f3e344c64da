//! Detects whether a file has changed, without opening it.

use std::fs::{File, Metadata};
use std::path::Path;
use std::time::SystemTime;

/// A mark that differs between a file and an earlier file or content at the same path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeMark {
    modified: Option<SystemTime>,
    length: u64,
    id: Option<FileId>,
}

impl ChangeMark {
    /// The mark of the file at this path, or of the target of a link. `None`: there is no file.
    pub fn of(path: &Path) -> Option<Self> {
        let metadata = path.metadata().ok()?;
        let modified = metadata.modified().ok();
        Some(Self { modified, length: metadata.len(), id: id(&metadata) })
    }
}

/// The identity of an open file: its device and its inode.
pub type FileId = (u64, u64);

/// The id of an open file. `None`: the system has no such ids.
pub fn file_id(file: &File) -> Option<FileId> {
    id(&file.metadata().ok()?)
}

/// Whether the open file is still the file at that path.
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
