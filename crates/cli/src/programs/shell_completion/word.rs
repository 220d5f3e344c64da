//! The words of an unfinished line: their text without quotes and escapes, and the part of the last word that the shell
//! replaces.

/// A word that is being typed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Word {
    /// The text so far.
    pub(crate) text: String,
    /// The number of bytes of `text` that the shell keeps.
    pub(crate) kept: usize,
    /// The quote that is still open.
    pub(crate) quote: Option<char>,
}

/// The rules of a shell for quotes and backslashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quotes {
    /// Backslashes mean nothing in single quotes.
    Posix,
    /// In single quotes, backslashes escape quotes and backslashes.
    Fish,
    /// Backslashes escape only in double quotes.
    Nushell,
}

impl Word {
    /// Reads a single word. The shell replaces all of it.
    pub(crate) fn read(text: &str, quotes: Quotes) -> Self {
        let mut reader = Reader { quotes, breaks: "", ..Reader::default() };
        text.chars().for_each(|c| reader.take(c));
        Self { kept: 0, ..reader.word }
    }

    /// Splits a line of bash into the words before the last one, and the last one.
    ///
    /// readline replaces only the text after the last character of `breaks` (`COMP_WORDBREAKS`), or after an open
    /// quote.
    pub(crate) fn split_line(line: &str, breaks: &str) -> (Vec<String>, Self) {
        let mut words = Vec::new();
        let mut reader = Reader { breaks, ..Reader::default() };
        for c in line.chars() {
            if c.is_ascii_whitespace() && reader.is_between_quotes() {
                if std::mem::take(&mut reader.has_begun) {
                    words.push(std::mem::take(&mut reader.word).text);
                }
                continue;
            }
            reader.take(c);
        }
        (words, reader.word)
    }
}

struct Reader<'a> {
    quotes: Quotes,
    breaks: &'a str,
    word: Word,
    has_begun: bool,
    is_escaped: bool,
    /// `kept` as it was before the quote that is open.
    kept_before_quote: usize,
}

impl Default for Reader<'_> {
    fn default() -> Self {
        Self {
            quotes: Quotes::Posix,
            breaks: "",
            word: Word::default(),
            has_begun: false,
            is_escaped: false,
            kept_before_quote: 0,
        }
    }
}

impl Reader<'_> {
    fn is_between_quotes(&self) -> bool {
        self.word.quote.is_none() && !self.is_escaped
    }

    fn take(&mut self, c: char) {
        self.has_begun = true;
        if std::mem::take(&mut self.is_escaped) {
            let is_escape = match self.word.quote {
                None => true,
                Some('"') => "\"\\$`".contains(c),
                Some(_) => "'\\".contains(c),
            };
            if !is_escape {
                self.word.text.push('\\');
            }
            return self.word.text.push(c);
        }
        match (c, self.word.quote) {
            ('\\', quote) if self.escapes_in(quote) => self.is_escaped = true,
            (c, Some(quote)) if c == quote => {
                self.word.quote = None;
                self.word.kept = self.kept_before_quote;
            }
            ('\'' | '"', None) => {
                self.word.quote = Some(c);
                self.kept_before_quote = self.word.kept;
                self.word.kept = self.word.text.len();
            }
            (c, quote) => {
                self.word.text.push(c);
                if quote.is_none() && self.breaks.contains(c) {
                    self.word.kept = self.word.text.len();
                }
            }
        }
    }

    fn escapes_in(&self, quote: Option<char>) -> bool {
        match (self.quotes, quote) {
            (Quotes::Posix, quote) => quote != Some('\''),
            (Quotes::Fish, _) => true,
            (Quotes::Nushell, quote) => quote == Some('"'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As bash has it.
    const BREAKS: &str = " \t\n\"'@><=;|&(:";

    #[test]
    fn a_line_of_bash_is_split_as_bash_and_readline_do() {
        for (line, before, text, kept, quote) in [
            ("aws-sso ", &["aws-sso"][..], "", 0, None),
            ("aws-sso  ec", &["aws-sso"], "ec", 0, None),
            ("aws-sso -p Team:A", &["aws-sso", "-p"], "Team:A", 5, None),
            ("aws-sso -p Team\\:A", &["aws-sso", "-p"], "Team:A", 0, None),
            ("aws-sso --profile=Team:A", &["aws-sso"], "--profile=Team:A", 15, None),
            ("aws-sso -p a\\ b:c", &["aws-sso", "-p"], "a b:c", 4, None),
            ("aws-sso -p 'a b:c", &["aws-sso", "-p"], "a b:c", 0, Some('\'')),
            ("aws-sso -p x:\"a \\$b", &["aws-sso", "-p"], "x:a $b", 2, Some('"')),
            ("aws-sso -p 'a b'c", &["aws-sso", "-p"], "a bc", 0, None),
            ("aws-sso -S 'a b' -p \"c:d\" x", &["aws-sso", "-S", "a b", "-p", "c:d"], "x", 0, None),
            ("aws-sso '' x", &["aws-sso", ""], "x", 0, None),
            ("aws-sso a\\", &["aws-sso"], "a", 0, None),
        ] {
            let (words, word) = Word::split_line(line, BREAKS);
            assert_eq!(words, before, "{line}");
            assert_eq!(word, Word { text: text.to_owned(), kept, quote }, "{line}");
        }
    }

    #[test]
    fn quotes_are_taken_off_as_each_shell_has_them() {
        for (quotes, typed, text) in [
            (Quotes::Fish, r"a\ b", "a b"),
            (Quotes::Fish, r"'it\'s a", "it's a"),
            (Quotes::Fish, r#""a $"#, "a $"),
            (Quotes::Nushell, r#""a \"b"#, "a \"b"),
            (Quotes::Nushell, r"'a\b", r"a\b"),
            (Quotes::Nushell, r"a\b", r"a\b"),
            (Quotes::Posix, r"'a\b", r"a\b"),
        ] {
            assert_eq!(Word::read(typed, quotes).text, text, "{typed}");
        }
    }
}
