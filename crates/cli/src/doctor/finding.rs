//! One finding: what was seen, why it matters, and what solves it.

use credentials::Failure;
use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// As it should be.
    Ok,
    /// It works, and might not tomorrow or for every program.
    Warning,
    /// It doesn't work.
    Problem,
}

/// One thing that was seen.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) level: Level,
    pub(crate) finding: String,
    /// Why it matters.
    pub(crate) why: Option<String>,
    /// What to type.
    pub(crate) mend: Option<String>,
}

impl Finding {
    pub(super) fn ok(finding: impl Into<String>) -> Self {
        Self { level: Level::Ok, finding: finding.into(), why: None, mend: None }
    }

    pub(super) fn warning(finding: impl Into<String>, why: impl Into<String>) -> Self {
        let (finding, why) = (finding.into(), Some(why.into()));
        Self { level: Level::Warning, finding, why, mend: None }
    }

    pub(super) fn problem(finding: impl Into<String>, why: impl Into<String>) -> Self {
        Self { level: Level::Problem, ..Self::warning(finding, why) }
    }

    /// What a command of ours would fail with, and what it advises.
    pub(super) fn of(error: Failure, why: &str) -> Self {
        Self { mend: error.hint, ..Self::problem(error.message, why) }
    }

    pub(super) fn mend(self, mend: impl Into<String>) -> Self {
        Self { mend: Some(mend.into()), ..self }
    }
}
