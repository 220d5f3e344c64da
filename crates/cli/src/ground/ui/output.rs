//! Both streams: data on stdout, everything else on stderr.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::OnceLock;

use credentials::Failure;
use serde::Serialize;

/// A line of data, for programs or for a shell.
pub(crate) fn data(line: &str) {
    is_written(writeln!(io::stdout(), "{line}"));
}

/// Whether more may be written.
pub(super) fn is_written(outcome: io::Result<()>) -> bool {
    let Err(error) = outcome else { return true };
    // Who closed stdout doesn't want it. A full disk is another matter.
    if error.kind() != ErrorKind::BrokenPipe {
        NOT_WRITTEN.set(error).ok();
    }
    false
}

/// # Errors
/// Some data was not written.
pub(crate) fn check_written() -> Result<(), Failure> {
    match NOT_WRITTEN.get() {
        Some(error) => Err(Failure::failed(format!("stdout cannot be written: {error}"))),
        None => Ok(()),
    }
}

/// Why data was not written, the first time.
static NOT_WRITTEN: OnceLock<io::Error> = OnceLock::new();

/// Data as JSON, on one line.
pub(crate) fn json(value: &impl Serialize) {
    data(&serde_json::to_string(value).unwrap_or_default());
}

/// A line for the person.
pub(crate) fn note(line: &str) {
    // In one piece: others may write there too.
    io::stderr().write_all(format!("{line}\n").as_bytes()).ok();
}

/// Bytes for the terminal itself, such as what fills its clipboard.
pub(crate) fn raw(sequence: &str) {
    write!(io::stderr(), "{sequence}").ok();
}

/// Whether a person sees what is written to stderr.
pub(crate) fn has_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Whether a person sees what is written to stdout.
pub(crate) fn is_data_seen() -> bool {
    io::stdout().is_terminal()
}
