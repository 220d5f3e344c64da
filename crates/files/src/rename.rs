//! Renames and removes files.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::{Fault, FileError};

/// Renames a file in its folder. Replaces a file with that name.
///
/// # Errors
/// An error of the disk.
pub fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    fs::rename(from, to).map_err(|error| FileError::unwritable(from, error))
}

/// Removes a file.
///
/// # Errors
/// An error of the disk.
pub fn remove(path: &Path) -> Result<(), FileError> {
    fs::remove_file(path).map_err(|error| Fault::Unremovable(error).of(path))
}

/// Moves an unusable file to `<path>.unreadable-<n>`, so that nothing is lost, and returns its new path. `None`: there
/// was no file. For a link, the link itself is moved.
///
/// # Errors
/// An error of the disk.
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

/// Whether anything exists at this path, even a link without a target.
///
/// # Errors
/// The system cannot tell.
pub fn exists(path: &Path) -> Result<bool, FileError> {
    match path.symlink_metadata() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(FileError::unreadable(path, error)),
    }
}
