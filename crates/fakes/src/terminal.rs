//! A program on a pseudo-terminal. A test types into it, and an emulator keeps its screen.

use std::fmt;
use std::io::Write;
use std::num::NonZeroU16;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Pty, open};
use rustix::process::{Pid, Signal, kill_process};

use crate::CANARY;

/// A program that runs on a terminal. It is killed when this is dropped.
pub struct Terminal {
    pty: Arc<Pty>,
    child: Child,
    output: Arc<Output>,
}

/// The output of the program.
struct Output {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    emulator: vt100::Parser,
    raw: Vec<u8>,
    is_over: bool,
}

impl Terminal {
    /// Starts a program on a terminal of this size, with its three standard streams.
    pub fn start(command: Command, columns: u16, rows: u16) -> Self {
        Self::start_inner(command.into(), columns, rows)
    }

    /// Like `start`, but with another stdout, as in `$(…)`.
    pub fn start_with_stdout(
        command: Command,
        stdout: impl Into<Stdio>,
        columns: u16,
        rows: u16,
    ) -> Self {
        let command = pty_process::blocking::Command::from(command);
        Self::start_inner(command.stdout(stdout), columns, rows)
    }

    fn start_inner(command: pty_process::blocking::Command, columns: u16, rows: u16) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(rows, columns)).unwrap();
        let child = command.spawn(pts).unwrap();
        let (pty, emulator) = (Arc::new(pty), vt100::Parser::new(cells(rows), cells(columns), 0));
        let state = Mutex::new(State { emulator, raw: Vec::new(), is_over: false });
        let output = Arc::new(Output { state, changed: Condvar::new() });
        let (from, into) = (Arc::clone(&pty), Arc::clone(&output));
        thread::spawn(move || into.read(&from));
        Self { pty, child, output }
    }

    /// Types keys: the bytes of a keyboard, a mouse or a paste.
    pub fn type_in(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).unwrap();
    }

    /// Changes the size of the terminal. The program gets a signal.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.output.lock().emulator.screen_mut().set_size(cells(rows), cells(columns));
        self.pty.resize(Size::new(rows, columns)).unwrap();
    }

    /// Sends the program a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// The program's process.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Waits until the screen contains a text.
    pub fn wait_for(&self, text: &str) -> vt100::Screen {
        self.wait_until(text, |screen| screen.contents().contains(text))
    }

    /// Waits until a condition holds for the screen. `what` describes it, for the message of a failure.
    pub fn wait_until(&self, what: &str, is_so: impl Fn(&vt100::Screen) -> bool) -> vt100::Screen {
        let deadline = Instant::now() + TIMEOUT;
        let mut state = self.output.lock();
        while !is_so(state.emulator.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !state.is_over,
                "the screen never showed {what}:\n{}",
                state.emulator.screen().contents()
            );
            state = match self.output.changed.wait_timeout(state, left) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        state.emulator.screen().clone()
    }

    /// The present screen.
    pub fn screen(&self) -> vt100::Screen {
        self.output.lock().emulator.screen().clone()
    }

    /// All bytes that the program has written to the terminal.
    pub fn raw(&self) -> Vec<u8> {
        self.output.lock().raw.clone()
    }

    /// Waits until the program has ended. Returns its status and its last screen. Its output must not contain the canary.
    pub fn finish(mut self) -> (ExitStatus, vt100::Screen) {
        let deadline = Instant::now() + TIMEOUT;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                Instant::now() < deadline,
                "the program did not end:\n{}",
                self.screen().contents()
            );
            thread::sleep(Duration::from_millis(5));
        };
        let mut state = self.output.lock();
        while !state.is_over && Instant::now() < deadline {
            // A child of the program may keep the terminal open. The program's own output arrives at once.
            let (again, waited) = self
                .output
                .changed
                .wait_timeout(state, Duration::from_millis(200))
                .unwrap_or_else(PoisonError::into_inner);
            state = again;
            if waited.timed_out() {
                break;
            }
        }
        let raw = String::from_utf8_lossy(&state.raw).into_owned();
        assert!(!raw.contains(CANARY), "a secret was shown: {raw}");
        (status, state.emulator.screen().clone())
    }
}

impl Output {
    /// Reads until no program has the terminal open.
    fn read(&self, pty: &Pty) {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = crate::read_once(pty, &mut buffer) {
            let mut state = self.lock();
            let read = buffer.get(..length).unwrap_or_default();
            state.emulator.process(read);
            state.raw.extend_from_slice(read);
            self.changed.notify_all();
        }
        self.lock().is_over = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.screen().contents())
    }
}

fn cells(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}

/// Maximum time to wait for a screen or for the end of the program.
const TIMEOUT: Duration = Duration::from_secs(30);
