//! Locks between processes, each on a file. The file is never removed, because two processes could then hold the lock.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::access::open_or_make;
use crate::folder::{FolderRule, check_folder, folder_of, make_folder};
use crate::{Access, Fault, FileError};

/// A held lock. It is released by drop or by the end of the process.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the lock. Blocks the thread.
    ///
    /// # Errors
    /// [`Fault::Locked`] after the timeout. Otherwise the file cannot be created, or other users could hold it.
    pub fn acquire(path: &Path, timeout: Duration) -> Result<Self, FileError> {
        let file = open(path)?;
        let start = Instant::now();
        while !is_locked_now(&file, path)? {
            if start.elapsed() >= timeout {
                return Err(Fault::Locked.of(path));
            }
            sleep(RETRY_INTERVAL);
        }
        Ok(Self { _file: file })
    }

    /// Takes the lock. `None`: another process holds it.
    ///
    /// # Errors
    /// The file cannot be created, or other users could hold it.
    pub fn try_acquire(path: &Path) -> Result<Option<Self>, FileError> {
        let file = open(path)?;
        Ok(is_locked_now(&file, path)?.then_some(Self { _file: file }))
    }
}

/// Opens the file. Creates it and its folder if they do not exist, but never at the target of a link.
fn open(path: &Path) -> Result<File, FileError> {
    make_folder(folder_of(path), Access::Private)?;
    check_folder(folder_of(path), FolderRule::Safe)?;
    open_or_make(File::options().read(true).write(true).create(true).truncate(false), path)
}

fn is_locked_now(file: &File, path: &Path) -> Result<bool, FileError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(FileError::unwritable(path, error)),
    }
}

const RETRY_INTERVAL: Duration = Duration::from_millis(20);
