//! What is wrong with config.yaml. It names the line, the keys that lead there and what is allowed; never a value, which may
//! be a secret in the wrong field.

use std::fmt::Display;

/// How much of a key is shown.
const LONGEST_SHOWN: usize = 64;

/// What is wrong, and where. The text is a fragment that follows the name of what it is about: "must be ...".
#[derive(Debug)]
pub(super) struct Problem {
    line: usize,
    /// The innermost first.
    keys: Vec<String>,
    text: String,
}

impl Problem {
    pub(super) fn new(line: usize, text: impl Into<String>) -> Self {
        Self { line, keys: Vec::new(), text: text.into() }
    }

    pub(super) fn within(mut self, key: &str) -> Self {
        self.keys.push(shown(key));
        self
    }

    /// One line for a person.
    pub(super) fn in_file(&self, path: impl Display) -> String {
        let Self { line, keys, text } = self;
        if keys.is_empty() {
            return format!("{path} line {line} {text}");
        }
        let keys: Vec<_> = keys.iter().rev().map(String::as_str).collect();
        format!("{path} line {line}, {} {text}", keys.join("."))
    }
}

/// A key, fit for one line of a terminal.
pub(super) fn shown(key: &str) -> String {
    let mut shown: String = key.chars().take(LONGEST_SHOWN).collect();
    if shown.len() < key.len() {
        shown.push('…');
    }
    shown.escape_debug().to_string()
}
