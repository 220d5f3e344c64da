//! Who else could read or change the log: looked at on the open file, so that no other can be put in its place between
//! the look and the use. It is never opened through a symbolic link.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;

/// Why a file or folder is not fit for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// A symbolic link.
    Link,
    /// No plain file.
    WrongKind,
    /// Another user's.
    OwnedByAnother,
    /// A file that others may read or write.
    OpenToOthers,
    /// A folder in which others may put another file in its place.
    FolderOpenToOthers,
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Link => "is a symbolic link",
            Self::WrongKind => "is not a plain file",
            Self::OwnedByAnother => "belongs to another user",
            Self::OpenToOthers => "can be read or written by others",
            Self::FolderOpenToOthers => "is in a folder that others may write in",
        })
    }
}

/// Why a file could not be had.
pub(super) enum Refused {
    Exposed(Exposure),
    Io(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Opens a file to read and append to, and makes it if it isn't there: for its owner alone.
pub(super) fn open_private(path: &Path) -> Result<File, Refused> {
    let mut options = File::options();
    let file = system::open(options.read(true).append(true).create(true), path)?;
    match system::exposure(&file.metadata()?) {
        Some(exposure) => Err(Refused::Exposed(exposure)),
        None => Ok(file),
    }
}

/// Refuses a folder in which others may exchange our file for theirs.
pub(super) fn check_folder(folder: &Path) -> Result<(), Refused> {
    match system::folder_is_open(&folder.metadata()?) {
        true => Err(Refused::Exposed(Exposure::FolderOpenToOthers)),
        false => Ok(()),
    }
}

/// Whether the open file is still the one at that path.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), path.symlink_metadata()) {
        (Ok(open), Ok(there)) => system::are_same(&open, &there),
        _ => false,
    }
}

#[cfg(unix)]
mod system {
    use std::fs::{File, Metadata, OpenOptions};
    use std::io;
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
    use std::path::Path;

    use rustix::fs::OFlags;

    use super::{Exposure, Refused};

    pub(super) fn open(options: &mut OpenOptions, path: &Path) -> Result<File, Refused> {
        // NONBLOCK: opening a pipe would wait for its other end.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        options.mode(0o600).custom_flags(flags).open(path).map_err(|error| {
            match path.symlink_metadata() {
                Ok(there) if there.is_symlink() => Refused::Exposed(Exposure::Link),
                Ok(there) if !there.is_file() => Refused::Exposed(Exposure::WrongKind),
                Ok(there)
                    if !is_ours(&there) && error.kind() == io::ErrorKind::PermissionDenied =>
                {
                    Refused::Exposed(Exposure::OwnedByAnother)
                }
                _ => Refused::Io(error),
            }
        })
    }

    pub(super) fn exposure(metadata: &Metadata) -> Option<Exposure> {
        if !metadata.is_file() {
            Some(Exposure::WrongKind)
        } else if !is_ours(metadata) {
            Some(Exposure::OwnedByAnother)
        } else {
            (metadata.mode() & 0o077 != 0).then_some(Exposure::OpenToOthers)
        }
    }

    /// In a sticky folder, such as /tmp, each may exchange their own files only.
    pub(super) fn folder_is_open(metadata: &Metadata) -> bool {
        metadata.mode() & 0o022 != 0 && metadata.mode() & 0o1000 == 0
    }

    pub(super) fn are_same(one: &Metadata, other: &Metadata) -> bool {
        (one.dev(), one.ino()) == (other.dev(), other.ino())
    }

    fn is_ours(metadata: &Metadata) -> bool {
        metadata.uid() == rustix::process::geteuid().as_raw()
    }
}

/// Elsewhere there are no modes: the folder's access list, which it has from the person's profile, is all that keeps
/// others out. Links are refused, though not on the open file.
#[cfg(not(unix))]
mod system {
    use std::fs::{File, Metadata, OpenOptions};
    use std::path::Path;

    use super::{Exposure, Refused};

    pub(super) fn open(options: &mut OpenOptions, path: &Path) -> Result<File, Refused> {
        match path.symlink_metadata() {
            Ok(there) if there.is_symlink() => Err(Refused::Exposed(Exposure::Link)),
            _ => Ok(options.open(path)?),
        }
    }

    pub(super) fn exposure(metadata: &Metadata) -> Option<Exposure> {
        (!metadata.is_file()).then_some(Exposure::WrongKind)
    }

    pub(super) fn folder_is_open(_: &Metadata) -> bool {
        false
    }

    pub(super) fn are_same(_: &Metadata, there: &Metadata) -> bool {
        there.is_file()
    }
}
