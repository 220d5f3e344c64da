//! A clock that stands still until a test moves it.

use std::sync::Mutex;

use credentials::{Clock, Timestamp};

/// A clock that always shows the same time, until it is moved.
#[derive(Debug)]
pub struct FakeClock(Mutex<Timestamp>);

impl FakeClock {
    /// A clock that shows `now`, in RFC 3339.
    pub fn at(now: &str) -> Self {
        Self(Mutex::new(now.parse().unwrap()))
    }

    /// Moves the clock to `now`, in RFC 3339.
    pub fn move_to(&self, now: &str) {
        *self.0.lock().unwrap() = now.parse().unwrap();
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}
