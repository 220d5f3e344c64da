//! Text from elsewhere, made fit for a terminal.

use std::borrow::Cow;

/// Text without control characters: nothing in it moves a cursor, changes a colour or turns round what follows it.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    match text.contains(is_control) {
        true => text.replace(is_control, "\u{fffd}").into(),
        false => text.into(),
    }
}

/// Unicode's control characters; and those that order the text around them from right to left, or end a line.
pub(crate) fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
