//! Checks that only the user can access our folder and its files.

use std::path::Path;

use super::finding::Finding;
use crate::ground::paths;

/// The findings about the folder.
pub(super) fn look() -> Vec<Finding> {
    let folder = paths::sign_ins();
    if !folder.is_dir() {
        return Vec::new();
    }
    // These are public, because programs in containers read them.
    let public =
        [paths::authority_certificate(), paths::authority_bundle(), paths::authority_trust_store()];
    let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten().take(MAX_FILES);
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let files = files.map(|entry| entry.path()).filter(|path| !public.contains(path));
    let mut findings: Vec<Finding> =
        std::iter::once(folder.clone()).chain(files).filter_map(|path| judge(&path)).collect();
    if findings.is_empty() {
        findings.push(Finding::ok(format!("{} is for you alone", folder.display())));
    }
    findings
}

fn judge(path: &Path) -> Option<Finding> {
    let error = files::check(path).err()?;
    let why = "what is in it opens your sign-ins and your server";
    let finding = Finding::problem(error.to_string(), why);
    Some(match error.command() {
        Some(command) => finding.with_solution(command),
        None => finding,
    })
}

const MAX_FILES: usize = 1000;
