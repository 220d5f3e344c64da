//! Desktop notifications, where there are any. A desktop that doesn't answer is told of once, and holds up nobody.

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

/// What a notification says.
pub(super) struct Notice {
    title: &'static str,
    /// Plain text.
    body: String,
}

impl Notice {
    /// Only for what waits for the person: nothing else is worth an interruption.
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

/// Shows them, each within this time.
pub(super) async fn show_all(patience: Option<Duration>, mut notices: Receiver<Notice>) {
    let Some(patience) = patience else { return };
    // At once: who asked for notifications learns now that there are none, and not when the first one is missing.
    let mut is_told = !works(platform::connect(), patience, false).await;
    while let Some(notice) = notices.recv().await {
        is_told |= !works(platform::show(&notice), patience, is_told).await;
    }
}

/// Whether it did. If not, the person is told why.
async fn works<T>(
    work: impl Future<Output = Result<T, platform::Error>>,
    patience: Duration,
    is_told: bool,
) -> bool {
    let why = match timeout(patience, work).await {
        Ok(Ok(_)) => return true,
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} seconds", patience.as_secs_f32()),
    };
    if !is_told {
        let why = ui::printable(&why);
        ui::note(&format!("warning: desktop notifications can't be shown: {why}"));
    }
    false
}
