//! Core dumps: off for this process, unchanged for the programs that it starts.

use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limit of core dumps at our start.
static USUAL_CORE: OnceLock<Rlimit> = OnceLock::new();

/// Keeps secrets out of core dumps, and on Linux out of reach of the user's other processes (ptrace(2),
/// `/proc/PID/mem`). Failures are ignored: the process is then as protected as
/// any other program.
pub(crate) fn protect_memory() {
    let usual = USUAL_CORE.get_or_init(|| getrlimit(Resource::Core));
    // A lowered hard limit could not be raised again, for child programs either.
    setrlimit(Resource::Core, Rlimit { current: Some(0), ..*usual }).ok();
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        set_dumpable_behavior(DumpableBehavior::NotDumpable).ok();
    }
}

/// Starts a program with our original limit of core dumps. (On Linux, the dumpable flag protects this process
/// meanwhile.)
pub(super) fn with_usual_limits<T>(start: impl FnOnce() -> T) -> T {
    let Some(usual) = USUAL_CORE.get() else { return start() };
    setrlimit(Resource::Core, *usual).ok();
    let outcome = start();
    setrlimit(Resource::Core, Rlimit { current: Some(0), ..*usual }).ok();
    outcome
}
