//! Platforms whose notifications we don't know yet.

use super::Notice;

pub(super) type Error = &'static str;

pub(super) async fn connect() -> Result<(), Error> {
    Err("they are known on Linux alone; --on-event can run a command that shows one")
}

pub(super) async fn show(Notice { title, body }: &Notice) -> Result<(), Error> {
    tracing::debug!(title, body, "a notification is not shown");
    connect().await
}
