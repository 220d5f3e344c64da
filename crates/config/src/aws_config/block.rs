//! A profile, an sso-session or a set of services, with its settings from both files and the places where they stand.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::ini::{Entry, Section};

/// One of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AwsFile {
    /// `AWS_CONFIG_FILE`, else `~/.aws/config`.
    Config,
    /// `AWS_SHARED_CREDENTIALS_FILE`, else `~/.aws/credentials`.
    Credentials,
}

/// A line of a file. It is printed as `PATH line NUMBER`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: Arc<PathBuf>,
    /// The number of the line, from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} line {}", self.path.display(), self.line)
    }
}

/// A named group of settings.
#[derive(Debug)]
pub struct Block {
    name: String,
    /// The settings of the config file, then those of the credentials file. The last one of a key counts.
    settings: Vec<(AwsFile, Entry)>,
    /// The lines of the headers, in the order of the settings.
    headers: Vec<(AwsFile, Place)>,
}

impl Block {
    pub(super) fn new(name: String) -> Self {
        Self { name, settings: Vec::new(), headers: Vec::new() }
    }

    /// Adds the settings of a section.
    pub(super) fn add(&mut self, file: AwsFile, path: &Arc<PathBuf>, section: Section) {
        self.headers.push((file, Place { path: Arc::clone(path), line: section.line }));
        self.settings.extend(section.entries.into_iter().map(|entry| (file, entry)));
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value of a key, without a comment behind it. An empty value is none.
    ///
    /// botocore takes a comment behind a value as part of it; other SDKs do not. We do so only for commands, where `#` can be
    /// an argument.
    pub fn get(&self, key: &str) -> Option<&str> {
        let value = self.entry(key, None)?.value.as_str();
        let value = match key {
            "credential_process" => value,
            _ => without_comment(value).trim_start(),
        };
        (!value.is_empty()).then_some(value)
    }

    /// Whether one of its sections is in this file.
    pub fn is_in(&self, file: AwsFile) -> bool {
        self.headers.iter().any(|(of, _)| *of == file)
    }

    /// Whether this file has a value for the key.
    pub fn has_in(&self, file: AwsFile, key: &str) -> bool {
        self.entry(key, Some(file)).is_some()
    }

    /// Where a key stands; without it, where the block begins.
    pub fn place(&self, key: &str) -> Option<Place> {
        let file = self.settings.iter().rev().find(|(_, entry)| entry.key == key);
        let (file, line) = match file {
            Some((file, entry)) => (*file, Some(entry.line)),
            None => (self.headers.first()?.0, None),
        };
        let (_, header) = self.headers.iter().find(|(of, _)| *of == file)?;
        Some(Place { line: line.unwrap_or(header.line), ..header.clone() })
    }

    /// All settings. Of a key that both files have, the last one counts.
    pub(super) fn settings(&self) -> impl Iterator<Item = &Entry> {
        self.settings.iter().map(|(_, entry)| entry)
    }

    fn entry(&self, key: &str, file: Option<AwsFile>) -> Option<&Entry> {
        let is_meant = |(of, entry): &&(AwsFile, Entry)| {
            entry.key == key && file.is_none_or(|file| file == *of)
        };
        self.settings.iter().rev().find(is_meant).map(|(_, entry)| entry)
    }
}

/// The value before a comment. A comment begins with `#` or `;` after white space, as in the AWS SDKs and Tools Reference Guide,
/// "Shared config and credentials files".
pub(super) fn without_comment(value: &str) -> &str {
    let starts_comment = |pair: &[u8]| matches!(pair, [b' ' | b'\t', b'#' | b';']);
    let start = value.as_bytes().windows(2).position(starts_comment);
    let end = if value.starts_with(['#', ';']) { Some(0) } else { start };
    value.get(..end.unwrap_or(value.len())).unwrap_or(value).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_behind_a_value_is_not_part_of_it() {
        for (value, expected) in [
            ("eu-west-1 # Ireland", "eu-west-1"),
            ("eu-west-1\t; Ireland", "eu-west-1"),
            ("a#b", "a#b"),
            ("# only a comment", ""),
            ("plain", "plain"),
        ] {
            assert_eq!(without_comment(value), expected);
        }
    }
}
