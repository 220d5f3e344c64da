//! Whether our folder and what is in it is for its owner alone.

use std::fs::Metadata;
use std::path::Path;

use super::finding::Finding;
use crate::ground::paths;
use credentials::shell_word;

/// What is to be said of the folder.
pub(super) fn look() -> Vec<Finding> {
    let folder = paths::sign_ins();
    let Ok(metadata) = folder.symlink_metadata() else { return Vec::new() };
    let mut findings: Vec<Finding> = judge(&folder, &metadata).into_iter().collect();
    // Others may read them, as a container's programs do.
    let public =
        [paths::authority_certificate(), paths::authority_bundle(), paths::authority_trust_store()];
    let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten().take(MOST);
    for entry in entries {
        let path = entry.path();
        let is_public = public.contains(&path);
        match entry.metadata() {
            Ok(metadata) if metadata.is_file() && !is_public => {
                findings.extend(judge(&path, &metadata));
            }
            _ => {}
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok(format!("{} is for you alone", folder.display())));
    }
    findings
}

fn judge(path: &Path, metadata: &Metadata) -> Option<Finding> {
    let why = "what is in it opens your sign-ins and your server";
    let word = shell_word(&path.to_string_lossy()).into_owned();
    if system::is_of_another(metadata) {
        let finding = format!("{} belongs to another user", path.display());
        return Some(
            Finding::problem(finding, why).mend(format!("sudo chown \"$(id -u)\" {word}")),
        );
    }
    let mode = system::mode(metadata).filter(|mode| mode & 0o077 != 0)?;
    let right = if metadata.is_dir() { "700" } else { "600" };
    let finding = format!("{} can be opened by others (mode {mode:03o})", path.display());
    Some(Finding::problem(finding, why).mend(format!("chmod {right} {word}")))
}

#[cfg(unix)]
mod system {
    use std::fs::Metadata;
    use std::os::unix::fs::MetadataExt;

    use rustix::process::geteuid;

    pub(super) fn is_of_another(metadata: &Metadata) -> bool {
        metadata.uid() != geteuid().as_raw()
    }

    /// What its owner, its group and all others may do.
    pub(super) fn mode(metadata: &Metadata) -> Option<u32> {
        Some(metadata.mode() & 0o777)
    }
}

/// Elsewhere the folder's own protection is what there is.
#[cfg(not(unix))]
mod system {
    use std::fs::Metadata;

    pub(super) fn is_of_another(_: &Metadata) -> bool {
        false
    }

    pub(super) fn mode(_: &Metadata) -> Option<u32> {
        None
    }
}

/// So many are looked at.
const MOST: usize = 1000;
