//! Reports events to the person: on stderr, and on request by desktop notifications and by a command. A slow desktop or
//! command delays neither the other, nor stderr, nor the server.

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
    pub(crate) fn reporting(self) -> Reporting {
        Reporting {
            notify: self.notify.then_some(NOTIFICATION_TIMEOUT),
            hook: self.on_event.map(|command| Hook { command, timeout: HOOK_TIMEOUT }),
            clock: Arc::new(SystemClock),
        }
    }
}

/// How events are reported.
pub(crate) struct Reporting {
    /// The timeout of a notification; `None` without notifications.
    notify: Option<Duration>,
    hook: Option<Hook>,
    clock: Arc<dyn Clock>,
}

/// Reports all events until the channel is closed. Dropping this future kills a running command.
pub(crate) async fn report(mut events: Receiver<Event>, how: Reporting) {
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

/// The line for stderr.
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

/// The event and what to do about it, on one line.
fn text(event: &Event, now: Timestamp) -> String {
    let Event { kind, instance, message, hint, .. } = event;
    if let (EventKind::SessionEnding { ends }, Some(instance)) = (kind, instance)
        && let Some(ending) = ui::session_ending(instance, *ends, now)
    {
        return ending;
    }
    whole(message, hint.as_deref())
}

/// The events that wait for a reporter that is slower than stderr.
struct Queue<T> {
    sender: Sender<T>,
    /// The option that the reporter belongs to.
    option: &'static str,
    overflows: bool,
}

impl<T> Queue<T> {
    fn new(option: &'static str) -> (Self, Receiver<T>) {
        let (sender, receiver) = channel(MAX_WAITING);
        (Self { sender, option, overflows: false }, receiver)
    }

    /// Adds an event. A full queue drops it, with one warning until there is room again.
    fn push(&mut self, item: T) {
        let is_full = matches!(self.sender.try_send(item), Err(TrySendError::Full(_)));
        if is_full && !self.overflows {
            ui::note(&format!(
                "warning: {MAX_WAITING} events wait for {}. It misses further events.",
                self.option
            ));
        }
        self.overflows = is_full;
    }
}

const MAX_WAITING: usize = 256;
const NOTIFICATION_TIMEOUT: Duration = Duration::from_secs(5);
const HOOK_TIMEOUT: Duration = Duration::from_secs(30);
