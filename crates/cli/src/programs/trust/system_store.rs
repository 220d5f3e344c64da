//! The system's store of certificates: how ours gets in, and out again. What is to be done is planned as steps, which root
//! has done, and anybody else is shown.

#[cfg_attr(target_os = "linux", path = "system_store/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "system_store/other.rs")]
mod platform;

pub(crate) use platform::{SystemStore, WHY_NOT, may_change_system};

use std::path::PathBuf;
use std::process::Command;

use super::{Authority, replace};
use crate::ground::ui;
use credentials::{Failure, shell_word};

/// One thing to do.
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "other systems have a command"))]
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Put our certificate there.
    Copy(PathBuf),
    Remove(PathBuf),
    /// A program with its arguments.
    Run(Vec<String>),
}

impl Step {
    /// What does it in a person's shell.
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

    /// Does it.
    ///
    /// # Errors
    /// Says what could not be done, and why.
    pub(crate) fn take(&self, authority: &Authority) -> Result<(), Failure> {
        match self {
            Self::Copy(to) => Ok(replace(to, super::pem_of(&authority.certificate).as_bytes())?),
            Self::Remove(path) => Ok(files::remove(path)?),
            Self::Run(words) => run(words),
        }
    }
}

/// What the program says goes to the person: stdout is for data.
fn run(words: &[String]) -> Result<(), Failure> {
    let (program, arguments) = words.split_first().map_or(("", words), |(p, a)| (p.as_str(), a));
    let output = Command::new(program).args(arguments).output();
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
