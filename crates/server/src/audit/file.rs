//! The log on disk: appended to in whole lines, and set aside when it is large. Must never be followed elsewhere by a
//! link, nor be anybody else's to read.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use files::{FileError, FolderRule, Lock};
use tracing::warn;

/// The log can't be used. Nothing was served yet.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// It can't be opened, or others could read or change it, or put another file in its place.
    #[error("the audit log cannot be used: {0}")]
    Unfit(#[from] FileError),
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
    _lock: Lock,
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
        files::check_folder(folder, FolderRule::Safe)?;
        let file = files::open_to_append(path)?;
        let lock = Lock::try_acquire(&with_suffix(path, ".lock"))?;
        let lock = lock.ok_or_else(|| AuditError::InUse(path.to_owned()))?;
        let mut log = Self {
            path: path.to_owned(),
            file,
            size: 0,
            largest: LARGEST,
            is_torn: false,
            cannot_rotate: false,
            _lock: lock,
        };
        log.look_at_end().map_err(|error| FileError::unreadable(path, error))?;
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
        self.look_at_end()
    }

    /// Sets the file aside, and each older one a place further. A file that can't be set aside goes on growing: better
    /// a large log than none.
    fn rotate(&mut self) -> io::Result<()> {
        let mut files = files(&self.path);
        files.reverse();
        for pair in files.windows(2) {
            let [to, from] = pair else { continue };
            match files::rename(from, to) {
                Err(error) if !error.is_missing() => {
                    if !std::mem::replace(&mut self.cannot_rotate, true) {
                        warn!("the audit log grows, because it cannot be set aside: {error}");
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

/// In bytes; about 40,000 decisions.
const LARGEST: u64 = 10 * 1024 * 1024;
/// How many older ones are kept.
const OLDER: usize = 5;

#[cfg(test)]
#[cfg(unix)]
mod tests;
