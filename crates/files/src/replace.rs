//! Writes files as a whole: a reader sees the old or the new bytes, and never a part.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};
use zeroize::Zeroizing;

use crate::access::{Access, Rule, open, set_file_access};
use crate::folder::{folder_of, make_folder};
use crate::{FileError, Lock};

/// What must survive a power failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The new file, when the call returns.
    Synced,
    /// Nothing, because the content can be fetched again.
    BestEffort,
}

/// Replaces the file at the path with these bytes. A missing folder is created for our user only.
///
/// # Errors
/// An error of the disk. The old file is unchanged.
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

/// Creates a file of ours with these bytes. Never replaces an existing file.
///
/// # Errors
/// The file exists already, or an error of the disk.
pub fn create(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let failed = |error| FileError::unwritable(path, error);
    make_folder(folder_of(path), Access::Private)?;
    let file = draft(path, bytes, Access::Private, Durability::Synced).map_err(failed)?;
    file.persist_noclobber(path).map_err(|error| failed(error.error))?;
    Durability::Synced.settle(path);
    Ok(())
}

/// A new file that will replace another one. It is created before its content is known, so that a folder that cannot
/// take a file is noticed in time.
#[derive(Debug)]
pub struct Replacement {
    file: NamedTempFile,
    path: PathBuf,
}

impl Replacement {
    /// Creates the file at `<path>.new`. The lock protects that name, so a file that a killed process left there is
    /// removed.
    ///
    /// # Errors
    /// An error of the disk.
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

    /// Writes the bytes and moves the file to its path. They survive a power failure then.
    ///
    /// # Errors
    /// An error of the disk. The old file is unchanged.
    pub fn finish(mut self, bytes: &[u8]) -> Result<(), FileError> {
        let failed = |error| FileError::unwritable(&self.path, error);
        write(&mut self.file, bytes, Access::Private, Durability::Synced).map_err(failed)?;
        self.file.persist(&self.path).map_err(|error| failed(error.error))?;
        Durability::Synced.settle(&self.path);
        Ok(())
    }
}

/// Overwrites a file of ours in place, for a full disk, where a second file has no room. Blanks fill the rest. A crash
/// in between leaves a mix of the old and the new bytes.
///
/// # Errors
/// The bytes are longer than the file, other users could change it, or an error of the disk.
pub fn overwrite(path: &Path, bytes: &[u8], _lock: &Lock) -> Result<(), FileError> {
    let failed = |error| FileError::unwritable(path, error);
    let (mut file, metadata) = open(File::options().write(true), path, Rule::Private)?;
    let length = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    if bytes.len() > length {
        return Err(failed(ErrorKind::StorageFull.into()));
    }
    let mut padded = Zeroizing::new(vec![b' '; length]);
    padded.splice(..bytes.len(), bytes.iter().copied());
    file.write_all(&padded).and_then(|()| file.sync_all()).map_err(failed)
}

/// Creates a file with these bytes in the folder of the path, with another name.
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
    /// Makes a new name in a folder survive a power failure. The bytes do already. If a folder cannot be synced, the
    /// old file may come back.
    pub(crate) fn settle(self, path: &Path) {
        #[cfg(unix)]
        if self == Self::Synced {
            File::open(folder_of(path)).and_then(|folder| folder.sync_all()).ok();
        }
        #[cfg(not(unix))]
        let _ = path;
    }
}
