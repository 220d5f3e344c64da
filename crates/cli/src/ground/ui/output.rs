//! Both streams: data on stdout, everything else on stderr.

use std::borrow::Cow;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::OnceLock;

use credentials::{Failure, is_control};
use serde::Serialize;

/// A line of data, for programs or for a shell.
pub(crate) fn data(line: &str) {
    is_written(writeln!(io::stdout(), "{line}"));
}

/// Whether the write succeeded, so that more can be written.
pub(super) fn is_written(outcome: io::Result<()>) -> bool {
    let Err(error) = outcome else { return true };
    // A closed stdout is no error: the reader has enough. A full disk is one.
    if error.kind() != ErrorKind::BrokenPipe {
        NOT_WRITTEN.set(error).ok();
    }
    false
}

/// Checks that all data was written to stdout.
///
/// # Errors
/// A write failed.
pub(crate) fn check_written() -> Result<(), Failure> {
    match NOT_WRITTEN.get() {
        Some(error) => Err(Failure::failed(format!("stdout cannot be written: {error}"))),
        None => Ok(()),
    }
}

/// The first error of writing data.
static NOT_WRITTEN: OnceLock<io::Error> = OnceLock::new();

/// Data as JSON, on one line. Every control character is escaped, so that a terminal obeys none. To programs this is the
/// same text.
pub(crate) fn json(value: &impl Serialize) {
    data(&escaped(&serde_json::to_string(value).unwrap_or_default()));
}

/// Escapes the control characters that JSON may contain in strings.
fn escaped(json: &str) -> Cow<'_, str> {
    if !json.contains(is_control) {
        return json.into();
    }
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match is_control(c) {
            true => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => text.push(c),
        }
    }
    text.into()
}

/// A line for the person.
pub(crate) fn note(line: &str) {
    // One write, because other programs may write to stderr too.
    io::stderr().write_all(format!("{line}\n").as_bytes()).ok();
}

/// Writes a control sequence to the terminal, for example to fill the clipboard.
pub(crate) fn raw(sequence: &str) {
    write!(io::stderr(), "{sequence}").ok();
}

/// Whether stderr is a terminal.
pub(crate) fn has_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Whether stdout is a terminal.
pub(crate) fn is_data_seen() -> bool {
    io::stdout().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_no_character_that_a_terminal_obeys_and_says_the_same() {
        let name = "a\u{1b}]52;c;x\u{7}\u{7f}\u{9b}2J\u{202e}b\u{2066}é\u{2028}\\\"";
        let json = serde_json::to_string(&[name]).unwrap();
        let escaped = escaped(&json);
        assert!(!escaped.contains(is_control), "{escaped:?}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&escaped).unwrap(), [name]);
    }
}
