//! Locks between processes: a file that one of them holds. Must not delete the file, or two could hold "the" lock.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::error::StoreError;
use super::{access, file};

/// A held lock. It is released when dropped, and when the process ends in whatever way.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the lock until `patience` is over. Blocks the thread.
    ///
    /// # Errors
    /// [`StoreError::LockTimeout`] if another holds it for longer; else if the file can't be made or isn't safe.
    pub fn acquire(path: &Path, patience: Duration) -> Result<Self, StoreError> {
        let file = open(path)?;
        let start = Instant::now();
        while !is_locked_now(&file, path)? {
            if start.elapsed() >= patience {
                return Err(StoreError::LockTimeout { path: path.to_owned() });
            }
            sleep(PAUSE);
        }
        Ok(Self { _file: file })
    }

    /// The lock, or `None` if another holds it.
    ///
    /// # Errors
    /// If the file can't be made or isn't safe.
    pub fn try_acquire(path: &Path) -> Result<Option<Self>, StoreError> {
        let file = open(path)?;
        Ok(is_locked_now(&file, path)?.then_some(Self { _file: file }))
    }
}

/// Opens the file, which is made if need be, as is its folder.
fn open(path: &Path) -> Result<File, StoreError> {
    if let Some(folder) = path.parent() {
        file::make_folder(folder)?;
    }
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    let file = access::open_private(&mut options, path)?;
    access::check_file(&file, path)?;
    Ok(file)
}

fn is_locked_now(file: &File, path: &Path) -> Result<bool, StoreError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(file::failed("lock", path)(error)),
    }
}

const PAUSE: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_it_at_a_time_and_dropping_releases_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/corp.lock");
        let held = Lock::acquire(&path, Duration::ZERO).unwrap();
        assert!(Lock::try_acquire(&path).unwrap().is_none());
        let error = Lock::acquire(&path, Duration::ZERO).unwrap_err();
        assert!(matches!(error, StoreError::LockTimeout { .. }), "{error}");
        assert!(error.hint().unwrap().starts_with("See which one it is: fuser -v /"));
        drop(held);
        assert!(Lock::try_acquire(&path).unwrap().is_some());
        assert!(path.exists(), "a lock's file stays");
    }
}
