//! The folders of our files.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::access::{Access, has_mode, is_others, is_roots, set_folder_access};
use crate::{Fault, FileError};

/// What a folder must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderRule {
    /// It is not a link, and only our user can write in it.
    Own,
    /// No other user can replace our files in it: it belongs to our user or to root, and others cannot write in it, or
    /// only their own files, as in /tmp.
    Safe,
}

/// Creates a folder and its parents if they do not exist. The umask does not change the mode of new folders.
///
/// # Errors
/// It cannot be created, or is not a folder.
pub fn make_folder(folder: &Path, access: Access) -> Result<(), FileError> {
    let failed = |error| FileError::unwritable(folder, error);
    let mut made = fs::create_dir(folder);
    if let (Err(error), Some(parent)) = (&made, folder.parent())
        && error.kind() == ErrorKind::NotFound
    {
        make_folder(parent, access)?;
        made = fs::create_dir(folder);
    }
    match made {
        Ok(()) => set_folder_access(folder, access).map_err(failed),
        Err(_) if folder.is_dir() => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Fault::NotAFolder.of(folder)),
        Err(error) => Err(failed(error)),
    }
}

/// Checks that no other user can replace our files in a folder.
///
/// # Errors
/// Other users can, or it is not a folder, or it does not exist.
pub fn check_folder(folder: &Path, rule: FolderRule) -> Result<(), FileError> {
    let metadata = match rule {
        FolderRule::Own => folder.symlink_metadata(),
        FolderRule::Safe => folder.metadata(),
    };
    let metadata = metadata.map_err(|error| FileError::unreadable(folder, error))?;
    let fault = if metadata.is_symlink() {
        Fault::Link
    } else if !metadata.is_dir() {
        Fault::NotAFolder
    } else if is_others(&metadata) && !(rule == FolderRule::Safe && is_roots(&metadata)) {
        Fault::OtherOwner
    } else if has_mode(&metadata, WRITE)
        && !(rule == FolderRule::Safe && has_mode(&metadata, STICKY))
    {
        Fault::FolderWritable
    } else {
        return Ok(());
    };
    Err(fault.of(folder))
}

/// The folder of a file.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Mode bits: the group or others may write.
pub(crate) const WRITE: u32 = 0o022;
/// Mode bit: users can replace only their own files in the folder.
const STICKY: u32 = 0o1000;
