//! A file of a person's that is changed: read once, then replaced as a whole or not at all, with a copy of what was there.
//!
//! A symbolic link stays one: what it leads to is replaced. The new file has the old one's mode and owner.

#[cfg(unix)]
#[path = "edited_file/unix.rs"]
mod platform;
#[cfg(not(unix))]
#[path = "edited_file/other.rs"]
mod platform;

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use credentials::Failure;

/// A file that is there, or is to be.
pub(crate) struct EditedFile {
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
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let cannot = |error: io::Error| {
            Failure::failed(format!("{} cannot be read: {error}", path.display()))
        };
        let path = follow(path).map_err(cannot)?;
        let before = read(&path).map_err(cannot)?;
        Ok(Self { path, before })
    }

    /// Where it is, past all links.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What was read.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.before.as_ref().map_or(&[], |before| &before.bytes)
    }

    /// Puts these bytes in its place, and tells where what was there is now.
    ///
    /// The first time that is FILE.aws-sso-original, which stays as it is; each time after that FILE.aws-sso-backup. So
    /// neither what a person had before nor the last change is lost, and there are never more than two copies.
    pub(crate) fn replace(&self, bytes: &[u8]) -> Result<Option<PathBuf>, Failure> {
        let cannot = |error: io::Error| {
            let text = format!("{} cannot be written: {error}", self.path.display());
            Failure::failed(text).with_hint("It is as it was.")
        };
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(cannot)?;
        }
        // Before anything else: a full disk is noticed while nothing has been done.
        let new = self.beside(bytes).map_err(cannot)?;
        let backup = match &self.before {
            Some(before) => Some(self.back_up(&before.bytes).map_err(cannot)?),
            None => None,
        };
        self.check_unchanged()?;
        let replaced = match &self.before {
            Some(_) => new.persist(&self.path),
            None => new.persist_noclobber(&self.path),
        };
        replaced.map_err(|error| match error.error.kind() {
            ErrorKind::AlreadyExists => self.changed(),
            _ => cannot(error.error),
        })?;
        platform::sync_folder(self.folder());
        Ok(backup)
    }

    fn back_up(&self, bytes: &[u8]) -> io::Result<PathBuf> {
        let original = self.with_end(".aws-sso-original");
        match self.beside(bytes)?.persist_noclobber(&original) {
            Ok(_) => return Ok(original),
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.error),
        }
        let backup = self.with_end(".aws-sso-backup");
        self.beside(bytes)?.persist(&backup)?;
        Ok(backup)
    }

    /// A file in the same folder, on the disk, that may take this one's place.
    fn beside(&self, bytes: &[u8]) -> io::Result<NamedTempFile> {
        // Only its owner may read it: that is what tempfile makes.
        let mut file = Builder::new().prefix(".aws-sso-").tempfile_in(self.folder())?;
        file.write_all(bytes)?;
        if let Some(before) = &self.before {
            platform::make_like(file.as_file(), &before.metadata)?;
        }
        file.as_file().sync_all()?;
        Ok(file)
    }

    /// An editor may have been at it while a person read a diff.
    fn check_unchanged(&self) -> Result<(), Failure> {
        match read(&self.path) {
            Ok(now) if now.as_ref().map_or(&[][..], |now| &now.bytes) == self.bytes() => Ok(()),
            _ => Err(self.changed()),
        }
    }

    fn changed(&self) -> Failure {
        let text = format!("somebody else has changed {} just now", self.path.display());
        Failure::failed(text).with_hint("Nothing was written. Do it again.")
    }

    fn folder(&self) -> &Path {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        folder.unwrap_or(Path::new("."))
    }

    fn with_end(&self, end: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(end);
        path.into()
    }
}

/// Where a path leads, even if nothing is there.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
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

fn read(path: &Path) -> io::Result<Option<Before>> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // To open a pipe would be to wait for who writes into it.
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a plain file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::other("it is larger than 64 MiB"));
    }
    Ok(Some(Before { bytes, metadata }))
}

const MOST_LINKS: usize = 40;
/// 10,000 profiles have 2 MB.
const LARGEST: u64 = 64 * 1024 * 1024;

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
        assert!(new.replace(b"ours").unwrap_err().message.contains("somebody else"));
        let changed = EditedFile::read(&path).unwrap();
        fs::write(&path, "theirs again").unwrap();
        assert!(changed.replace(b"ours").unwrap_err().message.contains("somebody else"));
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
