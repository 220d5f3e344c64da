//! The Desktop Notifications Specification 1.2, over the session bus.

use std::collections::HashMap;

use zbus::Connection;
use zbus::zvariant::Value;

use super::Notice;

pub(super) use zbus::Error;

/// Connects to the session bus.
pub(super) async fn connect() -> Result<Connection, Error> {
    Connection::session().await
}

/// Shows a notification, over a new connection. Days may pass between two, and the bus may restart meanwhile.
pub(super) async fn show(notice: &Notice) -> Result<(), Error> {
    let (no_icon, no_actions) = ("", Vec::<&str>::new());
    let no_hints = HashMap::<&str, Value<'_>>::new();
    let body = without_markup(&notice.body);
    let what = (
        "aws-sso",
        REPLACES_NONE,
        no_icon,
        notice.title,
        body,
        no_actions,
        no_hints,
        DEFAULT_EXPIRY,
    );
    let name = "org.freedesktop.Notifications";
    let path = "/org/freedesktop/Notifications";
    connect().await?.call_method(Some(name), path, Some(name), "Notify", &what).await.map(drop)
}

/// The text with markup escaped. Only a body can have markup, not a title.
fn without_markup(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

const REPLACES_NONE: u32 = 0;
/// The desktop chooses how long it is shown.
const DEFAULT_EXPIRY: i32 = -1;
