//! Who can change a file whose commands we run.

use std::path::Path;

use crate::access::{has_mode, is_others, is_roots};
use crate::folder::{FolderRule, WRITE, check_folder, folder_of};
use crate::{Fault, FileError};

/// Checks that only our user or root can change a file, because we run commands that are in it. It may be a link.
///
/// # Errors
/// Other users can change or replace it, or it is not a plain file.
pub fn check_writers(path: &Path) -> Result<(), FileError> {
    let unreadable = |error| FileError::unreadable(path, error);
    let real = path.canonicalize().map_err(unreadable)?;
    check_folder(folder_of(&real), FolderRule::Safe)?;
    let metadata = real.symlink_metadata().map_err(unreadable)?;
    let fault = if !metadata.is_file() {
        Fault::NotAFile
    } else if is_others(&metadata) && !is_roots(&metadata) {
        Fault::OtherOwner
    } else if has_mode(&metadata, WRITE) {
        Fault::Writable
    } else {
        return Ok(());
    };
    Err(fault.of(&real))
}
