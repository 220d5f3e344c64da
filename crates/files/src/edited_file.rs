//! Changes a person's own file: it is read once, then replaced as a whole or not at all, with a copy of the old file.
//!
//! A symbolic link stays a link: its target is replaced. The new file has the mode and the owner of the old one.

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

/// A person's file that may be replaced. It need not exist yet.
pub struct EditedFile {
    /// Its path after all links.
    path: PathBuf,
    /// The content that was read.
    before: Option<Before>,
}

struct Before {
    bytes: Vec<u8>,
    metadata: Metadata,
}

impl EditedFile {
    /// Reads the file. A missing file is empty.
    ///
    /// # Errors
    /// It is not a plain file, it cannot be read, or it is too large.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let path = follow(path).map_err(|error| FileError::unreadable(path, error))?;
        let before = read(&path)?;
        Ok(Self { path, before })
    }

    /// Its path after all links.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The content that was read.
    pub fn bytes(&self) -> &[u8] {
        self.before.as_ref().map_or(&[], |before| &before.bytes)
    }

    /// Replaces the content, and returns the path of a copy of the old content.
    ///
    /// The first copy is FILE.aws-sso-original, which is never replaced. Each later copy is FILE.aws-sso-backup. So the
    /// person loses neither the original nor the last version, and there are never more than two copies.
    ///
    /// # Errors
    /// [`Fault::Changed`] if another program has written it after the read, or an error of the disk. The file is
    /// unchanged.
    pub fn replace(&self, bytes: &[u8]) -> Result<Option<PathBuf>, FileError> {
        let cannot = |error: io::Error| FileError::unwritable(&self.path, error);
        make_folder(folder_of(&self.path), Access::Private)?;
        // The draft comes first, so that a full disk is noticed before anything was changed.
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

    /// A synced file in the same folder, ready to replace this one.
    fn draft(&self, bytes: &[u8]) -> io::Result<NamedTempFile> {
        let file = draft(&self.path, bytes, Access::Private, Durability::Synced)?;
        if let Some(before) = &self.before {
            make_like(file.as_file(), &before.metadata)?;
        }
        Ok(file)
    }

    /// Checks that no editor has changed it while the person read a diff.
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

/// Omits the content, which may be secret.
impl fmt::Debug for EditedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EditedFile").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Follows the links of a path, even if the target does not exist.
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
    Err(io::Error::other("too many symbolic links"))
}

fn read(path: &Path) -> Result<Option<Before>, FileError> {
    let opened = access::open(File::options().read(true), path, Rule::Any);
    match opened {
        // A device cannot be replaced.
        Ok((_, metadata)) if !metadata.is_file() => Err(Fault::NotAFile.of(path)),
        Ok((file, metadata)) => {
            let bytes = read_opened(file, &metadata, path, MAX_BYTES)?;
            Ok(Some(Before { bytes, metadata }))
        }
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Gives a file the owner and the mode of another file.
#[cfg(unix)]
fn make_like(file: &File, other: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (other.uid(), other.gid()) {
        fchown(file, Some(other.uid()), Some(other.gid()))?;
    }
    file.set_permissions(other.permissions())
}

/// Does nothing on other systems, where only the folder protects the file.
#[cfg(not(unix))]
fn make_like(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

const MAX_LINKS: usize = 40;
/// 10,000 profiles need 2 MB.
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
    fn a_link_stays_a_link_and_the_mode_does_not_change() {
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
    fn a_new_file_is_private_even_if_it_is_the_target_of_a_link() {
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
    fn the_original_and_the_last_version_are_kept() {
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
    fn changes_by_another_program_meanwhile_are_not_lost() {
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
    fn only_a_plain_file_is_accepted_and_nothing_blocks() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        symlink("b", &a).unwrap();
        symlink("a", &b).unwrap();
        for path in [folder.path(), Path::new("/dev/null"), &a] {
            assert!(EditedFile::read(path).is_err(), "{}", path.display());
        }
    }
}
