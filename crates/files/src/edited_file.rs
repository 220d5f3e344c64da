//! A file of a person's that is changed: read once, then replaced as a whole or not at all, with a copy of what was there.
//!
//! A symbolic link stays one: what it leads to is replaced. The new file has the old one's mode and owner.

use std::fmt;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::access::{self, Rule};
use crate::folder::{folder_of, make_folder};
use crate::read::read_opened;
use crate::replace::draft;
use crate::{Access, Durability, Fault, FileError};

/// A file that is there, or is to be.
pub struct EditedFile {
    /// Where it is, past all links.
    path: PathBuf,
    /// What was read.
    before: Option<Before>,
}

struct Before {
    bytes: Vec<u8>,
    metadata: Metadata,
}

impl EditedFile {
    /// Reads it. One that is not there is empty.
    ///
    /// # Errors
    /// It is no plain file, it can't be read, or it is larger than any such file.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let path = follow(path).map_err(|error| FileError::unreadable(path, error))?;
        let before = read(&path)?;
        Ok(Self { path, before })
    }

    /// Where it is, past all links.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was read.
    pub fn bytes(&self) -> &[u8] {
        self.before.as_ref().map_or(&[], |before| &before.bytes)
    }

    /// Puts these bytes in its place, and tells where what was there is now.
    ///
    /// The first time that is FILE.aws-sso-original, which stays as it is; each time after that FILE.aws-sso-backup. So
    /// neither what a person had before nor the last change is lost, and there are never more than two copies.
    ///
    /// # Errors
    /// [`Fault::Changed`] if another program has written it since it was read; or those of the disk. The file is as it was.
    pub fn replace(&self, bytes: &[u8]) -> Result<Option<PathBuf>, FileError> {
        let cannot = |error: io::Error| FileError::unwritable(&self.path, error);
        make_folder(folder_of(&self.path), Access::Private)?;
        // Before anything else: a full disk is noticed while nothing has been done.
        let new = self.draft(bytes).map_err(cannot)?;
        let backup = match &self.before {
            Some(before) => Some(self.back_up(&before.bytes).map_err(cannot)?),
            None => None,
        };
        self.check_unchanged()?;
        let replaced = match &self.before {
            Some(_) => new.persist(&self.path),
            None => new.persist_noclobber(&self.path),
        };
        replaced.map_err(|error| match error.error.kind() == ErrorKind::AlreadyExists {
            true => Fault::Changed.of(&self.path),
            false => cannot(error.error),
        })?;
        Durability::Synced.settle(&self.path);
        Ok(backup)
    }

    fn back_up(&self, bytes: &[u8]) -> io::Result<PathBuf> {
        let original = self.with_end(".aws-sso-original");
        match self.draft(bytes)?.persist_noclobber(&original) {
            Ok(_) => return Ok(original),
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.error),
        }
        let backup = self.with_end(".aws-sso-backup");
        self.draft(bytes)?.persist(&backup)?;
        Ok(backup)
    }

    /// A file in the same folder, on the disk, that may take this one's place.
    fn draft(&self, bytes: &[u8]) -> io::Result<NamedTempFile> {
        let file = draft(&self.path, bytes, Access::Private, Durability::Synced)?;
        if let Some(before) = &self.before {
            make_like(file.as_file(), &before.metadata)?;
        }
        Ok(file)
    }

    /// An editor may have been at it while a person read a diff.
    fn check_unchanged(&self) -> Result<(), FileError> {
        match read(&self.path) {
            Ok(now) if now.as_ref().map_or(&[][..], |now| &now.bytes) == self.bytes() => Ok(()),
            _ => Err(Fault::Changed.of(&self.path)),
        }
    }

    fn with_end(&self, end: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(end);
        path.into()
    }
}

/// Without what is in the file, which may be secret.
impl fmt::Debug for EditedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EditedFile").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Where a path leads, even if nothing is there.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_symlink() => {
                let target = fs::read_link(&path)?;
                path = path.parent().unwrap_or(Path::new("")).join(target);
            }
            Ok(_) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(path),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("its links lead nowhere"))
}

fn read(path: &Path) -> Result<Option<Before>, FileError> {
    let opened = access::open(File::options().read(true), path, Rule::Any);
    match opened {
        // Nothing could take the place of a device.
        Ok((_, metadata)) if !metadata.is_file() => Err(Fault::NotAFile.of(path)),
        Ok((file, metadata)) => {
            let bytes = read_opened(file, &metadata, path, MAX_BYTES)?;
            Ok(Some(Before { bytes, metadata }))
        }
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Gives a file the owner and the mode of another.
#[cfg(unix)]
fn make_like(file: &File, other: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (other.uid(), other.gid()) {
        fchown(file, Some(other.uid()), Some(other.gid()))?;
    }
    file.set_permissions(other.permissions())
}

/// Elsewhere the folder's own protection is what there is.
#[cfg(not(unix))]
fn make_like(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

const MAX_LINKS: usize = 40;
/// 10,000 profiles have 2 MB.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn contents(path: &Path) -> String {
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_link_stays_a_link_and_the_mode_stays_what_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("config"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("real", &link).unwrap();
        let backup = EditedFile::read(&link).unwrap().replace(b"new").unwrap().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!((contents(&real).as_str(), contents(&backup).as_str()), ("new", "old"));
        for path in [&real, &backup] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o640);
        }
    }

    #[test]
    fn a_new_file_is_its_owners_alone_even_where_a_link_led_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("config");
        symlink("dotfiles/config", &link).unwrap();
        let file = EditedFile::read(&link).unwrap();
        assert_eq!(file.bytes(), b"");
        assert_eq!(file.replace(b"new").unwrap(), None);
        let real = folder.path().join("dotfiles/config");
        assert_eq!(contents(&real), "new");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn the_original_is_kept_for_good_and_the_last_change_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        fs::write(&path, "0").unwrap();
        for change in 1..=3 {
            let file = EditedFile::read(&path).unwrap();
            file.replace(change.to_string().as_bytes()).unwrap();
        }
        assert_eq!(contents(&folder.path().join("config.aws-sso-original")), "0");
        assert_eq!(contents(&folder.path().join("config.aws-sso-backup")), "2");
        assert_eq!(contents(&path), "3");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn what_somebody_else_writes_in_the_meantime_is_not_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        let new = EditedFile::read(&path).unwrap();
        fs::write(&path, "theirs").unwrap();
        assert!(new.replace(b"ours").unwrap_err().to_string().contains("changed by another"));
        let changed = EditedFile::read(&path).unwrap();
        fs::write(&path, "theirs again").unwrap();
        assert!(changed.replace(b"ours").unwrap_err().to_string().contains("changed by another"));
        assert_eq!(contents(&path), "theirs again");
        let removed = EditedFile::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(removed.replace(b"ours").is_err());
        assert!(!path.exists());
    }

    #[test]
    fn what_is_no_plain_file_is_refused_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        symlink("b", &a).unwrap();
        symlink("a", &b).unwrap();
        for path in [folder.path(), Path::new("/dev/null"), &a] {
            assert!(EditedFile::read(path).is_err(), "{}", path.display());
        }
    }
}
