//! The folders that our files are in.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::access::{Access, has_mode, is_others, set_folder_access};
use crate::{Fault, FileError};

/// What a folder must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderRule {
    /// It is no link, and nobody but our user can write in it.
    Own,
    /// Nobody else can replace a file of ours in it: others may not write in it, or only their own files, as in /tmp.
    Safe,
}

/// Makes a folder, with those above it, unless it is there. The mode of what is made is not subject to the umask.
///
/// # Errors
/// It can't be made, or is no folder.
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

/// Checks that nobody else can put other files in the place of ours.
///
/// # Errors
/// Others can; or it is no folder, or not there.
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
    } else if rule == FolderRule::Own && is_others(&metadata) {
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

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Mode bits: the group or all others may write.
const WRITE: u32 = 0o022;
/// Mode bit: who writes in the folder replaces only their own files.
const STICKY: u32 = 0o1000;
