//! What templates can call: the reference's own functions, and those of sprig that make sense for a name.
//! Arguments are in sprig's order. Where Go fails, these fail, and they give what Go gives, but that a tag that is not
//! there is an empty text, that no character is cut into bytes, and that a bad regular expression is an error.

mod case;
mod list;
mod number;
mod regex;
mod text;

use gtmpl_ng::{Func, FuncError, Template, Value};

/// The longest text that a function gives, in bytes.
pub(super) const LONGEST_TEXT: usize = 16 << 10;

pub(super) fn add_to(template: &mut Template) {
    for functions in [OWN, text::FUNCTIONS, list::FUNCTIONS, number::FUNCTIONS, regex::FUNCTIONS] {
        template.add_funcs(functions);
    }
}

/// The reference's own.
const OWN: &[(&str, Func)] = &[
    ("AccountIdStr", |given| {
        let [id] = exactly(given)?;
        Ok(Value::from(format!("{:0>12}", whole(id)?)))
    }),
    ("EmptyString", |given| {
        let [text] = texts(given)?;
        Ok(Value::from(text.is_empty()))
    }),
    ("FirstItem", |given| {
        for value in given {
            let text = text(value)?;
            if !text.is_empty() {
                return Ok(Value::from(text));
            }
        }
        Ok(Value::from(""))
    }),
    ("StringsJoin", |given| {
        let (separator, items) = given.split_first().ok_or_else(|| wrong("needs an argument"))?;
        let items: Vec<_> = items.iter().map(text).collect::<Result<_, _>>()?;
        let items: Vec<_> = items.into_iter().filter(|item| !item.is_empty()).collect();
        Ok(Value::from(items.join(text(separator)?)))
    }),
    ("StringReplace", text::replace),
];

fn wrong(message: impl Into<String>) -> FuncError {
    FuncError::Generic(message.into())
}

/// The arguments, if there are so many.
fn exactly<const N: usize>(given: &[Value]) -> Result<&[Value; N], FuncError> {
    given
        .try_into()
        .map_err(|_| wrong(format!("needs {N} arguments and was given {}", given.len())))
}

/// As many arguments that are texts.
fn texts<const N: usize>(given: &[Value]) -> Result<[&str; N], FuncError> {
    let mut texts = [""; N];
    for (slot, value) in texts.iter_mut().zip(exactly::<N>(given)?) {
        *slot = text(value)?;
    }
    Ok(texts)
}

/// A text. What is not there is an empty one, where Go would fail: not every account has every tag.
fn text(value: &Value) -> Result<&str, FuncError> {
    match value {
        Value::String(text) => Ok(text),
        Value::NoValue | Value::Nil => Ok(""),
        _ => Err(wrong("needs a text where it was given something else")),
    }
}

/// A whole number.
fn whole(value: &Value) -> Result<i64, FuncError> {
    match value {
        Value::Number(number) => number.as_i64(),
        _ => None,
    }
    .ok_or_else(|| wrong("needs a whole number where it was given something else"))
}

/// Whether a value is the zero of its kind.
fn is_empty(value: &Value) -> bool {
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

fn is_nothing(value: &Value) -> bool {
    matches!(value, Value::NoValue | Value::Nil)
}

/// Any value as text, as sprig shows it.
fn shown(value: &Value) -> String {
    if is_nothing(value) { "<nil>".to_owned() } else { value.to_string() }
}
