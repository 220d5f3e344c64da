//! Words of a command that a person is to type.

use std::borrow::Cow;

/// The word as a POSIX shell takes it, whatever is in it: in quotes, if it needs them.
pub(crate) fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._/=+:@%".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.into(),
        false => format!("'{}'", word.replace('\'', r"'\''")).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_odd_words_are_quoted() {
        for (word, typed) in [
            ("/home/you/a-b_c.pem", "/home/you/a-b_c.pem"),
            ("prod:Admin", "prod:Admin"),
            ("", "''"),
            ("~", "'~'"),
            ("a b", "'a b'"),
            ("$(id)", "'$(id)'"),
            ("it's", r"'it'\''s'"),
        ] {
            assert_eq!(quoted(word), typed);
        }
    }
}
