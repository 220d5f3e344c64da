//! Functions for texts.

use gtmpl_ng::{Func, FuncError, Value, funcs::printf};

use super::arguments::{MAX_TEXT_BYTES, error, exactly, is_missing, shown, text, texts, whole};
use super::case;

type Outcome = Result<Value, FuncError>;

pub(super) const FUNCTIONS: &[(&str, Func)] = &[
    ("lower", |given| map(given, case::lower)),
    ("upper", |given| map(given, case::upper)),
    ("title", |given| map(given, case::title)),
    ("untitle", |given| map(given, case::untitle)),
    ("snakecase", |given| map(given, |text| case::separated(text, '_'))),
    ("kebabcase", |given| map(given, |text| case::separated(text, '-'))),
    ("camelcase", |given| map(given, case::camel)),
    ("initials", |given| map(given, initials)),
    ("nospace", |given| map(given, |text| text.split_whitespace().collect())),
    ("trim", |given| map(given, |text| text.trim().to_owned())),
    ("trimAll", trim_all),
    ("trimall", trim_all),
    ("trimPrefix", |given| {
        let [prefix, text] = texts(given)?;
        Ok(Value::from(text.strip_prefix(prefix).unwrap_or(text)))
    }),
    ("trimSuffix", |given| {
        let [suffix, text] = texts(given)?;
        Ok(Value::from(text.strip_suffix(suffix).unwrap_or(text)))
    }),
    ("replace", replace),
    ("substr", substr),
    ("trunc", trunc),
    ("abbrev", abbrev),
    ("repeat", repeat),
    ("contains", |given| test(given, |part, text| text.contains(part))),
    ("hasPrefix", |given| test(given, |part, text| text.starts_with(part))),
    ("hasSuffix", |given| test(given, |part, text| text.ends_with(part))),
    ("toString", |given| {
        let [value] = exactly(given)?;
        Ok(Value::from(shown(value)))
    }),
    ("quote", |given| {
        let quoted =
            present(given).map(|value| printf(&[Value::from("%q"), Value::from(shown(value))]));
        let quoted: Vec<_> =
            quoted.map(|quoted| Ok(quoted?.to_string())).collect::<Result<_, FuncError>>()?;
        Ok(Value::from(quoted.join(" ")))
    }),
    ("squote", |given| {
        let quoted: Vec<_> = present(given).map(|value| format!("'{value}'")).collect();
        Ok(Value::from(quoted.join(" ")))
    }),
    ("cat", |given| {
        let parts: Vec<_> = present(given).map(Value::to_string).collect();
        Ok(Value::from(parts.join(" ")))
    }),
];

fn present(given: &[Value]) -> impl Iterator<Item = &Value> {
    given.iter().filter(|value| !is_missing(value))
}

fn map(given: &[Value], change: impl Fn(&str) -> String) -> Outcome {
    let [text] = texts(given)?;
    Ok(Value::from(change(text)))
}

fn test(given: &[Value], test: impl Fn(&str, &str) -> bool) -> Outcome {
    let [part, text] = texts(given)?;
    Ok(Value::from(test(part, text)))
}

fn initials(text: &str) -> String {
    text.split_whitespace().filter_map(|word| word.chars().next()).collect()
}

fn trim_all(given: &[Value]) -> Outcome {
    let [characters, text] = texts(given)?;
    Ok(Value::from(text.trim_matches(|c| characters.contains(c))))
}

/// Replaces a part of a text. Arguments: old, new, text. Also `StringReplace` of aws-sso-cli.
pub(super) fn replace(given: &[Value]) -> Outcome {
    let [old, new, text] = texts(given)?;
    // An empty text matches before, between and after the characters.
    let found = text.matches(old).count();
    check_length(found.saturating_mul(new.len()).saturating_add(text.len()))?;
    Ok(Value::from(text.replace(old, new)))
}

fn repeat(given: &[Value]) -> Outcome {
    let [count, part] = exactly(given)?;
    let part = text(part)?;
    let count = usize::try_from(whole(count)?)
        .map_err(|_| error("cannot repeat a text a negative number of times"))?;
    check_length(count.saturating_mul(part.len()))?;
    Ok(Value::from(part.repeat(count)))
}

/// Refuses a text that is too long, before it is made.
fn check_length(length: usize) -> Result<(), FuncError> {
    if length > MAX_TEXT_BYTES {
        return Err(error(format!("cannot make a text of more than {MAX_TEXT_BYTES} bytes")));
    }
    Ok(())
}

/// A part of a text. Arguments: start, end, text. A negative start is 0. A negative or too large end is the end of the text.
fn substr(given: &[Value]) -> Outcome {
    let [start, end, value] = exactly(given)?;
    let text = text(value)?;
    let (start, end) = (whole(start)?, whole(end)?);
    let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let (start, end) = match start {
        ..0 => (0, end),
        _ if end < 0 || end > length => (start, length),
        _ => (start, end),
    };
    if end < start || end > length {
        return Err(error("needs a start and an end that are inside the text"));
    }
    Ok(Value::from(cut(text, start, end)))
}

/// The first bytes of a text. A negative count gives the last bytes. Arguments: count, text.
fn trunc(given: &[Value]) -> Outcome {
    let [count, value] = exactly(given)?;
    let (count, text) = (whole(count)?, text(value)?);
    let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
    Ok(Value::from(match count {
        ..0 => cut(text, count.saturating_add(length).max(0), length),
        _ => cut(text, 0, count.min(length)),
    }))
}

fn abbrev(given: &[Value]) -> Outcome {
    let [width, value] = exactly(given)?;
    let (width, text) = (whole(width)?, text(value)?);
    let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
    if width < 4 || length <= width {
        return Ok(Value::from(text));
    }
    Ok(Value::from(format!("{}...", cut(text, 0, width - 3))))
}

/// The bytes from `start` to `end`, without characters that would be cut.
fn cut(text: &str, start: i64, end: i64) -> &str {
    let start = text.ceil_char_boundary(usize::try_from(start).unwrap_or(0));
    let end = text.floor_char_boundary(usize::try_from(end).unwrap_or(0));
    text.get(start..end).unwrap_or("")
}
