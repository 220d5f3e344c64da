//! The log on disk: appended to in whole lines, and set aside when it is large. Must never be followed elsewhere by a
//! link, nor be anybody else's to read.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tracing::warn;

use crate::private_file::{self, PrivateFileError, Problem};

/// The log can't be used. Nothing was served yet.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// It can't be opened, or others could read or change it.
    #[error("the audit log {0}")]
    Unfit(#[from] PrivateFileError),
    /// They could put another file in its place.
    #[error("the audit log would be in a folder that other users can write in: {}", .0.display())]
    OpenFolder(PathBuf),
    /// Another server writes it.
    #[error("another server writes the audit log {}", .0.display())]
    InUse(PathBuf),
    /// Its folder isn't there.
    #[error("there is no folder {} for the audit log", .0.display())]
    NoFolder(PathBuf),
}

/// The file that is written at present.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
    size: u64,
    largest: u64,
    /// Ends with half a line, which nothing may be glued to.
    is_torn: bool,
    cannot_rotate: bool,
    /// A file beside the log, because the log itself becomes another one now and then. Released however we end.
    _lock: File,
}

/// Lines that could not all be written.
#[derive(Debug)]
pub(super) struct Failed {
    /// How many were, as a whole.
    pub(super) written: u64,
    pub(super) error: io::Error,
}

impl LogFile {
    pub(super) fn open(path: &Path) -> Result<Self, AuditError> {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        if !folder.is_dir() {
            return Err(AuditError::NoFolder(folder.to_owned()));
        }
        if system::others_may_write_in(folder) {
            return Err(AuditError::OpenFolder(folder.to_owned()));
        }
        let unfit = |problem| PrivateFileError { path: path.to_owned(), problem };
        let file = open_private(path).map_err(unfit)?;
        let lock = with_suffix(path, ".lock");
        let lock =
            open_private(&lock).map_err(|problem| PrivateFileError { path: lock, problem })?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(AuditError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(unfit(Problem::Unreadable(error)).into()),
        }
        let mut log = Self {
            path: path.to_owned(),
            file,
            size: 0,
            largest: LARGEST,
            is_torn: false,
            cannot_rotate: false,
            _lock: lock,
        };
        log.look_at_end().map_err(|error| unfit(Problem::Unreadable(error)))?;
        Ok(log)
    }

    /// Writes lines at the end. What is left of a line that could not be written as a whole is taken away again.
    ///
    /// # Errors
    /// Not all could be written.
    pub(super) fn append(&mut self, lines: &[u8]) -> Result<(), Failed> {
        self.prepare(lines.len() as u64).map_err(|error| Failed { written: 0, error })?;
        let mut written = 0;
        while let Some(rest) = lines.get(written..).filter(|rest| !rest.is_empty()) {
            match self.file.write(rest) {
                Ok(0) => return Err(self.failed(lines, written, io::ErrorKind::WriteZero.into())),
                Ok(length) => written += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(lines, written, error)),
            }
        }
        self.size += written as u64;
        Ok(())
    }

    /// Sees to it that the file is the one at its path, has room, and ends with a whole line.
    fn prepare(&mut self, length: u64) -> io::Result<()> {
        if !system::is_at(&self.file, &self.path) {
            self.reopen()?;
        }
        if self.size > 0 && self.size + length > self.largest {
            self.rotate()?;
        }
        if self.is_torn {
            self.file.write_all(b"\n")?;
            self.size += 1;
            self.is_torn = false;
        }
        Ok(())
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.file = open_private(&self.path).map_err(|problem| match problem {
            Problem::Unreadable(error) => error,
            unfit @ (Problem::Link
            | Problem::WrongKind
            | Problem::OtherOwner
            | Problem::OpenToOthers
            | Problem::TooLarge(_)) => io::Error::other(format!("it {unfit}")),
        })?;
        self.look_at_end()
    }

    /// Sets the file aside, and each older one a place further. A file that can't be set aside goes on growing: better
    /// a large log than none.
    fn rotate(&mut self) -> io::Result<()> {
        let mut files = files(&self.path);
        files.reverse();
        for pair in files.windows(2) {
            let [to, from] = pair else { continue };
            match fs::rename(from, to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    if !std::mem::replace(&mut self.cannot_rotate, true) {
                        let path = from.display();
                        warn!("the audit log {path} cannot be set aside, so it grows: {error}");
                    }
                    return Ok(());
                }
                _ => {}
            }
        }
        self.cannot_rotate = false;
        self.reopen()
    }

    fn look_at_end(&mut self) -> io::Result<()> {
        self.size = self.file.metadata()?.len();
        let mut last = [b'\n'];
        if self.size > 0 {
            self.file.seek(SeekFrom::End(-1))?;
            self.file.read_exact(&mut last)?;
        }
        self.is_torn = last != [b'\n'];
        Ok(())
    }

    /// Keeps the whole lines of what was written, and takes half a one away.
    fn failed(&mut self, lines: &[u8], written: usize, error: io::Error) -> Failed {
        let written = lines.get(..written).unwrap_or_default();
        let whole = written.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let kept = written.get(..whole).unwrap_or_default();
        self.size += kept.len() as u64;
        if kept.len() < written.len() && self.file.set_len(self.size).is_err() {
            self.size += (written.len() - kept.len()) as u64;
            self.is_torn = true;
        }
        let count = kept.iter().filter(|byte| **byte == b'\n').count();
        Failed { written: count as u64, error }
    }
}

fn open_private(path: &Path) -> Result<File, Problem> {
    private_file::open(File::options().read(true).append(true).create(true), path)
}

/// The log and the older ones, the newest first.
pub(super) fn files(path: &Path) -> Vec<PathBuf> {
    let older = (1..=OLDER).map(|number| with_suffix(path, &format!(".{number}")));
    std::iter::once(path.to_owned()).chain(older).collect()
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

#[cfg(unix)]
mod system {
    use std::fs::File;
    use std::os::unix::fs::MetadataExt as _;
    use std::path::Path;

    /// Whether others may exchange our file for theirs. In a sticky folder, such as /tmp, each may do so with their own.
    pub(super) fn others_may_write_in(folder: &Path) -> bool {
        let is_open = |mode| mode & 0o022 != 0 && mode & 0o1000 == 0;
        folder.metadata().is_ok_and(|metadata| is_open(metadata.mode()))
    }

    /// Whether the open file is still the one at that path.
    pub(super) fn is_at(file: &File, path: &Path) -> bool {
        match (file.metadata(), path.symlink_metadata()) {
            (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
            _ => false,
        }
    }
}

#[cfg(not(unix))]
mod system {
    use std::fs::File;
    use std::path::Path;

    pub(super) fn others_may_write_in(_: &Path) -> bool {
        false
    }

    pub(super) fn is_at(_: &File, path: &Path) -> bool {
        path.exists()
    }
}

/// In bytes; about 40,000 decisions.
const LARGEST: u64 = 10 * 1024 * 1024;
/// How many older ones are kept.
const OLDER: usize = 5;

#[cfg(test)]
#[cfg(unix)]
mod tests;
