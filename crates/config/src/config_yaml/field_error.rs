//! An error in config.yaml: its line, the keys that lead to it, and what is allowed there. It never contains the value, which
//! may be a secret in the wrong field.

use std::fmt::Display;

/// Maximum number of characters of a key in a message.
const MAX_KEY_CHARS: usize = 64;

/// An error and its place. The text is a fragment that follows the key: "must be ...".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    line: usize,
    /// The keys that lead to it, the innermost first.
    keys: Vec<String>,
    text: String,
}

impl FieldError {
    pub(super) fn new(line: usize, text: impl Into<String>) -> Self {
        Self { line, keys: Vec::new(), text: text.into() }
    }

    pub(super) fn within(mut self, key: &str) -> Self {
        self.add_key(key);
        self
    }

    /// Adds a key that leads to the others.
    pub(super) fn add_key(&mut self, key: &str) {
        self.keys.push(shown(key));
    }

    /// The line in the file.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// The message for a person, on one line.
    pub fn in_file(&self, path: impl Display) -> String {
        let Self { line, keys, text } = self;
        if keys.is_empty() {
            return format!("{path} line {line} {text}");
        }
        let keys: Vec<_> = keys.iter().rev().map(String::as_str).collect();
        format!("{path} line {line}, {} {text}", keys.join("."))
    }
}

/// A key that is safe to print on one line of a terminal.
pub(super) fn shown(key: &str) -> String {
    let mut shown: String = key.chars().take(MAX_KEY_CHARS).collect();
    if shown.len() < key.len() {
        shown.push('…');
    }
    shown.escape_debug().to_string()
}
