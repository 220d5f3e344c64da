//! Files that are their owner's alone: looked at on the open file, so that no other can be put in its place between the
//! look and the use; and replaced as a whole.
//!
//! Where the system has no such modes (elsewhere than on Unix), nothing is refused: the folder's own protection is what
//! there is.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
#[error("{} {problem}", path.display())]
pub struct PrivateFileError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// It can't be opened or read.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// What it leads to may change.
    #[error("is a symbolic link")]
    Link,
    /// A folder, a pipe, a device.
    #[error("is not a plain file")]
    WrongKind,
    /// They can change it at any time.
    #[error("belongs to another user")]
    OtherOwner,
    /// Its mode lets them read or write it.
    #[error("can be read or written by other users")]
    OpenToOthers,
    /// Nothing of this kind is so large.
    #[error("is larger than {0} bytes")]
    TooLarge(u64),
}

impl Problem {
    /// Whether there is no such file.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Unreadable(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

/// Reads a file that nobody else can read or write, into memory that is wiped.
///
/// # Errors
/// It is none, or somebody could; or it has more than `limit` bytes.
pub fn read(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, PrivateFileError> {
    let refused = |problem| PrivateFileError { path: path.to_owned(), problem };
    let file = open(File::options().read(true), path).map_err(refused)?;
    let length = file.metadata().map_or(0, |metadata| metadata.len()).min(limit);
    // Room for all of it: growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1));
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| refused(Problem::Unreadable(error)))?;
    if bytes.len() as u64 > limit {
        return Err(refused(Problem::TooLarge(limit)));
    }
    Ok(bytes)
}

/// Opens a file, which if it is made is its owner's alone; never through a symbolic link, and none that others can read
/// or write.
pub(crate) fn open(options: &mut OpenOptions, path: &Path) -> Result<File, Problem> {
    system::open(options, path)
}

/// Puts a file that nobody else can read (0600) in the place of what is there, at once and as a whole. A missing folder
/// is made, for its owner alone (0700).
///
/// # Errors
/// Those of the disk; then what was there is there still.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    make_folder(folder)?;
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_data()?;
    file.persist(path)?;
    Ok(())
}

/// Makes a folder for its owner alone, with those above it, unless it is there.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(unix)]
mod system {
    use std::fs::{File, OpenOptions};
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
    use std::path::Path;

    use rustix::fs::OFlags;
    use rustix::process::geteuid;

    use super::Problem;

    pub(super) fn open(options: &mut OpenOptions, path: &Path) -> Result<File, Problem> {
        // NONBLOCK: opening a pipe would wait for its other end.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let opened = options.mode(0o600).custom_flags(flags).open(path);
        let file = opened.map_err(|error| match path.symlink_metadata() {
            Ok(metadata) if metadata.is_symlink() => Problem::Link,
            Ok(metadata) if metadata.is_dir() => Problem::WrongKind,
            _ => Problem::Unreadable(error),
        })?;
        let metadata = file.metadata().map_err(Problem::Unreadable)?;
        if !metadata.is_file() {
            Err(Problem::WrongKind)
        } else if metadata.uid() != geteuid().as_raw() {
            Err(Problem::OtherOwner)
        } else if metadata.mode() & 0o077 != 0 {
            Err(Problem::OpenToOthers)
        } else {
            Ok(file)
        }
    }
}

#[cfg(not(unix))]
mod system {
    use std::fs::{File, OpenOptions};
    use std::path::Path;

    use super::Problem;

    pub(super) fn open(options: &mut OpenOptions, path: &Path) -> Result<File, Problem> {
        let file = options.open(path).map_err(Problem::Unreadable)?;
        let metadata = file.metadata().map_err(Problem::Unreadable)?;
        if metadata.is_file() { Ok(file) } else { Err(Problem::WrongKind) }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn problem_of(path: &Path) -> Problem {
        read(path, 8).unwrap_err().problem
    }

    #[test]
    fn what_is_written_is_for_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("new/file");
        replace(&path, b"12345678").unwrap();
        assert_eq!(*read(&path, 8).unwrap(), b"12345678");
        for (path, mode) in [(path.as_path(), 0o600), (path.parent().unwrap(), 0o700)] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, mode);
        }
        assert!(matches!(read(&path, 7).unwrap_err().problem, Problem::TooLarge(7)));
    }

    #[test]
    fn what_others_could_read_or_change_is_not_read() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        replace(&path, b"x").unwrap();
        for mode in [0o604, 0o640, 0o602, 0o620, 0o666] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(matches!(problem_of(&path), Problem::OpenToOthers), "{mode:o}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(read(&path, 8).is_ok());
        let link = home.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(matches!(problem_of(&link), Problem::Link));
        assert!(matches!(problem_of(home.path()), Problem::WrongKind));
        assert!(problem_of(&home.path().join("none")).is_missing());
    }
}
