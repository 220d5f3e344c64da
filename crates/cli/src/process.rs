//! The process itself: what others may see of its memory, how many files it may open, who tells it to stop.

#[cfg(unix)]
#[path = "process/unix.rs"]
mod platform;
#[cfg(not(unix))]
#[path = "process/other.rs"]
mod platform;

pub(crate) use platform::{allow_many_connections, protect_memory, stop_signals};
