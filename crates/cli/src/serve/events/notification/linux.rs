//! The Desktop Notifications Specification 1.2, over the session bus.

use std::collections::HashMap;

use zbus::Connection;
use zbus::zvariant::Value;

use super::Notice;

pub(super) use zbus::Error;

/// Reaches the session bus.
pub(super) async fn connect() -> Result<Connection, Error> {
    Connection::session().await
}

/// Shows it, over a connection of its own: days may lie between two, and a bus doesn't live as long as we do.
pub(super) async fn show(notice: &Notice) -> Result<(), Error> {
    let (no_icon, no_actions) = ("", Vec::<&str>::new());
    let no_hints = HashMap::<&str, Value<'_>>::new();
    let body = without_markup(&notice.body);
    let what =
        ("aws-sso", REPLACES_NONE, no_icon, notice.title, body, no_actions, no_hints, AS_ALWAYS);
    let name = "org.freedesktop.Notifications";
    let path = "/org/freedesktop/Notifications";
    connect().await?.call_method(Some(name), path, Some(name), "Notify", &what).await.map(drop)
}

/// A body may have markup, a title may not.
fn without_markup(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

const REPLACES_NONE: u32 = 0;
/// How long it is seen is the desktop's own choice.
const AS_ALWAYS: i32 = -1;
