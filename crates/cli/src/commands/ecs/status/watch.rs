//! `aws-sso ecs status --watch`: the status in full screen, updated every second.
//!
//! The state is [`Watched`]. Keys and answers change it, and each change draws the whole screen.

mod columns;
mod draw;

use std::pin::pin;
use std::time::Duration;

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::crossterm::terminal;
use server::wire::StatusObject;
use tokio::time::{Instant, sleep_until};

use super::words::{self, Row};
use crate::client::Client;
use crate::ground::ui::{On, Screen};
use crate::ground::{env, process};
use columns::Widths;
use credentials::{Failure, Problem};

/// Shows the status until the person quits.
pub(super) async fn watch(client: &Client, status: &StatusObject) -> Result<(), Failure> {
    let failed = |error| Failure::failed(format!("the terminal cannot be used: {error}"));
    // Before the terminal changes, so that a signal restores it.
    let mut interrupted = pin!(process::interruption().map_err(failed)?);
    let mut screen = Screen::open(On::Stdout).map_err(failed)?;
    let (mut watched, has_colour) = (Watched::new(status, Instant::now()), env::wants_colour());
    let mut answer = Box::pin(ask(client));
    loop {
        screen.draw(|frame| draw::draw(&watched, has_colour, frame)).map_err(failed)?;
        let step = tokio::select! {
            () = &mut interrupted => Step::Interrupt,
            events = screen.events() => watched.press_all(&events.map_err(failed)?),
            answered = &mut answer => {
                answer = Box::pin(ask(client));
                watched.answered(answered, Instant::now());
                Step::Stay
            }
        };
        match step {
            Step::Stay => {}
            Step::Redraw => screen.clear().map_err(failed)?,
            Step::Quit => return Ok(()),
            Step::Interrupt => return Err(Failure::new(Problem::Interrupted, "interrupted")),
        }
    }
}

/// Asks the server after the interval.
async fn ask(client: &Client) -> Result<StatusObject, Failure> {
    sleep_until(Instant::now() + UPDATE_INTERVAL).await;
    client.status().await
}

/// The state of the screen.
struct Watched {
    snapshot: Snapshot,
    /// Why there is no newer status.
    trouble: Option<Trouble>,
    /// Time of the answer.
    at: Instant,
    /// Index of the first slot on the screen.
    first: usize,
}

/// A status as text.
struct Snapshot {
    server: String,
    facts: String,
    sessions: Option<String>,
    rows: Vec<Row>,
    widths: Widths,
    notices: Vec<String>,
}

struct Trouble {
    why: String,
    /// Age of the shown status.
    age: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Stay,
    Redraw,
    Quit,
    Interrupt,
}

impl Watched {
    fn new(status: &StatusObject, at: Instant) -> Self {
        Self { snapshot: Snapshot::new(status), trouble: None, at, first: 0 }
    }

    /// Handles an answer. After an error, the last status stays on the screen.
    fn answered(&mut self, answer: Result<StatusObject, Failure>, now: Instant) {
        match answer {
            Ok(status) => *self = Self { first: self.first, ..Self::new(&status, now) },
            Err(error) => {
                let age = now.saturating_duration_since(self.at);
                self.trouble = Some(Trouble { why: error.message, age });
            }
        }
    }

    /// Handles all waiting keys, so that a paste is drawn once.
    fn press_all(&mut self, events: &[Event]) -> Step {
        let page = terminal::size().map_or(0, |size| draw::Plan::new(self, size).rows);
        let mut outcome = Step::Stay;
        for event in events {
            match self.press(event, page) {
                Step::Stay => {}
                Step::Redraw => outcome = Step::Redraw,
                step @ (Step::Quit | Step::Interrupt) => return step,
            }
        }
        outcome
    }

