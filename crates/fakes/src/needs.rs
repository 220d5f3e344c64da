//! What a test needs of the machine. A test that can't run says so where nobody can miss it: past the test harness, which keeps
//! to itself what tests print.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// Whether the tests run as root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether a test can go on, because what it needs is there. If not, prints one line: `SKIPPED: TEST: it needs …`.
pub fn needs(is_there: bool, what: &str) -> bool {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    if !is_there {
        let thread = std::thread::current();
        let line = format!("SKIPPED: {}: it needs {what}\n", thread.name().unwrap_or("a test"));
        if SAID.lock().unwrap().insert(line.clone()) {
            std::io::stderr().write_all(line.as_bytes()).unwrap();
        }
    }
    is_there
}

/// Whether the tests run as root, and so can be two users or have two networks.
#[must_use]
pub fn needs_root() -> bool {
    needs(is_root(), "root, to be two users or to have two networks")
}

/// Whether a program is installed. `./test` installs them all, so where it can (as root, or with CI=true) a missing one is a
/// failure.
#[must_use]
pub fn needs_program(name: &str) -> bool {
    let mut look = Command::new("sh");
    look.args(["-c", "command -v \"$0\"", name]).stdout(Stdio::null());
    let is_there = look.status().unwrap().success();
    assert!(is_there || !must_be_whole(), "this test needs {name}, which ./test installs");
    needs(is_there, name)
}

#[expect(clippy::disallowed_methods, reason = "no code of ours reads this variable")]
fn must_be_whole() -> bool {
    is_root() || std::env::var_os("CI").is_some_and(|value| value == "true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_missing_fails_the_tests_of_root() {
        assert!(needs_program("sh"));
        let missing = std::panic::catch_unwind(|| needs_program("no-such-program"));
        assert_eq!(missing.is_err(), must_be_whole());
    }
}
