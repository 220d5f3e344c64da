//! Arithmetic with whole numbers. Arguments of other types are converted, and are 0 if they cannot be, as in sprig.

use gtmpl_ng::{Func, FuncError, NumberKind, Value};

use super::arguments::{error, exactly, texts};

type Outcome = Result<Value, FuncError>;

pub(super) const FUNCTIONS: &[(&str, Func)] = &[
    ("int", |given| one(given, |number| number)),
    ("int64", |given| one(given, |number| number)),
    ("atoi", |given| {
        let [text] = texts(given)?;
        Ok(Value::from(text.parse::<i64>().unwrap_or(0)))
    }),
    ("add1", |given| one(given, |number| number.wrapping_add(1))),
    ("add", |given| Ok(Value::from(given.iter().map(number).fold(0, i64::wrapping_add)))),
    ("mul", |given| all(given, i64::wrapping_mul)),
    ("max", |given| all(given, i64::max)),
    ("min", |given| all(given, i64::min)),
    ("sub", |given| two(given, |a, b| Some(a.wrapping_sub(b)))),
    ("div", |given| two(given, i64::checked_div)),
    ("mod", |given| two(given, i64::checked_rem)),
];

fn one(given: &[Value], change: impl Fn(i64) -> i64) -> Outcome {
    let [value] = exactly(given)?;
    Ok(Value::from(change(number(value))))
}

fn two(given: &[Value], join: impl Fn(i64, i64) -> Option<i64>) -> Outcome {
    let [a, b] = exactly(given)?;
    join(number(a), number(b)).map(Value::from).ok_or_else(|| error("cannot divide by 0"))
}

fn all(given: &[Value], join: impl Fn(i64, i64) -> i64) -> Outcome {
    let joined = given.iter().map(number).reduce(join);
    joined.map(Value::from).ok_or_else(|| error("needs an argument"))
}

fn number(value: &Value) -> i64 {
    match value {
        Value::Number(number) => match number.kind() {
            NumberKind::Signed(number) => number,
            NumberKind::Unsigned(number) => number.cast_signed(),
            #[expect(clippy::cast_possible_truncation, reason = "Go truncates too")]
            NumberKind::Float(number) => number as i64,
        },
        Value::Bool(value) => i64::from(*value),
        Value::String(text) => go_number(text).unwrap_or(0),
        Value::NoValue | Value::Nil | Value::Function(_) => 0,
        Value::Object(_) | Value::Map(_) | Value::Array(_) => 0,
    }
}

/// Parses a number as in Go's source code: `0x10`, `0b10`, `0o10`, and `010` is octal.
fn go_number(text: &str) -> Option<i64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (radix, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, unsigned.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, unsigned.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, unsigned.get(2..)?),
        [b'0', _, ..] => (8, unsigned),
        _ => (10, unsigned),
    };
    let sign = if text.starts_with('-') { "-" } else { "" };
    let is_number = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_number.then(|| i64::from_str_radix(&format!("{sign}{digits}"), radix).ok())?
}
