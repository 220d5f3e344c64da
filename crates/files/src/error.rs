//! What is wrong with a file, and the command that fixes it.

use std::io;
use std::path::{Path, PathBuf};

use credentials::{Failure, shell_word};

/// An error of a file or folder: its path and the fault.
#[derive(Debug, thiserror::Error)]
#[error("{} {fault}", path.display())]
pub struct FileError {
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a file or folder.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It cannot be found, opened or read.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// It cannot be created or written. The old content is unchanged.
    #[error("cannot be written: {0}")]
    Unwritable(io::Error),
    /// It cannot be removed.
    #[error("cannot be removed: {0}")]
    Unremovable(io::Error),
    /// It is a symbolic link, whose target may change at any time.
    #[error("is a symbolic link")]
    Link,
    /// It is a folder, a pipe or a device.
    #[error("is not a plain file")]
    NotAFile,
    /// It is not a folder.
    #[error("is not a folder")]
    NotAFolder,
    /// It belongs to another user, who can change it at any time.
    #[error("belongs to another user")]
    OtherOwner,
    /// The mode of the file lets other users read or write it.
    #[error("can be read or written by other users")]
    OpenToOthers,
    /// The mode of the file lets other users change it.
    #[error("can be changed by other users")]
    Writable,
    /// The mode of the folder lets other users read it.
    #[error("is a folder that other users can open")]
    FolderOpenToOthers,
    /// The mode of the folder lets other users replace the files in it.
    #[error("is a folder that other users can write in")]
    FolderWritable,
    /// It is larger than this limit.
    #[error("is larger than {}", size(*.0))]
    TooLarge(u64),
    /// Another process holds the lock.
    #[error("is locked by another process")]
    Locked,
    /// Another program has written it after it was read.
    #[error("was changed by another program just now")]
    Changed,
}

impl FileError {
    /// An error: the file cannot be read.
    pub fn unreadable(path: &Path, error: io::Error) -> Self {
        Fault::Unreadable(error).of(path)
    }

    /// An error: the file cannot be written.
    pub fn unwritable(path: &Path, error: io::Error) -> Self {
        Fault::Unwritable(error).of(path)
    }

    /// Whether the file does not exist.
    pub fn is_missing(&self) -> bool {
        matches!(&self.fault, Fault::Unreadable(error) | Fault::Unwritable(error)
            if error.kind() == io::ErrorKind::NotFound)
    }

    /// Whether the file cannot be written because the disk or the user's quota is full.
    pub fn is_disk_full(&self) -> bool {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        matches!(&self.fault, Fault::Unwritable(error) if matches!(error.kind(), StorageFull | QuotaExceeded))
    }

    /// A sentence with the command that helps.
    pub fn hint(&self) -> Option<String> {
        if self.is_disk_full() {
            return Some("Free some disk space. The file is unchanged.".to_owned());
        }
        if matches!(self.fault, Fault::Changed) {
            return Some("Nothing was written. Try again.".to_owned());
        }
        Some(format!("{}: {}", self.remedy()?.0, self.command()?))
    }

    /// The command that fixes the fault, or shows more about it.
    pub fn command(&self) -> Option<String> {
        Some(format!("{} {}", self.remedy()?.1, shell_word(&self.path.to_string_lossy())))
    }

    /// What the command does, and the command without the path.
    fn remedy(&self) -> Option<(&'static str, &'static str)> {
        const CLOSE: &str = "Close it to other users";
        Some(match &self.fault {
            Fault::OpenToOthers => (CLOSE, "chmod 600"),
            Fault::FolderOpenToOthers => (CLOSE, "chmod 700"),
            Fault::Writable | Fault::FolderWritable => (CLOSE, "chmod go-w"),
            Fault::OtherOwner => ("If it is yours, become its owner", "sudo chown \"$(id -u)\""),
            Fault::Link => ("Show its target", "ls -l"),
            Fault::NotAFile | Fault::NotAFolder => ("Show what it is", "ls -ld"),
            Fault::Locked => ("Show which process holds it", "fuser -v"),
            Fault::Unreadable(_)
            | Fault::Unwritable(_)
            | Fault::Unremovable(_)
            | Fault::TooLarge(_)
            | Fault::Changed => return None,
        })
    }
}

impl Fault {
    /// Makes the error for a file.
    pub(crate) fn of(self, path: &Path) -> FileError {
        FileError { path: path.to_owned(), fault: self }
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let failure = Self::failed(&error);
        match error.hint() {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        }
    }
}

/// Converts to an I/O error, and keeps the one of the system if there is one.
impl From<FileError> for io::Error {
    fn from(error: FileError) -> Self {
        match error.fault {
            Fault::Unreadable(error) | Fault::Unwritable(error) | Fault::Unremovable(error) => {
                error
            }
            fault @ (Fault::Link
            | Fault::NotAFile
            | Fault::NotAFolder
            | Fault::OtherOwner
            | Fault::OpenToOthers
            | Fault::Writable
            | Fault::FolderOpenToOthers
            | Fault::FolderWritable
            | Fault::TooLarge(_)
            | Fault::Locked
            | Fault::Changed) => Self::other(format!("it {fault}")),
        }
    }
}

fn size(bytes: u64) -> String {
    match bytes % MEBIBYTE {
        0 => format!("{} MiB", bytes / MEBIBYTE),
        _ => format!("{bytes} bytes"),
    }
}

const MEBIBYTE: u64 = 1 << 20;
