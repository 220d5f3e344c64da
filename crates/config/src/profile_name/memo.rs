//! A file with the names that a template has made, so that they need not be made again for the same roles. It is only a cache: if
//! the file is missing, damaged or belongs to other roles, the names are made again.

use std::path::PathBuf;

use credentials::ProfileName;
use data_encoding::HEXLOWER;
use files::{Access, Durability};
use sha2::{Digest, Sha256};
use tracing::debug;

/// A digest of everything that the names depend on.
#[derive(Debug)]
pub struct Fingerprint(Sha256);

impl Fingerprint {
    /// Starts with the version of this program: another version may have other functions.
    #[expect(clippy::new_without_default, reason = "it starts with a version, so it is not empty")]
    pub fn new() -> Self {
        let mut new = Self(Sha256::new());
        new.add(env!("CARGO_PKG_VERSION"));
        new
    }

    /// Adds a text and its length, so that two texts differ from their concatenation.
    pub fn add(&mut self, text: &str) {
        self.0.update(text.len().to_le_bytes());
        self.0.update(text);
    }
}

/// A file with the names of roles: a line with the fingerprint, then a line for each name.
#[derive(Debug)]
pub struct Memo {
    path: PathBuf,
    fingerprint: String,
}

impl Memo {
    /// The file at `path`, for roles with this fingerprint.
    pub fn new(path: PathBuf, fingerprint: Fingerprint) -> Self {
        Self { path, fingerprint: HEXLOWER.encode(&fingerprint.0.finalize()) }
    }

    /// Reads `count` names, in the order of the roles. `None` if the file does not have them.
    pub fn read(&self, count: usize) -> Option<Vec<ProfileName>> {
        let text = String::from_utf8(files::read(&self.path, MAX_BYTES).ok()?).ok()?;
        let mut lines = text.lines();
        if lines.next() != Some(&self.fingerprint) {
            return None;
        }
        let names = lines.map(ProfileName::parse).collect::<Result<Vec<_>, _>>().ok()?;
        (names.len() == count).then_some(names)
    }

    /// Writes the names. No name contains a line break, which is a control character.
    pub fn keep<'a>(&self, names: impl Iterator<Item = &'a ProfileName>) {
        let mut text = self.fingerprint.clone();
        for name in names {
            text.push('\n');
            text.push_str(name.as_str());
        }
        let kept =
            files::replace(&self.path, text.as_bytes(), Access::Private, Durability::BestEffort);
        if let Err(error) = kept {
            debug!(%error, "the names of roles are not kept");
        }
    }
}

/// 10,000 names have less than 1 MB.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn memo(path: &Path, texts: &[&str]) -> Memo {
        let mut fingerprint = Fingerprint::new();
        for text in texts {
            fingerprint.add(text);
        }
        Memo::new(path.to_owned(), fingerprint)
    }

    #[test]
    fn names_are_read_for_the_same_roles_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("corp.names");
        let names = ["a b", "ü:x"].map(|name| ProfileName::parse(name).unwrap());
        let kept = memo(&path, &["ab", "c"]);
        assert!(kept.read(2).is_none());
        kept.keep(names.iter());
        assert_eq!(kept.read(2).unwrap(), names);
        assert!(kept.read(3).is_none());
        for others in [&["a", "bc"][..], &["ab"], &["ab", "c", ""]] {
            assert!(memo(&path, others).read(2).is_none(), "{others:?}");
        }
        for damaged in ["", "x\na\nb"] {
            std::fs::write(&path, damaged).unwrap();
            assert!(kept.read(2).is_none());
        }
    }
}
