//! Names that a template has made, kept so that they need not be made again for the same roles. They are a copy: a
//! file that is missing, damaged or of other roles costs the time to make them, and nothing else.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use credentials::ProfileName;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use tempfile::Builder;
use tracing::debug;

/// Everything that names depend on, in a digest.
pub struct Fingerprint(Sha256);

impl Fingerprint {
    pub fn new() -> Self {
        let mut new = Self(Sha256::new());
        // Another version may know other functions.
        new.add(env!("CARGO_PKG_VERSION"));
        new
    }

    /// Adds a text, so that where it ends counts too.
    pub fn add(&mut self, text: &str) {
        self.0.update(text.len().to_le_bytes());
        self.0.update(text);
    }
}

/// The names of the roles with a fingerprint: a line of that, and a line each.
pub struct Memo {
    path: PathBuf,
    fingerprint: String,
}

impl Memo {
    pub fn new(path: PathBuf, fingerprint: Fingerprint) -> Self {
        Self { path, fingerprint: HEXLOWER.encode(&fingerprint.0.finalize()) }
    }

    /// The names, if these were kept: so many, in the roles' order.
    pub fn read(&self, count: usize) -> Option<Vec<ProfileName>> {
        let text = std::fs::read_to_string(&self.path).ok()?;
        let mut lines = text.lines();
        if lines.next() != Some(&self.fingerprint) {
            return None;
        }
        let names = lines.map(ProfileName::parse).collect::<Result<Vec<_>, _>>().ok()?;
        (names.len() == count).then_some(names)
    }

    /// Keeps the names. They hold no line's end: that is a control character.
    pub fn keep<'a>(&self, names: impl Iterator<Item = &'a ProfileName>) {
        let kept = self.replace(names);
        let _ = kept.inspect_err(|error| debug!(%error, "the names of roles are not kept"));
    }

    fn replace<'a>(&self, names: impl Iterator<Item = &'a ProfileName>) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut text = self.fingerprint.clone();
        for name in names {
            text.push('\n');
            text.push_str(name.as_str());
        }
        // Only its owner may read it: that is what tempfile makes.
        let mut file = Builder::new().prefix(".names-").tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.persist(&self.path)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memo(path: &Path, texts: &[&str]) -> Memo {
        let mut fingerprint = Fingerprint::new();
        for text in texts {
            fingerprint.add(text);
        }
        Memo::new(path.to_owned(), fingerprint)
    }

    #[test]
    fn names_come_back_for_the_very_same_roles_alone() {
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
