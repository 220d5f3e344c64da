//! Makes text from elsewhere safe to show on a terminal.

use std::borrow::Cow;

/// Replaces control characters, so that no text moves the cursor, changes a colour or changes the direction of other text.
pub fn printable(text: &str) -> Cow<'_, str> {
    match text.contains(is_control) {
        true => text.replace(is_control, "\u{fffd}").into(),
        false => text.into(),
    }
}

/// Unicode's control characters, and the characters that end a line or set the direction of text.
pub fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
