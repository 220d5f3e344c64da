//! A finding: what was seen, why it matters, and what solves it.

use credentials::Failure;
use serde::Serialize;

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// As it should be.
    Ok,
    /// It works, but perhaps not for every program or not for long.
    Warning,
    /// It does not work.
    Problem,
}

/// One thing that was seen.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) level: Level,
    pub(crate) finding: String,
    /// Why it matters.
    pub(crate) why: Option<String>,
    /// The command that solves it.
    pub(crate) solution: Option<String>,
}

impl Finding {
    pub(super) fn ok(finding: impl Into<String>) -> Self {
        Self { level: Level::Ok, finding: finding.into(), why: None, solution: None }
    }

    pub(super) fn warning(finding: impl Into<String>, why: impl Into<String>) -> Self {
        let (finding, why) = (finding.into(), Some(why.into()));
        Self { level: Level::Warning, finding, why, solution: None }
    }

    pub(super) fn problem(finding: impl Into<String>, why: impl Into<String>) -> Self {
        Self { level: Level::Problem, ..Self::warning(finding, why) }
    }

    /// The finding for a failure, with its hint as the solution.
    pub(super) fn of(error: Failure, why: &str) -> Self {
        Self { solution: error.hint, ..Self::problem(error.message, why) }
    }

    pub(super) fn with_solution(self, solution: impl Into<String>) -> Self {
        Self { solution: Some(solution.into()), ..self }
    }
}
