//! The files of items and keys: read whole, replaced whole. Must not write into a file that is in use.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::error::StoreError;
use super::{ITEM_LIMIT, access, with_suffix};

/// Makes an error of what the system said.
pub(super) fn failed(verb: &'static str, path: &Path) -> impl Fn(io::Error) -> StoreError {
    move |reason| StoreError::Io { path: path.to_owned(), verb, reason }
}

/// The path in full and without a `/` at its end, behind which a symbolic link would be followed.
pub(super) fn plain_path(path: &Path) -> Result<PathBuf, StoreError> {
    let path = std::path::absolute(path).map_err(failed("find", path))?;
    Ok(path.components().collect())
}

/// The one path of a folder that has several, as text: what isn't UTF-8 becomes percent-encoded.
pub(super) fn canonical_text(folder: &Path) -> Result<String, StoreError> {
    let path = fs::canonicalize(folder).map_err(failed("find", folder))?;
    Ok(match path.to_str() {
        Some(text) => text.to_owned(),
        None => percent_encode(path.as_os_str().as_encoded_bytes(), NOT_TEXT).to_string(),
    })
}

/// Whether anything has this path, a link that leads nowhere included.
pub(super) fn exists(path: &Path) -> Result<bool, StoreError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if is_absence(&error) => Ok(false),
        Err(error) => Err(failed("look at", path)(error)),
    }
}

/// Makes the folder for its owner alone, if it isn't there; refuses one that others may write in.
pub(super) fn make_folder(folder: &Path) -> Result<(), StoreError> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).map_err(failed("make", parent))?;
    }
    match access::make_private_folder(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(failed("make", folder)(error))
        }
        _ => access::open_folder(folder).map(drop),
    }
}

/// All bytes of the file; `None` if it isn't there.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    let opened = match path.parent().map(access::open_folder).transpose() {
        Ok(_folder) => access::open_private(File::options().read(true), path),
        Err(error) => Err(error),
    };
    let file = match opened {
        Ok(file) => file,
        Err(StoreError::Io { reason, .. }) if is_absence(&reason) => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = access::check_file(&file, path)?.len();
    let damaged = |reason| Err(StoreError::Damaged { path: path.to_owned(), reason });
    // With the room for all of it beforehand, no copy is left behind by growing.
    let room = usize::try_from(length).unwrap_or(FILE_LIMIT).min(FILE_LIMIT) + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    let limit = u64::try_from(FILE_LIMIT).unwrap_or(u64::MAX);
    file.take(limit + 1).read_to_end(&mut bytes).map_err(failed("read", path))?;
    match bytes.len() {
        0 => damaged("it is empty"),
        length if length > FILE_LIMIT => damaged("it is larger than an item can be"),
        _ => Ok(Some(bytes)),
    }
}

/// The file which will be the item or the key. Made before it is known what to write, so that a folder which takes no files
/// is found out in time. The caller holds the item's lock.
pub(super) struct Draft<'a> {
    file: NamedTempFile,
    path: &'a Path,
}

impl<'a> Draft<'a> {
    pub(super) fn new(path: &'a Path) -> Result<Self, StoreError> {
        // Always the same name: what a killed process left behind is removed by the next one.
        let new_path = with_suffix(path, ".new");
        match fs::remove_file(&new_path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed("remove", &new_path)(error));
            }
            _ => {}
        }
        let (Some(folder), Some(name)) = (new_path.parent(), new_path.file_name()) else {
            return Err(failed("make", path)(io::ErrorKind::InvalidFilename.into()));
        };
        let file = tempfile::Builder::new()
            .prefix(name)
            .rand_bytes(0)
            .tempfile_in(folder)
            .map_err(failed("make", &new_path))?;
        Ok(Self { file, path })
    }

    /// Puts the bytes in the place of the file: after a crash, the old ones or the new ones are there.
    pub(super) fn save(mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let written = self.file.write_all(bytes).and_then(|()| self.file.as_file().sync_all());
        written.map_err(failed("save", self.path))?;
        self.file.persist(self.path).map_err(|error| failed("save", self.path)(error.error))?;
        if let Some(folder) = self.path.parent() {
            // The file is saved already. Where a folder can't be synced, only a power failure could tell.
            let _ =
                access::open_folder(folder).map(|folder| folder.map(|folder| folder.sync_all()));
        }
        Ok(())
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound)
}

/// An item, and what age puts around it: a header, and 16 bytes for each 64 KiB.
const FILE_LIMIT: usize = ITEM_LIMIT + 4096;

const NOT_TEXT: &AsciiSet = &CONTROLS.add(b'%');
