//! What is wrong with a file, and the command that mends it.

use std::io;
use std::path::{Path, PathBuf};

use credentials::{Failure, shell_word};

/// A file or folder that can't be used as it is.
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
    /// It can't be found, opened or read.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// It can't be made or written. What was there before is unchanged.
    #[error("cannot be written: {0}")]
    Unwritable(io::Error),
    /// It can't be removed.
    #[error("cannot be removed: {0}")]
    Unremovable(io::Error),
    /// It is a link, which may lead elsewhere at any time.
    #[error("is a symbolic link")]
    Link,
    /// It is a folder, a pipe or a device.
    #[error("is not a plain file")]
    NotAFile,
    /// It should be a folder and is something else.
    #[error("is not a folder")]
    NotAFolder,
    /// Another user, who can change it at any time, owns it.
    #[error("belongs to another user")]
    OtherOwner,
    /// The mode of the file lets other users read or write it.
    #[error("can be read or written by other users")]
    OpenToOthers,
    /// The mode of the folder lets other users look into it.
    #[error("is a folder that other users can open")]
    FolderOpenToOthers,
    /// The mode of the folder lets other users replace the files in it.
    #[error("is a folder that other users can write in")]
    FolderWritable,
    /// It has more bytes than any file of its kind.
    #[error("is larger than {}", size(*.0))]
    TooLarge(u64),
    /// Another process holds the lock.
    #[error("is locked by another process")]
    Locked,
    /// Another program has written it since it was read.
    #[error("was changed by another program just now")]
    Changed,
}

impl FileError {
    /// The file can't be read.
    pub fn unreadable(path: &Path, error: io::Error) -> Self {
        Fault::Unreadable(error).of(path)
    }

    /// The file can't be written.
    pub fn unwritable(path: &Path, error: io::Error) -> Self {
        Fault::Unwritable(error).of(path)
    }

    /// Whether there is no such file.
    pub fn is_missing(&self) -> bool {
        matches!(&self.fault, Fault::Unreadable(error) | Fault::Unwritable(error)
            if error.kind() == io::ErrorKind::NotFound)
    }

    /// What to do about it: a sentence, with the command to type.
    pub fn hint(&self) -> Option<String> {
        if matches!(&self.fault, Fault::Unwritable(error) if error.kind() == io::ErrorKind::StorageFull)
        {
            return Some("Make room on the disk. The file is as it was before.".to_owned());
        }
        if matches!(self.fault, Fault::Changed) {
            return Some("Nothing was written. Try again.".to_owned());
        }
        Some(format!("{}: {}", self.mend()?.0, self.command()?))
    }

    /// The command that mends it, or shows more of it.
    pub fn command(&self) -> Option<String> {
        Some(format!("{} {}", self.mend()?.1, shell_word(&self.path.to_string_lossy())))
    }

    /// What the command does, and the command without the path.
    fn mend(&self) -> Option<(&'static str, &'static str)> {
        const CLOSE: &str = "Close it to other users";
        Some(match &self.fault {
            Fault::OpenToOthers => (CLOSE, "chmod 600"),
            Fault::FolderOpenToOthers => (CLOSE, "chmod 700"),
            Fault::FolderWritable => (CLOSE, "chmod go-w"),
            Fault::OtherOwner => ("If it is yours, take it over", "sudo chown \"$(id -u)\""),
            Fault::Link => ("See where it leads", "ls -l"),
            Fault::NotAFile | Fault::NotAFolder => ("See what it is", "ls -ld"),
            Fault::Locked => ("See which process holds it", "fuser -v"),
            Fault::Unreadable(_)
            | Fault::Unwritable(_)
            | Fault::Unremovable(_)
            | Fault::TooLarge(_)
            | Fault::Changed => return None,
        })
    }
}

impl Fault {
    /// The error of this file.
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

/// What the system said, as the error of a stream.
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
