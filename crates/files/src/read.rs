//! Reads whole files with a maximum size.

use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::Path;

use zeroize::Zeroizing;

use crate::access::{self, Rule};
use crate::{Fault, FileError};

/// Reads a file of ours that no other user can read or write, into memory that is wiped.
///
/// # Errors
/// It does not exist, other users could read or write it, or it has more than `limit` bytes.
pub fn read_private(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, FileError> {
    read_by(Rule::Private, path, limit).map(Zeroizing::new)
}

/// Reads a secret from a person's file into memory that is wiped. It may be a link, but only its owner may be able to
/// open it.
///
/// # Errors
/// As for [`read_private`].
pub fn read_given_key(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, FileError> {
    read_by(Rule::Closed, path, limit).map(Zeroizing::new)
}

/// Reads a file. It may be a link, and other users may be able to read it.
///
/// # Errors
/// It does not exist, it is a folder or a pipe, or it has more than `limit` bytes.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    read_by(Rule::Any, path, limit)
}

/// Opens a file for reading in pieces. It may be a link.
///
/// # Errors
/// It does not exist, or it is a folder or a pipe.
pub fn open(path: &Path) -> Result<File, FileError> {
    access::open(File::options().read(true), path, Rule::Any).map(|(file, _)| file)
}

fn read_by(rule: Rule, path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let (file, metadata) = access::open(File::options().read(true), path, rule)?;
    read_opened(file, &metadata, path, limit)
}

pub(crate) fn read_opened(
    file: File,
    metadata: &Metadata,
    path: &Path,
    limit: u64,
) -> Result<Vec<u8>, FileError> {
    // One byte above the limit shows that the file is too large. The buffer never grows, because growing would leave
    // copies of a secret behind.
    let room = metadata.len().min(limit).saturating_add(1);
    let mut bytes = Vec::with_capacity(usize::try_from(room).unwrap_or(0));
    let read = file.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| FileError::unreadable(path, error))?;
    match bytes.len() as u64 > limit {
        true => Err(Fault::TooLarge(limit).of(path)),
        false => Ok(bytes),
    }
}
