//! Regular expressions, in linear time. regex-lite is in the binary already for AWS's SDK; it knows Go's syntax but
//! for Unicode classes, which are errors.

use gtmpl_ng::{Func, FuncError, Value};
use regex_lite::Regex;

use super::{LONGEST_TEXT, texts, wrong};

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

/// `pattern text replacement`, with `$1` and `${name}` in the replacement.
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
        if replaced.len() > LONGEST_TEXT {
            return Err(wrong(format!("cannot make a text of more than {LONGEST_TEXT} bytes")));
        }
    }
    replaced.push_str(text.get(end..).unwrap_or(""));
    Ok(Value::from(replaced))
}

fn compiled(pattern: &str) -> Result<Regex, FuncError> {
    Regex::new(pattern).map_err(|_| wrong("needs a regular expression as its first argument"))
}
