//! The arguments of functions, checked and converted.

use gtmpl_ng::{FuncError, Value};

/// Maximum size of the text that a function gives.
pub(in super::super) const MAX_TEXT_BYTES: usize = 16 << 10;

/// An error: a fragment that follows the call in the template.
pub(super) fn error(message: impl Into<String>) -> FuncError {
    FuncError::Generic(message.into())
}

/// Exactly `N` arguments.
pub(super) fn exactly<const N: usize>(given: &[Value]) -> Result<&[Value; N], FuncError> {
    given
        .try_into()
        .map_err(|_| error(format!("needs {N} arguments and was given {}", given.len())))
}

/// Exactly `N` arguments, all of them texts.
pub(super) fn texts<const N: usize>(given: &[Value]) -> Result<[&str; N], FuncError> {
    let mut texts = [""; N];
    for (slot, value) in texts.iter_mut().zip(exactly::<N>(given)?) {
        *slot = text(value)?;
    }
    Ok(texts)
}

/// A text. A missing value is an empty text, where Go would fail: not every account has every tag.
pub(super) fn text(value: &Value) -> Result<&str, FuncError> {
    if let Value::String(text) = value {
        return Ok(text);
    }
    is_missing(value).then_some("").ok_or_else(|| error("needs a text as an argument"))
}

/// A whole number.
pub(super) fn whole(value: &Value) -> Result<i64, FuncError> {
    let number = if let Value::Number(number) = value { number.as_i64() } else { None };
    number.ok_or_else(|| error("needs a whole number as an argument"))
}

/// Whether a value is the empty value of its type.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::NoValue | Value::Nil => true,
        Value::Bool(value) => !value,
        Value::String(text) => text.is_empty(),
        Value::Object(map) | Value::Map(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Number(number) => number.as_i64() == Some(0) || number.as_f64() == Some(0.0),
        Value::Function(_) => false,
    }
}

/// Whether a value is missing.
pub(super) fn is_missing(value: &Value) -> bool {
    matches!(value, Value::NoValue | Value::Nil)
}

/// Any value as text, as in sprig.
pub(super) fn shown(value: &Value) -> String {
    if is_missing(value) { "<nil>".to_owned() } else { value.to_string() }
}