    /// Handles a key. `page` is the number of slots on the screen.
    #[expect(clippy::wildcard_enum_match_arm, reason = "all other keys of a keyboard")]
    fn press(&mut self, event: &Event, page: usize) -> Step {
        let Some(KeyEvent { code, modifiers, .. }) = event.as_key_press_event() else {
            return if matches!(event, Event::Resize(..)) { Step::Redraw } else { Step::Stay };
        };
        let last = self.snapshot.rows.len().saturating_sub(page);
        let first = self.first.min(last);
        self.first = match code {
            KeyCode::Char('c') if modifiers.contains(KeyModifiers::CONTROL) => {
                return Step::Interrupt;
            }
            KeyCode::Char('q') | KeyCode::Esc => return Step::Quit,
            KeyCode::Up => first.saturating_sub(1),
            KeyCode::Down => first + 1,
            KeyCode::PageUp => first.saturating_sub(page),
            KeyCode::PageDown => first + page,
            KeyCode::Home => 0,
            KeyCode::End => last,
            _ => first,
        };
        self.first = self.first.min(last);
        Step::Stay
    }
}

impl Snapshot {
    fn new(status: &StatusObject) -> Self {
        let rows = words::rows(status);
        Self {
            server: words::server(status),
            facts: words::facts(status),
            sessions: words::sessions(status),
            widths: Widths::of(&rows),
            rows,
            notices: words::notices(status),
        }
    }
}

const UPDATE_INTERVAL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::words::tests::{slot, status};
    use super::*;

    fn watched(slots: usize) -> Watched {
        let slots: Vec<_> =
            (0..slots).map(|n| slot(&format!("s{n}"), 60, "ready", json!({}))).collect();
        Watched::new(&status(&slots), Instant::now())
    }

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(code, modifiers))
    }

    #[test]
    fn keys_move_in_the_list_and_quit() {
        let mut watched = watched(25);
        for (code, first) in [
            (KeyCode::Up, 0),
            (KeyCode::Down, 1),
            (KeyCode::PageDown, 11),
            (KeyCode::PageDown, 15),
            (KeyCode::Down, 15),
            (KeyCode::PageUp, 5),
            (KeyCode::End, 15),
            (KeyCode::Char('x'), 15),
            (KeyCode::Home, 0),
        ] {
            assert_eq!(watched.press(&key(code, KeyModifiers::NONE), 10), Step::Stay);
            assert_eq!(watched.first, first, "{code:?}");
        }
        for (code, modifiers, step) in [
            (KeyCode::Char('q'), KeyModifiers::NONE, Step::Quit),
            (KeyCode::Esc, KeyModifiers::NONE, Step::Quit),
            (KeyCode::Char('c'), KeyModifiers::CONTROL, Step::Interrupt),
            (KeyCode::Char('c'), KeyModifiers::NONE, Step::Stay),
        ] {
            assert_eq!(watched.press(&key(code, modifiers), 10), step, "{code:?}");
        }
        assert_eq!(watched.press(&Event::Resize(10, 3), 1), Step::Redraw);
        assert_eq!(watched.press(&Event::Paste("q".to_owned()), 1), Step::Stay);
    }

    #[test]
    fn the_last_status_stays_until_the_server_answers_again() {
        let mut watched = watched(3);
        let later = watched.at + Duration::from_secs(7);
        watched.answered(Err(Failure::new(Problem::Unreachable, "it is gone")), later);
        let trouble = watched.trouble.as_ref().unwrap();
        assert_eq!((trouble.why.as_str(), trouble.age), ("it is gone", Duration::from_secs(7)));
        assert_eq!(watched.snapshot.rows.len(), 3);
        watched.first = 2;
        watched.answered(Ok(status(&[])), later);
        assert!(
            watched.trouble.is_none() && watched.snapshot.rows.is_empty() && watched.first == 2
        );
        watched.press(&key(KeyCode::Down, KeyModifiers::NONE), 10);
        assert_eq!(watched.first, 0, "there are fewer slots now");
    }
}
