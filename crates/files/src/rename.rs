//! Moves files out of the way.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::{Fault, FileError};

/// Gives a file another name in its folder, in the place of what has that name.
///
/// # Errors
/// Those of the disk.
pub fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    fs::rename(from, to).map_err(|error| FileError::unwritable(from, error))
}

/// Removes a file.
///
/// # Errors
/// Those of the disk.
pub fn remove(path: &Path) -> Result<(), FileError> {
    fs::remove_file(path).map_err(|error| Fault::Unremovable(error).of(path))
}

/// Moves a file that can't be used to `<path>.unreadable-<n>`, so that nothing is lost, and gives its new path; `None` if
/// there was none. A link is moved itself.
///
/// # Errors
/// Those of the disk.
pub fn set_aside(path: &Path) -> Result<Option<PathBuf>, FileError> {
    if !exists(path)? {
        return Ok(None);
    }
    for number in 1_u32.. {
        let mut aside = OsString::from(path);
        aside.push(format!(".unreadable-{number}"));
        let aside = PathBuf::from(aside);
        if !exists(&aside)? {
            rename(path, &aside)?;
            return Ok(Some(aside));
        }
    }
    Ok(None)
}

/// Whether anything has this path, also a link that leads nowhere.
///
/// # Errors
/// It can't be found out.
pub fn exists(path: &Path) -> Result<bool, FileError> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(FileError::unreadable(path, error)),
    }
}
