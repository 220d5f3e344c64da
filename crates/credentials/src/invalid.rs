//! Why a value from outside was not taken: what it must be, never what it was.

/// A value was refused. The text is a fragment that follows a field's name: "must be 12 digits".
///
/// It never quotes the value, because the value may be a secret that was put into the wrong field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be {0}")]
pub struct Invalid(pub &'static str);
