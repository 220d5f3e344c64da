//! Desktop notifications. A desktop that does not answer causes one warning and delays nothing else.

#[cfg(target_os = "linux")]
#[path = "notification/linux.rs"]
mod platform;
#[cfg(not(target_os = "linux"))]
#[path = "notification/other.rs"]
mod platform;

use std::time::Duration;

use credentials::Timestamp;
use server::{Event, EventKind};
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

use crate::ground::ui;

/// The text of a notification.
pub(super) struct Notice {
    title: &'static str,
    /// Plain text.
    body: String,
}

impl Notice {
    /// The notification of an event; `None` if the person does not have to do anything.
    pub(super) fn of(event: &Event, now: Timestamp) -> Option<Self> {
        let title = match event.kind {
            EventKind::SessionEnding { .. } => "Your AWS sign-in ends soon",
            EventKind::SignInNeeded => "AWS needs you to sign in",
            EventKind::Denied => "AWS refuses a role",
            EventKind::Misconfigured => "A role's configuration is wrong",
            EventKind::SignedIn
            | EventKind::Unavailable
            | EventKind::ShortLived
            | EventKind::ClockOff => return None,
        };
        Some(Self { title, body: ui::printable(&super::text(event, now)).into_owned() })
    }
}

/// Shows the notifications, each with this timeout.
pub(super) async fn show_all(limit: Option<Duration>, mut notices: Receiver<Notice>) {
    let Some(limit) = limit else { return };
    // Checked at the start, so that the warning comes before the first notification is missed.
    let mut is_warned = !works(platform::connect(), limit, false).await;
    while let Some(notice) = notices.recv().await {
        is_warned |= !works(platform::show(&notice), limit, is_warned).await;
    }
}

/// Whether the work succeeded. Otherwise warns the person, unless that was done.
async fn works<T>(
    work: impl Future<Output = Result<T, platform::Error>>,
    limit: Duration,
    is_warned: bool,
) -> bool {
    let why = match timeout(limit, work).await {
        Ok(Ok(_)) => return true,
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} seconds", limit.as_secs_f32()),
    };
    if !is_warned {
        let why = ui::printable(&why);
        ui::note(&format!("warning: desktop notifications cannot be shown: {why}"));
    }
    false
}
