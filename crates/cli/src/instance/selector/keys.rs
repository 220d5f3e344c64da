//! What each key and click means: one table, those of fzf and of the arrows.

use ratatui::crossterm::event::{
    Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use ratatui::layout::Position;

use super::query::Motion;

/// What a person wants of the selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Insert(String),
    Go(Motion),
    Delete(Motion),
    /// Deletes to the left; where nothing is left, takes the last narrowing off.
    Backspace,
    /// Deletes to the right; leaves, if nothing is typed.
    DeleteOrLeave,
    Jump(Jump),
    Click(Position),
    Narrow,
    Widen,
    Refresh,
    Redraw,
    Choose,
    Leave,
}

/// A way through the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Jump {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
}

/// None where an event means nothing to us. (A new size is seen when it is drawn.)
pub(super) fn action(event: Event) -> Option<Action> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => of_key(key),
        Event::Paste(text) => Some(Action::Insert(text)),
        Event::Mouse(mouse) => of_mouse(mouse),
        _ => None,
    }
}

fn of_key(KeyEvent { code, modifiers, .. }: KeyEvent) -> Option<Action> {
    let control = modifiers.contains(KeyModifiers::CONTROL);
    let alt = modifiers.contains(KeyModifiers::ALT);
    Some(match code {
        KeyCode::Char(c) => match (control, alt) {
            // Both together: what some keyboards need for @ and the like.
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
    fn a_key_that_is_let_go_and_an_unknown_one_mean_nothing() {
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
