//! What is typed into the selector: one line, edited as in a shell. It knows no keys and no screen.

use crate::ground::ui;

/// The line, and where in it the next character goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    characters: Vec<char>,
    cursor: usize,
}

/// A way through the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Motion {
    Left,
    Right,
    WordLeft,
    WordRight,
    ToStart,
    ToEnd,
}

impl Query {
    pub(super) fn is_empty(&self) -> bool {
        self.characters.is_empty()
    }

    pub(super) fn text(&self) -> String {
        self.characters.iter().collect()
    }

    /// What is before the cursor, and what is after it.
    pub(super) fn halves(&self) -> (String, String) {
        let (before, after) = self.characters.split_at(self.cursor.min(self.characters.len()));
        (before.iter().collect(), after.iter().collect())
    }

    /// Puts a text in: on one line, without what moves a cursor, and no more of it than fits.
    pub(super) fn insert(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.characters.len());
        let as_typed = |c: char| if c.is_whitespace() { ' ' } else { c };
        let fit = text.chars().map(as_typed).filter(|c| !ui::is_control(*c)).take(room);
        let before = self.characters.len();
        self.characters.splice(self.cursor..self.cursor, fit);
        self.cursor += self.characters.len() - before;
    }

    pub(super) fn go(&mut self, motion: Motion) {
        self.cursor = self.target(motion);
    }

    /// Deletes what is on the way.
    pub(super) fn delete(&mut self, motion: Motion) {
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

/// Of spaces, and the word behind them.
fn length_with_word<'a>(characters: impl Iterator<Item = &'a char> + Clone) -> usize {
    let spaces = characters.clone().take_while(|c| **c == ' ').count();
    spaces + characters.skip(spaces).take_while(|c| **c != ' ').count()
}

/// In characters. Longer than any name; and a paste of a whole file is none.
const LONGEST: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Query {
        let mut query = Query::default();
        query.insert(text);
        query
    }

    #[test]
    fn it_is_edited_as_in_a_shell() {
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
    fn what_is_pasted_stays_one_short_line_without_control_characters() {
        assert_eq!(typed("prod\n\tadmin\r\n\u{1b}[31m\u{202e}x").text(), "prod  admin  [31mx");
        let mut query = typed(&"x".repeat(10_000));
        query.insert("y");
        assert_eq!(query.text(), "x".repeat(LONGEST));
    }
}
