//! What the reader finds in config.yaml in addition to the values: what cannot be read, and keys that have no effect.

use super::field_error::FieldError;

/// The findings of one file, in the order of reading.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// What cannot be read. Each costs only its key, account, role or instance.
    pub(super) problems: Vec<FieldError>,
    /// Keys that neither aws-sso-cli nor this program has.
    pub(super) unknown: Vec<String>,
    /// Keys of aws-sso-cli that have no effect here.
    pub(super) unused: Vec<String>,
}

impl Findings {
    /// The value that was read. Otherwise keeps the problem.
    pub(super) fn keep<T>(&mut self, read: Result<T, FieldError>) -> Option<T> {
        read.map_err(|error| self.problems.push(error)).ok()
    }

    /// Reads the value of a key, so that the problems in it name the key too.
    pub(super) fn within<T>(&mut self, key: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.problems.len();
        let value = read(self);
        self.problems.iter_mut().skip(before).for_each(|problem| problem.add_key(key));
        value
    }
}
