//! Words of a command that a person is to type: hints are made where failures are, in every crate.

use std::borrow::Cow;

/// The word as a POSIX shell takes it, whatever is in it: in quotes if it needs them. (NUL, which no argument can hold, is
/// left out.)
pub fn shell_word(word: &str) -> Cow<'_, str> {
    match shlex::try_quote(word) {
        Ok(quoted) => quoted,
        Err(_) => shell_word(&word.replace('\0', "")).into_owned().into(),
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
            ("it's", "\"it's\""),
            ("a\0b", "ab"),
        ] {
            assert_eq!(shell_word(word), typed);
        }
    }
}
