//! The log on disk: whole lines are appended, and the file is rotated when it is large. Must never follow a link, and
//! other users must never be able to read it.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use files::{FileError, FolderRule, Lock};
use tracing::warn;

/// Why the log cannot be used. Nothing was served yet.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// It cannot be opened, or other users could read, change or replace it.
    #[error("the audit log cannot be used: {0}")]
    Unusable(#[from] FileError),
    /// Another server writes to it.
    #[error("another server writes the audit log {}", .0.display())]
    InUse(PathBuf),
    /// Its folder does not exist.
    #[error("there is no folder {} for the audit log", .0.display())]
    NoFolder(PathBuf),
}

/// The current log file.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
    size: u64,
    largest: u64,
    /// Whether the file ends with an incomplete line. The next line must not be joined to it.
    is_torn: bool,
    cannot_rotate: bool,
    /// A lock on a separate file, because rotation replaces the log. The kernel releases it when the process ends.
    _lock: Lock,
}

/// A write that did not write all lines.
#[derive(Debug)]
pub(super) struct Failed {
    /// The number of lines that were written completely.
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
        files::check_folder(folder, FolderRule::Safe)?;
        let file = files::open_to_append(path)?;
        let lock = Lock::try_acquire(&with_suffix(path, ".lock"))?;
        let lock = lock.ok_or_else(|| AuditError::InUse(path.to_owned()))?;
        let mut log = Self {
            path: path.to_owned(),
            file,
            size: 0,
            largest: MAX_BYTES,
            is_torn: false,
            cannot_rotate: false,
            _lock: lock,
        };
        log.check_end().map_err(|error| FileError::unreadable(path, error))?;
        Ok(log)
    }

    /// Appends lines. Removes the rest of a line that could not be written completely.
    ///
    /// # Errors
    /// Not all lines could be written.
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

    /// Ensures that the file is the one at its path, has room, and ends with a complete line.
    fn prepare(&mut self, length: u64) -> io::Result<()> {
        if !files::is_at(&self.file, &self.path) {
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
        self.file = files::open_to_append(&self.path)?;
        self.check_end()
    }

    /// Renames the file and each older one to the next suffix. A file that cannot be renamed grows further, because a
    /// large log is better than none.
    fn rotate(&mut self) -> io::Result<()> {
        let mut files = files(&self.path);
        files.reverse();
        for pair in files.windows(2) {
            let [to, from] = pair else { continue };
            match files::rename(from, to) {
                Err(error) if !error.is_missing() => {
                    if !std::mem::replace(&mut self.cannot_rotate, true) {
                        warn!("the audit log grows because it cannot be rotated: {error}");
                    }
                    return Ok(());
                }
                _ => {}
            }
        }
        self.cannot_rotate = false;
        self.reopen()
    }

    fn check_end(&mut self) -> io::Result<()> {
        self.size = self.file.metadata()?.len();
        let mut last = [b'\n'];
        if self.size > 0 {
            self.file.seek(SeekFrom::End(-1))?;
            self.file.read_exact(&mut last)?;
        }
        self.is_torn = last != [b'\n'];
        Ok(())
    }

    /// Keeps the complete lines that were written, and removes an incomplete one.
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

/// The current log and the older ones, newest first.
pub(super) fn files(path: &Path) -> Vec<PathBuf> {
    let older = (1..=MAX_OLDER_FILES).map(|number| with_suffix(path, &format!(".{number}")));
    std::iter::once(path.to_owned()).chain(older).collect()
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Size in bytes, about 40,000 decisions.
const MAX_BYTES: u64 = 10 * 1024 * 1024;
/// Number of older files that are kept.
const MAX_OLDER_FILES: usize = 5;

#[cfg(test)]
#[cfg(unix)]
mod tests;
