//! Writes files as a whole: who reads one sees the old bytes or the new ones, and never a part.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::access::{Access, set_file_access};
use crate::folder::{folder_of, make_folder};
use crate::{FileError, Lock};

/// What must outlive a power failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The new file, once the call is over.
    Synced,
    /// Nothing: the file is a copy of what can be had again.
    BestEffort,
}

/// Puts a file with these bytes at the path, in the place of what is there. A missing folder is made, for our user alone.
///
/// # Errors
/// Those of the disk. What was there is there still.
pub fn replace(
    path: &Path,
    bytes: &[u8],
    access: Access,
    durability: Durability,
) -> Result<(), FileError> {
    let failed = |error| FileError::unwritable(path, error);
    make_folder(folder_of(path), Access::Private)?;
    let file = draft(path, bytes, access, durability).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    durability.settle(path);
    Ok(())
}

/// Makes a file of ours with these bytes. What came to be at the path in the meantime is never replaced.
///
/// # Errors
/// There is one already; or those of the disk.
pub fn create(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let failed = |error| FileError::unwritable(path, error);
    make_folder(folder_of(path), Access::Private)?;
    let file = draft(path, bytes, Access::Private, Durability::Synced).map_err(failed)?;
    file.persist_noclobber(path).map_err(|error| failed(error.error))?;
    Durability::Synced.settle(path);
    Ok(())
}

/// A file of ours that will take the place of another. It is made before it is known what to write, so that a folder which
/// takes no files is found out in time.
#[derive(Debug)]
pub struct Replacement {
    file: NamedTempFile,
    path: PathBuf,
}

impl Replacement {
    /// Makes the file at `<path>.new`. Under the lock nobody else uses that name: what a killed process left behind is
    /// removed.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn start(path: &Path, _lock: &Lock) -> Result<Self, FileError> {
        let failed = |error| FileError::unwritable(path, error);
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        match fs::remove_file(path.with_file_name(&name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let file = Builder::new().prefix(&name).rand_bytes(0).tempfile_in(folder_of(path));
        Ok(Self { file: file.map_err(failed)?, path: path.to_owned() })
    }

    /// Writes the bytes and puts the file in its place. They outlive a power failure then.
    ///
    /// # Errors
    /// Those of the disk. What was there is there still.
    pub fn finish(mut self, bytes: &[u8]) -> Result<(), FileError> {
        let failed = |error| FileError::unwritable(&self.path, error);
        write(&mut self.file, bytes, Access::Private, Durability::Synced).map_err(failed)?;
        self.file.persist(&self.path).map_err(|error| failed(error.error))?;
        Durability::Synced.settle(&self.path);
        Ok(())
    }
}

/// A file with these bytes, in the folder of the path and under another name.
pub(crate) fn draft(
    path: &Path,
    bytes: &[u8],
    access: Access,
    durability: Durability,
) -> io::Result<NamedTempFile> {
    let mut file = Builder::new().prefix(".aws-sso-").tempfile_in(folder_of(path))?;
    write(&mut file, bytes, access, durability)?;
    Ok(file)
}

fn write(
    file: &mut NamedTempFile,
    bytes: &[u8],
    access: Access,
    durability: Durability,
) -> io::Result<()> {
    set_file_access(file.as_file(), access)?;
    file.write_all(bytes)?;
    match durability {
        Durability::Synced => file.as_file().sync_all(),
        Durability::BestEffort => Ok(()),
    }
}

impl Durability {
    /// Makes a new name in a folder outlive a power failure. The bytes do already: where a folder can't be synced, the
    /// old file is what is left.
    pub(crate) fn settle(self, path: &Path) {
        #[cfg(unix)]
        if self == Self::Synced {
            File::open(folder_of(path)).and_then(|folder| folder.sync_all()).ok();
        }
        #[cfg(not(unix))]
        let _ = path;
    }
}
