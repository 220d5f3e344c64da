//! The system's store of certificates: how to add and remove ours. The work is planned as steps. They are run for
//! root and shown to other users.

#[cfg_attr(target_os = "linux", path = "system_store/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "system_store/other.rs")]
mod platform;

pub(crate) use platform::{SystemStore, WHY_NOT, may_change_system};

use std::path::PathBuf;

use super::{Authority, replace};
use crate::ground::ui;
use credentials::{Failure, shell_word};
use providers::child;

/// One step of the work.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "other systems have a command"))]
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Copy our certificate to a path.
    Copy(PathBuf),
    Remove(PathBuf),
    /// A program with its arguments.
    Run(Vec<String>),
}

impl Step {
    /// The command for a person's shell.
    pub(crate) fn in_shell(&self, authority: &Authority) -> String {
        let words = match self {
            Self::Copy(to) => {
                let (from, to) = (authority.path().display(), to.display());
                vec!["install".into(), "-m".into(), "644".into(), from.to_string(), to.to_string()]
            }
            Self::Remove(path) => vec!["rm".into(), path.display().to_string()],
            Self::Run(words) => words.clone(),
        };
        let words: Vec<_> = words.iter().map(|word| shell_word(word)).collect();
        format!("{}{}", platform::AS_ROOT, words.join(" "))
    }

    /// Runs the step.
    ///
    /// # Errors
    /// The step failed.
    pub(crate) fn take(&self, authority: &Authority) -> Result<(), Failure> {
        match self {
            Self::Copy(to) => Ok(replace(to, super::pem_of(&authority.certificate).as_bytes())?),
            Self::Remove(path) => Ok(files::remove(path)?),
            Self::Run(words) => run(words),
        }
    }
}

/// Runs a program. Its output goes to stderr, because our stdout is for data.
fn run(words: &[String]) -> Result<(), Failure> {
    let (program, arguments) = words.split_first().map_or(("", words), |(p, a)| (p.as_str(), a));
    let output = child::command(program).args(arguments).output();
    let output =
        output.map_err(|error| Failure::failed(format!("{program} cannot be started: {error}")))?;
    let said = [output.stdout, output.stderr].concat();
    for line in String::from_utf8_lossy(&said).lines() {
        ui::note(&ui::printable(line));
    }
    match output.status.success() {
        true => Ok(()),
        false => Err(Failure::failed(format!("{program} failed: {}", output.status))),
    }
}
