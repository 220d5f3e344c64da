//! Tells the person what happens to slots without anybody asking: on stderr, and, if wanted, by desktop notifications and
//! by a command of theirs. Neither of these two holds up the other, a line on stderr, or the server.

mod hook;
mod notification;
mod record;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use credentials::{Clock, Timestamp, whole};
use server::{Event, EventKind};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::ground::clock::SystemClock;
use crate::ground::ui;
use crate::serve::events::hook::Hook;
use crate::serve::events::notification::Notice;

/// How events are reported, in addition to stderr.
#[derive(Args)]
pub(crate) struct EventArguments {
    /// Show a desktop notification when you have to do something, such as sign in again
    #[arg(long)]
    notify: bool,
    /// Run this shell command for each event; it gets the event on stdin, as one line of JSON
    #[arg(long, value_name = "COMMAND", value_parser = NonEmptyStringValueParser::new())]
    on_event: Option<String>,
}

impl EventArguments {
    pub(crate) fn telling(self) -> Telling {
        Telling {
            notify: self.notify.then_some(NOTIFYING),
            hook: self.on_event.map(|command| Hook { command, limit: HOOK }),
            clock: Arc::new(SystemClock),
        }
    }
}

/// How events are told.
pub(crate) struct Telling {
    /// How long a notification may take, if there are any.
    notify: Option<Duration>,
    hook: Option<Hook>,
    clock: Arc<dyn Clock>,
}

/// Tells all events, until nobody can send any more. Who drops this future ends a command that is running.
pub(crate) async fn tell(mut events: Receiver<Event>, how: Telling) {
    let (mut hook, for_hook) = Queue::new("--on-event");
    let (mut desktop, for_desktop) = Queue::new("--notify");
    let read = async move {
        while let Some(event) = events.recv().await {
            let now = how.clock.now();
            ui::note(&line(&event, now));
            hook.push(record::line(&event, now));
            if let Some(notice) = Notice::of(&event, now) {
                desktop.push(notice);
            }
        }
    };
    tokio::join!(
        read,
        hook::run_all(how.hook, for_hook),
        notification::show_all(how.notify, for_desktop)
    );
}

/// What stands on stderr.
pub(crate) fn line(event: &Event, now: Timestamp) -> String {
    let message = ui::printable(&text(event, now)).into_owned();
    match event.kind {
        EventKind::SignedIn => message,
        EventKind::SessionEnding { .. }
        | EventKind::SignInNeeded
        | EventKind::Denied
        | EventKind::Misconfigured
        | EventKind::Unavailable
        | EventKind::ShortLived
        | EventKind::ClockOff => format!("warning: {message}"),
    }
}

/// What happened and what to do about it, on one line.
fn text(event: &Event, now: Timestamp) -> String {
    let Event { kind, instance, message, hint, .. } = event;
    if let (EventKind::SessionEnding { ends }, Some(instance)) = (kind, instance)
        && let Some(ending) = ui::session_ending(instance, *ends, now)
    {
        return ending;
    }
    whole(message, hint.as_deref())
}

/// What somebody slower than stderr has still to be told.
struct Queue<T> {
    sender: Sender<T>,
    /// Who that is.
    whose: &'static str,
    overflows: bool,
}

impl<T> Queue<T> {
    fn new(whose: &'static str) -> (Self, Receiver<T>) {
        let (sender, receiver) = channel(WAITING);
        (Self { sender, whose, overflows: false }, receiver)
    }

    /// Once it is full, events are left out, which is said once until there is room again.
    fn push(&mut self, item: T) {
        let is_full = matches!(self.sender.try_send(item), Err(TrySendError::Full(_)));
        if is_full && !self.overflows {
            ui::note(&format!(
                "warning: {WAITING} events wait for {}: further ones are left out there.",
                self.whose
            ));
        }
        self.overflows = is_full;
    }
}

const WAITING: usize = 256;
const NOTIFYING: Duration = Duration::from_secs(5);
const HOOK: Duration = Duration::from_secs(30);
