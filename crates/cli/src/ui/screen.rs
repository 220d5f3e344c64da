//! The terminal as a screen to draw on: the alternate screen in raw mode, given back however we leave it, by a panic too.
//!
//! What is drawn and what keys mean is its user's. So are signals: whoever takes them drops the screen before ending.

use std::io::{self, BufWriter, Write, stderr, stdout};
use std::panic;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::layout::{Position, Rect};
use ratatui::{Frame, Terminal};

/// The terminal, while it is ours. There is one at a time.
pub(crate) struct Screen(Terminal<CrosstermBackend<Box<dyn Write>>>);

/// The stream that leads to the terminal.
#[derive(Clone, Copy)]
pub(crate) enum On {
    Stdout,
    /// While stdout is for data.
    #[expect(dead_code, reason = "the selector's, whose stdout is for what to export")]
    Stderr,
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// There is none, or it can't be taken; then it is as it was.
    pub(crate) fn open(on: On) -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(give_back_before_panics_are_told);
        enable_raw_mode()?;
        *taken() = Some(on);
        // From here on dropping gives it back.
        let mut writer = on.writer();
        let entered = execute!(writer, EnterAlternateScreen);
        let terminal = entered.and_then(|()| Terminal::new(CrosstermBackend::new(writer)));
        terminal.map(Self).inspect_err(|_| give_back())
    }

    /// Shows what is drawn in a frame of the terminal's present size.
    pub(crate) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.0.draw(draw).map(|_| ())
    }

    /// Has the next frame drawn as a whole: a terminal that was given another size may have lost what was on it.
    pub(crate) fn forget(&mut self) -> io::Result<()> {
        let size = self.0.size()?;
        self.0.resize(Rect::from((Position::ORIGIN, size)))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

impl On {
    fn writer(self) -> Box<dyn Write> {
        // A whole frame at once: half of one is never seen.
        match self {
            Self::Stdout => Box::new(BufWriter::with_capacity(FRAME, stdout())),
            Self::Stderr => Box::new(BufWriter::with_capacity(FRAME, stderr())),
        }
    }
}

/// Makes the terminal what it was, once.
fn give_back() {
    let Some(on) = taken().take() else { return };
    let mut writer = on.writer();
    // What fails here, fails because the terminal is gone.
    let _ = execute!(writer, LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}

/// What a panic says is for the terminal that the person has then.
fn give_back_before_panics_are_told() {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        give_back();
        tell(panic);
    }));
}

/// Which stream the screen is on, while there is one.
fn taken() -> MutexGuard<'static, Option<On>> {
    static TAKEN: Mutex<Option<On>> = Mutex::new(None);
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

const FRAME: usize = 64 * 1024;
