//! Full-screen use of the terminal: raw mode, alternate screen, events of the mouse and of pasting. The terminal is
//! always restored, even by a panic. The callers decide what is drawn and what keys mean.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::mem::ManuallyDrop;
use std::panic;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{self, DisableBracketedPaste, EnableBracketedPaste, Event};
use ratatui::crossterm::execute;
use ratatui::crossterm::style::Print;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::{Frame, Terminal};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

use crate::ground::env;

/// A full-screen terminal, restored when this is dropped. There is one at a time.
pub(crate) struct Screen {
    /// Never dropped. Dropping it could write an error to stderr, and panic if that has hung up.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Box<dyn Write>>>>,
    /// The pending read of events. A thread reads only while an event is awaited, so that a later prompt gets all keys.
    waiting: Option<JoinHandle<io::Result<Vec<Event>>>>,
    _taken: Taken,
}

/// The stream that the screen is drawn on.
#[derive(Clone, Copy)]
pub(crate) enum On {
    Stdout,
    /// For commands whose stdout is data, which a shell may capture.
    Stderr,
}

impl Screen {
    /// Whether stderr is a terminal, and keys can be read from stdin or from `/dev/tty`.
    #[expect(clippy::disallowed_methods, reason = "a terminal is no file")]
    pub(crate) fn is_possible() -> bool {
        let is_seen = io::stderr().is_terminal() && !env::has_dumb_terminal();
        is_seen && (io::stdin().is_terminal() || File::open("/dev/tty").is_ok())
    }

    /// Takes the terminal. Signals must be held already, by [`crate::ground::process::hold_signals`] or
    /// [`crate::ground::process::interruption`]: their handler drops this before the process ends.
    pub(crate) fn open(on: On) -> io::Result<Self> {
        let taken = Taken::now(on)?;
        let terminal = ManuallyDrop::new(Terminal::new(CrosstermBackend::new(on.writer()))?);
        Ok(Self { terminal, waiting: None, _taken: taken })
    }

    /// Turns on events for clicks and pastes.
    pub(crate) fn with_clicks(mut self) -> io::Result<Self> {
        execute!(self.terminal.backend_mut(), EnableBracketedPaste, Print(CLICKS_ON))?;
        Ok(self)
    }

    /// Draws the changes.
    pub(crate) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(draw).map(drop)
    }

    /// Clears the screen, so that the next draw is complete. Another program may have written there.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        // `Terminal::clear` would ask the terminal where its cursor is, and wait two seconds for an answer.
        let size = self.terminal.size()?;
        self.terminal.resize(size.into())
    }

    /// Waits for events, and returns all that are available. Safe to cancel.
    pub(crate) async fn events(&mut self) -> io::Result<Vec<Event>> {
        let waiting = self.waiting.get_or_insert_with(|| spawn_blocking(read_events));
        let events = loop {
            // Where SIGHUP is ignored, reading a terminal that has hung up would never end.
            check_terminal()?;
            if let Ok(events) = timeout(TERMINAL_CHECK_INTERVAL, &mut *waiting).await {
                break events;
            }
        };
        self.waiting = None;
        events.unwrap_or_else(|error| Err(io::Error::other(error)))
    }
}

/// Checks that the terminal has not hung up.
///
/// # Errors
/// The terminal has hung up.
#[cfg(unix)]
fn check_terminal() -> io::Result<()> {
    let on = *lock(&TAKEN);
    let attributes = match on {
        Some(On::Stdout) => rustix::termios::tcgetattr(io::stdout()),
        Some(On::Stderr) => rustix::termios::tcgetattr(io::stderr()),
        None => return Ok(()),
    };
    attributes.map(drop).map_err(io::Error::from)
}

#[cfg(not(unix))]
fn check_terminal() -> io::Result<()> {
    Ok(())
}

fn read_events() -> io::Result<Vec<Event>> {
    let mut events = vec![event::read()?];
    while events.len() < MAX_EVENTS && event::poll(Duration::ZERO)? {
        events.push(event::read()?);
    }
    Ok(events)
}

impl On {
    fn writer(self) -> Box<dyn Write> {
        // One write for a whole frame, so that half of one is never visible.
        match self {
            Self::Stdout => Box::new(BufWriter::with_capacity(FRAME_BYTES, io::stdout())),
            Self::Stderr => Box::new(BufWriter::with_capacity(FRAME_BYTES, io::stderr())),
        }
    }
}

/// A guard that restores the terminal when dropped.
struct Taken;

impl Taken {
    fn now(on: On) -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(restore_before_panic_messages);
        enable_raw_mode()?;
        lock(&TAKEN).replace(on);
        // From here on, dropping the guard restores the terminal.
        let taken = Self;
        // (The macro names its writer twice.)
        let mut writer = on.writer();
        execute!(writer, EnterAlternateScreen)?;
        Ok(taken)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        restore();
    }
}

/// Restores the terminal before a panic prints its message.
fn restore_before_panic_messages() {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        restore();
        tell(panic);
    }));
}

/// Restores the terminal once. Errors are ignored, because they mean that the terminal is gone.
fn restore() {
    let Some(on) = lock(&TAKEN).take() else { return };
    let mut writer = on.writer();
    execute!(writer, Print(CLICKS_OFF), DisableBracketedPaste, Show, LeaveAlternateScreen).ok();
    disable_raw_mode().ok();
    let held = std::mem::take(&mut *lock(&HELD));
    io::stderr().write_all(&held).ok();
}

/// The writer of the log. It writes to stderr; while the terminal is taken, it waits until that is restored.
pub(super) struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if lock(&TAKEN).is_none() {
            return io::stderr().write(bytes);
        }
        let mut held = lock(&HELD);
        if held.len() + bytes.len() <= MAX_HELD_LOG {
            held.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The stream of the open screen.
static TAKEN: Mutex<Option<On>> = Mutex::new(None);
static HELD: Mutex<Vec<u8>> = Mutex::new(Vec::new());

const TERMINAL_CHECK_INTERVAL: Duration = Duration::from_secs(1);
const FRAME_BYTES: usize = 64 * 1024;
const MAX_HELD_LOG: usize = 64 * 1024;
const MAX_EVENTS: usize = 1024;
/// Reports buttons and the wheel, in the form without a limit of columns. `EnableMouseCapture` would also report every
/// movement, which is slow over SSH. (On Windows the terminal keeps the mouse.)
const CLICKS_ON: &str = "\x1b[?1000h\x1b[?1006h";
const CLICKS_OFF: &str = "\x1b[?1006l\x1b[?1000l";
