//! The query that a person types: one line, edited as in a shell. It knows no keys and no screen.

use credentials::is_control;

/// The line, and the place in it where the next character goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query {
    characters: Vec<char>,
    cursor: usize,
}

/// A way for the cursor to go through the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Motion {
    Left,
    Right,
    WordLeft,
    WordRight,
    ToStart,
    ToEnd,
}

impl Query {
    pub(crate) fn is_empty(&self) -> bool {
        self.characters.is_empty()
    }

    pub(crate) fn text(&self) -> String {
        self.characters.iter().collect()
    }

    /// The text before the cursor, and the text after it.
    pub(crate) fn halves(&self) -> (String, String) {
        let (before, after) = self.characters.split_at(self.cursor.min(self.characters.len()));
        (before.iter().collect(), after.iter().collect())
    }

    /// Inserts a text: on one line, without control characters, and as much of it as fits.
    pub(crate) fn insert(&mut self, text: &str) {
        let room = MAX_CHARACTERS.saturating_sub(self.characters.len());
        let as_typed = |c: char| if c.is_whitespace() { ' ' } else { c };
        let fit = text.chars().map(as_typed).filter(|c| !is_control(*c)).take(room);
        let before = self.characters.len();
        self.characters.splice(self.cursor..self.cursor, fit);
        self.cursor += self.characters.len() - before;
    }

    pub(crate) fn go(&mut self, motion: Motion) {
        self.cursor = self.target(motion);
    }

    /// Deletes what the motion passes.
    pub(crate) fn delete(&mut self, motion: Motion) {
        let target = self.target(motion);
        let (from, to) = (self.cursor.min(target), self.cursor.max(target));
        self.characters.drain(from..to);
        self.cursor = from;
    }

    fn target(&self, motion: Motion) -> usize {
        let end = self.characters.len();
        let (before, after) = self.characters.split_at(self.cursor.min(end));
        match motion {
            Motion::Left => self.cursor.saturating_sub(1),
            Motion::Right => (self.cursor + 1).min(end),
            Motion::WordLeft => self.cursor - length_with_word(before.iter().rev()),
            Motion::WordRight => self.cursor + length_with_word(after.iter()),
            Motion::ToStart => 0,
            Motion::ToEnd => end,
        }
    }
}

/// The length of the spaces, and of the word after them.
fn length_with_word<'a>(characters: impl Iterator<Item = &'a char> + Clone) -> usize {
    let spaces = characters.clone().take_while(|c| **c == ' ').count();
    spaces + characters.skip(spaces).take_while(|c| **c != ' ').count()
}

/// Longer than any name. It cuts the paste of a whole file, which is a mistake.
const MAX_CHARACTERS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Query {
        let mut query = Query::default();
        query.insert(text);
        query
    }

    #[test]
    fn the_query_is_edited_as_in_a_shell() {
        use Motion::*;
        for (steps, left) in [
            (&[(false, Left), (true, Left)][..], ("prod adm", "n")),
            (&[(true, WordLeft)], ("prod ", "")),
            (&[(true, WordLeft), (true, WordLeft)], ("", "")),
            (&[(false, WordLeft), (true, ToStart)], ("", "admin")),
            (&[(false, ToStart), (true, Right)], ("", "rod admin")),
            (&[(false, ToStart), (true, WordRight)], ("", " admin")),
            (&[(false, WordLeft), (true, ToEnd)], ("prod ", "")),
            (&[(false, Right), (true, Right)], ("prod admin", "")),
        ] {
            let mut query = typed("prod admin");
            for (deletes, motion) in steps {
                match deletes {
                    true => query.delete(*motion),
                    false => query.go(*motion),
                }
            }
            assert_eq!(query.halves(), (left.0.to_owned(), left.1.to_owned()), "{steps:?}");
        }
    }

    #[test]
    fn a_paste_becomes_one_short_line_without_control_characters() {
        assert_eq!(typed("prod\n\tadmin\r\n\u{1b}[31m\u{202e}x").text(), "prod  admin  [31mx");
        let mut query = typed(&"x".repeat(10_000));
        query.insert("y");
        assert_eq!(query.text(), "x".repeat(MAX_CHARACTERS));
    }
}
