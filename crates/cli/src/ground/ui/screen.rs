//! The whole terminal, while something is shown on all of it: raw mode, the alternate screen, clicks and pastes told. It
//! is given back as it was, whatever happens: by a panic too. What is drawn, and what keys mean, is its user's.

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

/// The terminal, taken until this is dropped. There is one at a time.
pub(crate) struct Screen {
    /// Never dropped: it would report that the cursor cannot be shown on stderr, and panic where that has hung up too.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Box<dyn Write>>>>,
    /// What is being waited for. A thread waits for it only as long as somebody wants an event: who asks for something
    /// afterwards gets all keys.
    waiting: Option<JoinHandle<io::Result<Vec<Event>>>>,
    _taken: Taken,
}

/// The stream that leads to the terminal.
#[derive(Clone, Copy)]
pub(crate) enum On {
    Stdout,
    /// While stdout is for data, and may be captured by a shell.
    Stderr,
}

impl Screen {
    /// Whether there is a terminal to draw on, beside stdout, and one to type at: another than stdin, perhaps.
    #[expect(clippy::disallowed_methods, reason = "a terminal is no file")]
    pub(crate) fn is_possible() -> bool {
        let is_seen = io::stderr().is_terminal() && !env::has_dumb_terminal();
        is_seen && (io::stdin().is_terminal() || File::open("/dev/tty").is_ok())
    }

    /// Takes the terminal. Signals must be held by then, by [`crate::ground::process::hold_signals`] or
    /// [`crate::ground::process::interruption`]: whoever takes them drops this before ending.
    pub(crate) fn open(on: On) -> io::Result<Self> {
        let taken = Taken::now(on)?;
        let terminal = ManuallyDrop::new(Terminal::new(CrosstermBackend::new(on.writer()))?);
        Ok(Self { terminal, waiting: None, _taken: taken })
    }

    /// Has clicks and pastes told as events.
    pub(crate) fn with_clicks(mut self) -> io::Result<Self> {
        execute!(self.terminal.backend_mut(), EnableBracketedPaste, Print(CLICKS_ON))?;
        Ok(self)
    }

    /// Draws what has changed.
    pub(crate) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(draw).map(drop)
    }

    /// The next draw is of everything: something else may have written there.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        // `Terminal::clear` would ask the terminal where its cursor is, and wait two seconds for an answer.
        let size = self.terminal.size()?;
        self.terminal.resize(size.into())
    }

    /// What was typed, clicked or pasted: all that is there, one at least. May be dropped and called again.
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
    while events.len() < AT_A_TIME && event::poll(Duration::ZERO)? {
        events.push(event::read()?);
    }
    Ok(events)
}

impl On {
    fn writer(self) -> Box<dyn Write> {
        // A whole frame at once: half of one is never seen.
        match self {
            Self::Stdout => Box::new(BufWriter::with_capacity(FRAME, io::stdout())),
            Self::Stderr => Box::new(BufWriter::with_capacity(FRAME, io::stderr())),
        }
    }
}

/// That the terminal is ours.
struct Taken;

impl Taken {
    fn now(on: On) -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(give_back_before_panics_are_told);
        enable_raw_mode()?;
        lock(&TAKEN).replace(on);
        // From here on dropping gives it back.
        let taken = Self;
        // (The macro names its writer twice.)
        let mut writer = on.writer();
        execute!(writer, EnterAlternateScreen)?;
        Ok(taken)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        give_back();
    }
}

/// What a panic says is for the terminal that the person has then.
fn give_back_before_panics_are_told() {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        give_back();
        tell(panic);
    }));
}

/// Once, and as far as it goes: what fails here, fails because the terminal is gone.
fn give_back() {
    let Some(on) = lock(&TAKEN).take() else { return };
    let mut writer = on.writer();
    execute!(writer, Print(CLICKS_OFF), DisableBracketedPaste, Show, LeaveAlternateScreen).ok();
    disable_raw_mode().ok();
    let held = std::mem::take(&mut *lock(&HELD));
    io::stderr().write_all(&held).ok();
}

/// Where the log goes: to stderr; or, while the terminal is taken, there once it is given back.
pub(super) struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if lock(&TAKEN).is_none() {
            return io::stderr().write(bytes);
        }
        let mut held = lock(&HELD);
        if held.len() + bytes.len() <= MOST_HELD {
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

/// Which stream the screen is on, while there is one.
static TAKEN: Mutex<Option<On>> = Mutex::new(None);
static HELD: Mutex<Vec<u8>> = Mutex::new(Vec::new());

const TERMINAL_CHECK_INTERVAL: Duration = Duration::from_secs(1);
const FRAME: usize = 64 * 1024;
const MOST_HELD: usize = 64 * 1024;
const AT_A_TIME: usize = 1024;
/// Buttons and the wheel, in the form that has no limit of columns. Not each movement, as `EnableMouseCapture` would have
/// it: over SSH that is much ado. (On Windows the mouse stays the terminal's own.)
const CLICKS_ON: &str = "\x1b[?1000h\x1b[?1006h";
const CLICKS_OFF: &str = "\x1b[?1006l\x1b[?1000l";
