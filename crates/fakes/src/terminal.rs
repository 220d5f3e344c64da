//! A program on a terminal of its own: a real pseudo-terminal, typed into by a test, read by an emulator as by a person.

use std::fmt;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use pty_process::Size;
use pty_process::blocking::{Pty, open};
use rustix::process::{Pid, Signal, kill_process};

use crate::CANARY;

/// A program that runs on a terminal. Killed when this is dropped.
pub struct Terminal {
    pty: Arc<Pty>,
    child: Child,
    seen: Arc<Seen>,
}

/// What the program has written.
struct Seen {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    emulator: vt100::Parser,
    raw: Vec<u8>,
    is_over: bool,
}

impl Terminal {
    /// Starts it on a terminal of that size, to which all three of its streams lead.
    pub fn start(command: Command, columns: u16, rows: u16) -> Self {
        Self::start_inner(command.into(), columns, rows)
    }

    /// The same, but stdout leads elsewhere, as within `$(…)`.
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
        let seen = Arc::new(Seen { state, changed: Condvar::new() });
        let (from, into) = (Arc::clone(&pty), Arc::clone(&seen));
        thread::spawn(move || into.read(&from));
        Self { pty, child, seen }
    }

    /// Types it: any bytes that a keyboard, a mouse or a paste makes.
    pub fn type_in(&self, keys: &str) {
        (&*self.pty).write_all(keys.as_bytes()).unwrap();
    }

    /// Gives the terminal another size, of which the program is told by a signal.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.seen.lock().emulator.screen_mut().set_size(cells(rows), cells(columns));
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

    /// Waits until the screen shows a text.
    pub fn wait_for(&self, text: &str) -> vt100::Screen {
        self.wait_until(text, |screen| screen.contents().contains(text))
    }

    /// Waits until the screen is as it should be; `what` says how, for who reads of a failure.
    pub fn wait_until(&self, what: &str, is_so: impl Fn(&vt100::Screen) -> bool) -> vt100::Screen {
        let give_up = Instant::now() + PATIENCE;
        let mut state = self.seen.lock();
        while !is_so(state.emulator.screen()) {
            let left = give_up.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !state.is_over,
                "the screen never showed {what}:\n{}",
                state.emulator.screen().contents()
            );
            state = match self.seen.changed.wait_timeout(state, left) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        state.emulator.screen().clone()
    }

    /// What is on the screen now.
    pub fn screen(&self) -> vt100::Screen {
        self.seen.lock().emulator.screen().clone()
    }

    /// Every byte that the program has written to the terminal.
    pub fn raw(&self) -> Vec<u8> {
        self.seen.lock().raw.clone()
    }

    /// Waits until the program has ended, and gives its status and the last screen. It must have shown no canary.
    pub fn finish(mut self) -> (ExitStatus, vt100::Screen) {
        let give_up = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                Instant::now() < give_up,
                "the program did not end:\n{}",
                self.screen().contents()
            );
            thread::sleep(Duration::from_millis(5));
        };
        let mut state = self.seen.lock();
        while !state.is_over && Instant::now() < give_up {
            // What it left behind may hold the terminal open; but all that it wrote itself comes at once.
            let (again, waited) = self
                .seen
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

impl Seen {
    /// Reads until nobody has the terminal any more.
    fn read(&self, mut pty: &Pty) {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = pty.read(&mut buffer) {
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
        let _ = self.child.kill();
        let _ = self.child.wait();
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

const PATIENCE: Duration = Duration::from_secs(30);
