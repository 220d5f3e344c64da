//! Case of letters and words, as in Go. Each character is converted alone, so that `ß` does not change.

pub(super) fn upper(text: &str) -> String {
    text.chars().map(upper_char).collect()
}

pub(super) fn lower(text: &str) -> String {
    text.chars().map(lower_char).collect()
}

/// Go maps one character to one character.
fn upper_char(c: char) -> char {
    let mut mapped = c.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(upper), None) => upper,
        _ => c,
    }
}

fn lower_char(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// The text with the first letter of each word in upper case. Words are letters, digits and `_`.
pub(super) fn title(text: &str) -> String {
    let in_word = |c: char| match c.is_ascii() {
        true => c.is_ascii_alphanumeric() || c == '_',
        false => c.is_alphanumeric() || !c.is_whitespace(),
    };
    first_of_words(text, |c| !in_word(c), upper_char)
}

/// The text with the first letter of each word in lower case. Words end at white space.
pub(super) fn untitle(text: &str) -> String {
    first_of_words(text, char::is_whitespace, lower_char)
}

fn first_of_words(
    text: &str,
    is_between: impl Fn(char) -> bool,
    change: impl Fn(char) -> char,
) -> String {
    let mut is_first = true;
    let changed = text.chars().map(|c| {
        let was_first = std::mem::replace(&mut is_first, is_between(c));
        if was_first { change(c) } else { c }
    });
    changed.collect()
}

fn is_connector(c: char) -> bool {
    c == '-' || c == '_' || c.is_whitespace()
}

/// `some_words` as `SomeWords`. Connectors at the start stay. Of several connectors in a row, one is removed.
pub(super) fn camel(text: &str) -> String {
    let words = text.trim_start_matches(is_connector);
    let start = text.len() - words.len();
    let mut camel = text.get(..start).unwrap_or("").to_owned();
    let mut starts_word = true;
    let mut characters = words.chars().peekable();
    while let Some(c) = characters.next() {
        if !is_connector(c) {
            camel.push(if starts_word { upper_char(c) } else { lower_char(c) });
            starts_word = false;
            continue;
        }
        starts_word = true;
        // The last connector before a word is removed. A connector at the end of the text stays.
        if characters.peek().is_none_or(|next| is_connector(*next)) {
            camel.push(c);
        }
    }
    camel
}

/// `HTTPServer` as `http_server`: the words in lower case, with `connector` between them.
pub(super) fn separated(text: &str, connector: char) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut separated = String::with_capacity(text.len() + 8);
    let mut before = None;
    // Digits and the lower-case letters after them are one word: `20x` in `HTTP20xOK`.
    let mut in_number = false;
    for (at, &c) in characters.iter().enumerate() {
        let after = characters.get(at + 1..).unwrap_or(&[]);
        let last: Option<char> = before.replace(c).filter(|last| is_word(*last));
        let starts_number = c.is_numeric()
            && !in_number
            && match last {
                None => true,
                Some(last) => !last.is_numeric() && small_after_digits(after),
            };
        let starts_word = c.is_uppercase()
            && last.is_some_and(|last| {
                !last.is_uppercase() || after.first().is_some_and(|c| is_small(*c))
            });
        in_number = starts_number || in_number && !c.is_uppercase() && is_word(c);
        if starts_word || starts_number && last.is_some() {
            separated.push(connector);
        }
        separated.push(if is_connector(c) { connector } else { lower_char(c) });
    }
    separated
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric()
}

fn is_small(c: char) -> bool {
    c.is_alphabetic() && !c.is_uppercase()
}

fn small_after_digits(after: &[char]) -> bool {
    after.iter().find(|c| !c.is_numeric()).is_some_and(|c| is_small(*c))
}
