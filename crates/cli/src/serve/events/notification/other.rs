//! Platforms without support for notifications.

use super::Notice;

pub(super) type Error = &'static str;

pub(super) async fn connect() -> Result<(), Error> {
    Err("they are supported on Linux only; use --on-event to run a command that shows one")
}

pub(super) async fn show(Notice { title, body }: &Notice) -> Result<(), Error> {
    tracing::debug!(title, body, "notification not shown: unsupported platform");
    connect().await
}
