//! Functions for lists and maps, and functions that choose between values.

use gtmpl_ng::{Func, FuncError, Value, funcs};

use super::arguments::{error, exactly, is_empty, is_missing, shown, text, texts};

type Outcome = Result<Value, FuncError>;

pub(super) const FUNCTIONS: &[(&str, Func)] = &[
    ("list", |given| Ok(Value::Array(given.to_vec()))),
    ("first", |given| Ok(one(given)?.first().cloned().unwrap_or(Value::NoValue))),
    ("last", |given| Ok(one(given)?.last().cloned().unwrap_or(Value::NoValue))),
    ("rest", |given| Ok(Value::Array(one(given)?.get(1..).unwrap_or(&[]).to_vec()))),
    ("initial", |given| {
        let items = one(given)?;
        Ok(Value::Array(items.split_last().map_or(&[][..], |(_, rest)| rest).to_vec()))
    }),
    ("reverse", |given| Ok(Value::Array(one(given)?.iter().rev().cloned().collect()))),
    ("has", |given| {
        let [needle, list] = exactly(given)?;
        Ok(Value::from(!is_missing(list) && items(list)?.contains(needle)))
    }),
    ("join", join),
    ("split", |given| {
        let parts = split(given)?.into_iter().enumerate();
        Ok(Value::Map(parts.map(|(at, part)| (format!("_{at}"), Value::from(part))).collect()))
    }),
    ("splitList", |given| Ok(Value::Array(split(given)?.into_iter().map(Value::from).collect()))),
    ("index", index),
    ("empty", |given| {
        let [value] = exactly(given)?;
        Ok(Value::from(is_empty(value)))
    }),
    ("default", |given| match given {
        [otherwise] => Ok(otherwise.clone()),
        [otherwise, value, ..] => Ok(if is_empty(value) { otherwise } else { value }.clone()),
        [] => Err(error("needs an argument")),
    }),
    ("coalesce", |given| {
        Ok(given.iter().find(|value| !is_empty(value)).cloned().unwrap_or(Value::NoValue))
    }),
    ("ternary", |given| match exactly(given)? {
        [if_true, if_false, Value::Bool(which)] => {
            Ok(if *which { if_true } else { if_false }.clone())
        }
        _ => Err(error("needs true or false as its last argument")),
    }),
];

fn one(given: &[Value]) -> Result<&[Value], FuncError> {
    let [list] = exactly(given)?;
    items(list)
}

fn items(value: &Value) -> Result<&[Value], FuncError> {
    if let Value::Array(items) = value {
        return Ok(items);
    }
    Err(error("needs a list as an argument"))
}

/// Joins a list. Arguments: separator, list. A single value is a list of one item, a missing value an empty list.
fn join(given: &[Value]) -> Outcome {
    let [separator, list] = exactly(given)?;
    let items = if let Value::Array(items) = list { items } else { std::slice::from_ref(list) };
    let parts: Vec<_> = items.iter().filter(|item| !is_missing(item)).map(shown).collect();
    Ok(Value::from(parts.join(text(separator)?)))
}

/// Splits a text. Arguments: separator, text. An empty separator splits it into characters.
fn split(given: &[Value]) -> Result<Vec<String>, FuncError> {
    let [separator, text] = texts(given)?;
    Ok(match separator {
        "" => text.chars().map(String::from).collect(),
        _ => text.split(separator).map(str::to_owned).collect(),
    })
}

/// The item of a list or map, as in Go. A map gives an empty text for a missing key.
fn index(given: &[Value]) -> Outcome {
    let found = funcs::index(given)?;
    Ok(if matches!(found, Value::NoValue) { Value::from("") } else { found })
}
