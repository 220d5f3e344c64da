//! The exit code of a failure.

use credentials::Problem;

/// The exit code for a problem (docs/reference/cli.md, "Exit codes").
pub(crate) fn exit_code(problem: Problem) -> u8 {
    match problem {
        Problem::Denied | Problem::Invalid | Problem::Throttled | Problem::Unavailable => 1,
        // Mostly from clap.
        Problem::Usage => 2,
        Problem::SignInNeeded => 3,
        Problem::Unreachable => 4,
        // The same code as a shell's.
        Problem::CommandNotExecutable => 126,
        Problem::CommandNotFound => 127,
        Problem::Interrupted => 130,
    }
}
