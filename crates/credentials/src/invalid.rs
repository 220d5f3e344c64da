//! The error for an invalid value: the rule that it breaks, never the value.

/// A value is invalid. The text is a fragment that follows the name of a field: "must be 12 digits".
///
/// It never contains the value, which may be a secret in the wrong field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be {0}")]
pub struct Invalid(pub &'static str);
