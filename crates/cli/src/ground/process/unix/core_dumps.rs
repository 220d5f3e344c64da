//! Core dumps hold no secret of ours, and programs that we start may have theirs.

use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What core dumps may have where we were started.
static USUAL_CORE: OnceLock<Rlimit> = OnceLock::new();

/// Keeps secrets out of core dumps, and on Linux out of reach of the user's other processes (ptrace(2),
/// `/proc/PID/mem`). What fails here leaves us as open as any other program, which is no reason to stop.
pub(crate) fn protect_memory() {
    let usual = USUAL_CORE.get_or_init(|| getrlimit(Resource::Core));
    // A hard limit that is lowered stays so, for the programs that we start too.
    setrlimit(Resource::Core, Rlimit { current: Some(0), ..*usual }).ok();
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        set_dumpable_behavior(DumpableBehavior::NotDumpable).ok();
    }
}

/// Starts a program with the limit of core dumps that we were started with ourselves. (On Linux nothing of ours is dumped
/// meanwhile either: the flag sees to that.)
pub(super) fn with_usual_limits<T>(start: impl FnOnce() -> T) -> T {
    let Some(usual) = USUAL_CORE.get() else { return start() };
    setrlimit(Resource::Core, *usual).ok();
    let outcome = start();
    setrlimit(Resource::Core, Rlimit { current: Some(0), ..*usual }).ok();
    outcome
}
