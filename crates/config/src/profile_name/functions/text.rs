//! Functions on texts.

use gtmpl_ng::{Func, FuncError, Value, funcs::printf};

use super::{LONGEST_TEXT, case, exactly, is_nothing, shown, text, texts, whole, wrong};

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
    given.iter().filter(|value| !is_nothing(value))
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

/// `old new text`: the reference's `StringReplace` too.
pub(super) fn replace(given: &[Value]) -> Outcome {
    let [old, new, text] = texts(given)?;
    // An empty text is found before, between and after the characters.
    let found = text.matches(old).count();
    bounded(found.saturating_mul(new.len()).saturating_add(text.len()))?;
    Ok(Value::from(text.replace(old, new)))
}

fn repeat(given: &[Value]) -> Outcome {
    let [count, part] = exactly(given)?;
    let part = text(part)?;
    let count =
        usize::try_from(whole(count)?).map_err(|_| wrong("cannot repeat less than 0 times"))?;
    bounded(count.saturating_mul(part.len()))?;
    Ok(Value::from(part.repeat(count)))
}

/// Refuses before the memory is taken.
fn bounded(length: usize) -> Result<(), FuncError> {
    if length > LONGEST_TEXT {
        return Err(wrong(format!("cannot make a text of more than {LONGEST_TEXT} bytes")));
    }
    Ok(())
}

/// `start end text`; a start below 0 is the text's start, an end below 0 or past it the text's end.
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
        return Err(wrong("was given a part that the text does not have"));
    }
    Ok(Value::from(cut(text, start, end)))
}

/// The first bytes, or with a count below 0 the last ones.
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

/// The bytes from `start` to `end`, without characters that are only there in part.
fn cut(text: &str, start: i64, end: i64) -> &str {
    let start = text.ceil_char_boundary(usize::try_from(start).unwrap_or(0));
    let end = text.floor_char_boundary(usize::try_from(end).unwrap_or(0));
    text.get(start..end).unwrap_or("")
}
