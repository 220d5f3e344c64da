//! The meaning of each key and click, in one table: the keys of fzf, and the arrows.

use ratatui::crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::layout::Position;

use super::query::Motion;

/// What a person wants the selector to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Insert(String),
    Go(Motion),
    /// Deletes what the motion passes.
    Delete(Motion),
    /// Deletes to the left. In an empty query, removes the last narrowing.
    Backspace,
    /// Deletes to the right. In an empty query, leaves.
    DeleteOrLeave,
    Jump(Jump),
    /// Selects the row at that position, or chooses it if it is selected.
    Click(Position),
    /// Narrows the list to rows that have something in common with the selected row.
    Narrow,
    /// Removes the last narrowing.
    Widen,
    Refresh,
    Redraw,
    Choose,
    Leave,
}

/// A way to go through the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Jump {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
}

/// The action that an event asks for, if it asks for any. (Drawing finds a new size of the screen.)
pub(crate) fn action(event: Event) -> Option<Action> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => of_key(key),
        Event::Paste(text) => Some(Action::Insert(text)),
        Event::Mouse(mouse) => of_mouse(mouse),
        Event::Key(_) | Event::Resize(..) | Event::FocusGained | Event::FocusLost => None,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "most keys of a keyboard mean nothing here")]
fn of_key(KeyEvent { code, modifiers, .. }: KeyEvent) -> Option<Action> {
    let control = modifiers.contains(KeyModifiers::CONTROL);
    let alt = modifiers.contains(KeyModifiers::ALT);
    Some(match code {
        KeyCode::Char(c) => match (control, alt) {
            // Some keyboards need both together for @ and the like.
            (false, false) | (true, true) => Action::Insert(c.to_string()),
            (true, false) => return with_control(c.to_ascii_lowercase()),
            (false, true) => return with_alt(c),
        },
        KeyCode::Enter => Action::Choose,
        KeyCode::Esc => Action::Leave,
        KeyCode::Tab => Action::Narrow,
        KeyCode::BackTab => Action::Widen,
        KeyCode::Up => Action::Jump(Jump::Up),
        KeyCode::Down => Action::Jump(Jump::Down),
        KeyCode::PageUp => Action::Jump(Jump::PageUp),
        KeyCode::PageDown => Action::Jump(Jump::PageDown),
        KeyCode::Home => Action::Jump(Jump::First),
        KeyCode::End => Action::Jump(Jump::Last),
        KeyCode::Left if control || alt => Action::Go(Motion::WordLeft),
        KeyCode::Right if control || alt => Action::Go(Motion::WordRight),
        KeyCode::Left => Action::Go(Motion::Left),
        KeyCode::Right => Action::Go(Motion::Right),
        KeyCode::Backspace if control || alt => Action::Delete(Motion::WordLeft),
        KeyCode::Backspace => Action::Backspace,
        KeyCode::Delete => Action::Delete(Motion::Right),
        _ => return None,
    })
}

fn with_control(c: char) -> Option<Action> {
    Some(match c {
        'a' => Action::Go(Motion::ToStart),
        'e' => Action::Go(Motion::ToEnd),
        'b' => Action::Go(Motion::Left),
        'f' => Action::Go(Motion::Right),
        'w' => Action::Delete(Motion::WordLeft),
        'u' => Action::Delete(Motion::ToStart),
        'h' => Action::Backspace,
        'd' => Action::DeleteOrLeave,
        'p' | 'k' => Action::Jump(Jump::Up),
        'n' | 'j' => Action::Jump(Jump::Down),
        'm' => Action::Choose,
        'i' => Action::Narrow,
        'r' => Action::Refresh,
        'l' => Action::Redraw,
        'c' | 'g' | 'q' => Action::Leave,
        _ => return None,
    })
}

fn with_alt(c: char) -> Option<Action> {
    Some(match c {
        'b' => Action::Go(Motion::WordLeft),
        'f' => Action::Go(Motion::WordRight),
        'd' => Action::Delete(Motion::WordRight),
        _ => return None,
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "other movements of the mouse mean nothing here"
)]
fn of_mouse(MouseEvent { kind, column, row, .. }: MouseEvent) -> Option<Action> {
    Some(match kind {
        MouseEventKind::ScrollUp => Action::Jump(Jump::Up),
        MouseEventKind::ScrollDown => Action::Jump(Jump::Down),
        MouseEventKind::Down(MouseButton::Left) => Action::Click(Position::new(column, row)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: KeyCode, modifiers: KeyModifiers) -> Option<Action> {
        action(Event::Key(KeyEvent::new(code, modifiers)))
    }

    #[test]
    fn letters_are_typed_and_with_control_they_are_commands() {
        let typed = pressed(KeyCode::Char('É'), KeyModifiers::SHIFT);
        assert_eq!(typed, Some(Action::Insert("É".to_owned())));
        for (c, meant) in [
            ('n', Some(Action::Jump(Jump::Down))),
            ('k', Some(Action::Jump(Jump::Up))),
            ('w', Some(Action::Delete(Motion::WordLeft))),
            ('g', Some(Action::Leave)),
            ('R', Some(Action::Refresh)),
            ('z', None),
        ] {
            assert_eq!(pressed(KeyCode::Char(c), KeyModifiers::CONTROL), meant, "{c}");
        }
        assert_eq!(pressed(KeyCode::Char('x'), KeyModifiers::ALT), None);
    }

    #[test]
    fn a_released_key_and_an_unknown_key_mean_nothing() {
        let mut key = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
        key.kind = KeyEventKind::Release;
        assert_eq!(action(Event::Key(key)), None);
        assert_eq!(pressed(KeyCode::F(1), KeyModifiers::NONE), None);
    }

    #[test]
    fn keys_within_a_paste_are_text() {
        let pasted = action(Event::Paste("prod\r\u{3}".to_owned()));
        assert_eq!(pasted, Some(Action::Insert("prod\r\u{3}".to_owned())));
    }
}
