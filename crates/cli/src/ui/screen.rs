//! The whole terminal, while something is shown on all of it: raw mode, the alternate screen, clicks and pastes told. It
//! is given back as it was, whatever happens.
//!
//! It is drawn to stderr, never to stdout: that is for data, and may be captured by a shell.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Stderr, Write};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{self, DisableBracketedPaste, EnableBracketedPaste, Event};
use ratatui::crossterm::style::Print;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{execute, queue};
use ratatui::{Frame, Terminal};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::env;

/// The terminal, taken until this is dropped.
pub(crate) struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stderr>>>,
    /// What is being waited for. A thread waits for it only as long as somebody wants an event: who asks for something
    /// afterwards gets all keys.
    waiting: Option<JoinHandle<io::Result<Vec<Event>>>>,
    _taken: Taken,
}

impl Screen {
    /// Whether there is a terminal to draw on, and one to type at: another than stdin, perhaps.
    pub(crate) fn is_possible() -> bool {
        let is_seen = io::stderr().is_terminal() && !env::has_dumb_terminal();
        is_seen && (io::stdin().is_terminal() || File::open("/dev/tty").is_ok())
    }

    /// Takes the terminal. Signals must be held by then: see [`crate::process::hold_signals`].
    pub(crate) fn open() -> io::Result<Self> {
        let taken = Taken::now()?;
        let terminal = Terminal::new(CrosstermBackend::new(BufWriter::new(io::stderr())))?;
        Ok(Self { terminal, waiting: None, _taken: taken })
    }

    /// Draws what has changed.
    pub(crate) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(draw).map(drop)
    }

    /// The next draw is of everything: something else may have written there.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.terminal.clear()
    }

    /// What was typed, clicked or pasted: all that is there, one at least. May be dropped and called again.
    pub(crate) async fn events(&mut self) -> io::Result<Vec<Event>> {
        let waiting = self.waiting.get_or_insert_with(|| spawn_blocking(read_events));
        let events = waiting.await;
        self.waiting = None;
        events.unwrap_or_else(|error| Err(io::Error::other(error)))
    }
}

fn read_events() -> io::Result<Vec<Event>> {
    let mut events = vec![event::read()?];
    while events.len() < AT_A_TIME && event::poll(Duration::ZERO)? {
        events.push(event::read()?);
    }
    Ok(events)
}

/// That the terminal is ours.
struct Taken;

impl Taken {
    fn now() -> io::Result<Self> {
        static TOLD: AtomicBool = AtomicBool::new(false);
        if !TOLD.swap(true, Ordering::Relaxed) {
            // A panic's message is to be seen.
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |panic| {
                give_back();
                before(panic);
            }));
        }
        enable_raw_mode()?;
        IS_TAKEN.store(true, Ordering::SeqCst);
        let taken = Self;
        let mut stderr = io::stderr();
        queue!(stderr, EnterAlternateScreen, EnableBracketedPaste, Print(CLICKS_ON))?;
        stderr.flush()?;
        Ok(taken)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        give_back();
    }
}

/// Once, and as far as it goes.
fn give_back() {
    if !IS_TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut stderr = io::stderr();
    let _ = execute!(stderr, Print(CLICKS_OFF), DisableBracketedPaste, Show, LeaveAlternateScreen);
    let _ = disable_raw_mode();
    let held = std::mem::take(&mut *HELD.lock().unwrap_or_else(PoisonError::into_inner));
    let _ = stderr.write_all(&held);
}

/// Where the log goes: to stderr; or, while the terminal is taken, there once it is given back.
pub(super) struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !IS_TAKEN.load(Ordering::SeqCst) {
            return io::stderr().write(bytes);
        }
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() + bytes.len() <= MOST_HELD {
            held.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

static IS_TAKEN: AtomicBool = AtomicBool::new(false);
static HELD: Mutex<Vec<u8>> = Mutex::new(Vec::new());

const MOST_HELD: usize = 64 * 1024;
const AT_A_TIME: usize = 1024;
/// Buttons and the wheel, in the form that has no limit of columns. Not each movement, as `EnableMouseCapture` would have
/// it: over SSH that is much ado. (On Windows the mouse stays the terminal's own.)
const CLICKS_ON: &str = "\x1b[?1000h\x1b[?1006h";
const CLICKS_OFF: &str = "\x1b[?1006l\x1b[?1000l";
