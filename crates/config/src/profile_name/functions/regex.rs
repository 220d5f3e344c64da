//! Regular expressions, in linear time. AWS's SDK already brings regex-lite into the binary. It has Go's syntax, except for Unicode
//! classes, which are errors.

use gtmpl_ng::{Func, FuncError, Value};
use regex_lite::Regex;

use super::arguments::{MAX_TEXT_BYTES, error, texts};

pub(super) const FUNCTIONS: &[(&str, Func)] = &[
    ("regexMatch", |given| {
        let [pattern, text] = texts(given)?;
        Ok(Value::from(compiled(pattern)?.is_match(text)))
    }),
    ("regexFind", |given| {
        let [pattern, text] = texts(given)?;
        Ok(Value::from(compiled(pattern)?.find(text).map_or("", |found| found.as_str())))
    }),
    ("regexReplaceAll", replace_all),
    ("mustRegexReplaceAll", replace_all),
];

/// Replaces all matches. Arguments: pattern, text, replacement, which may contain `$1` and `${name}`.
fn replace_all(given: &[Value]) -> Result<Value, FuncError> {
    let [pattern, text, replacement] = texts(given)?;
    let pattern = compiled(pattern)?;
    let mut replaced = String::new();
    let mut end = 0;
    for found in pattern.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        replaced.push_str(text.get(end..whole.start()).unwrap_or(""));
        found.expand(replacement, &mut replaced);
        end = whole.end();
        if replaced.len() > MAX_TEXT_BYTES {
            return Err(error(format!("cannot make a text of more than {MAX_TEXT_BYTES} bytes")));
        }
    }
    replaced.push_str(text.get(end..).unwrap_or(""));
    Ok(Value::from(replaced))
}

fn compiled(pattern: &str) -> Result<Regex, FuncError> {
    Regex::new(pattern).map_err(|_| error("needs a regular expression as its first argument"))
}
