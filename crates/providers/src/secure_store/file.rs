//! Where items and keys are, and what is in their files.

use std::path::{Path, PathBuf};

use files::{Fault, FileError, FolderRule};
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use zeroize::Zeroizing;

use super::ITEM_LIMIT;
use super::error::StoreError;

/// The path in full and without a `/` at its end, behind which a symbolic link would be followed.
pub(super) fn plain_path(path: &Path) -> Result<PathBuf, FileError> {
    let path = std::path::absolute(path).map_err(|error| FileError::unreadable(path, error))?;
    Ok(path.components().collect())
}

/// The one path of a folder that has several, as text: what isn't UTF-8 becomes percent-encoded.
pub(super) fn canonical_text(folder: &Path) -> Result<String, FileError> {
    let path = folder.canonicalize().map_err(|error| FileError::unreadable(folder, error))?;
    Ok(match path.to_str() {
        Some(text) => text.to_owned(),
        None => percent_encode(path.as_os_str().as_encoded_bytes(), NOT_TEXT).to_string(),
    })
}

/// All bytes of the file; `None` if it isn't there.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let folder = path.parent().map_or(Ok(()), |it| files::check_folder(it, FolderRule::Own));
    let damaged = |reason| Err(StoreError::Damaged { path: path.to_owned(), reason });
    match folder.and_then(|()| files::read_private(path, MAX_FILE_BYTES)) {
        Ok(bytes) if bytes.is_empty() => damaged("it is empty"),
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) if matches!(error.fault, Fault::TooLarge(_)) => {
            damaged("it is larger than an item can be")
        }
        Err(error) => Err(error.into()),
    }
}

/// An item, and what age puts around it: a header, and 16 bytes for each 64 KiB.
const MAX_FILE_BYTES: u64 = ITEM_LIMIT as u64 + 4096;

const NOT_TEXT: &AsciiSet = &CONTROLS.add(b'%');
