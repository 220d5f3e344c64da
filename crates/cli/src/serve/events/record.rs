//! An event as a line of JSON, for the command of `--on-event`. Its keys and names are documented in
//! docs/reference/refreshing.md.

use credentials::{InstanceName, SlotName, Timestamp};
use serde::Serialize;
use server::{Event, EventKind};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Record<'a> {
    event: &'static str,
    /// RFC 3339 in UTC, in whole seconds.
    time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    /// Separate from the names, because a named slot may have any name.
    default_slot: bool,
    slots: Vec<&'a str>,
    message: String,
}

/// The line, with a line break at its end.
pub(super) fn line(event: &Event, at: Timestamp) -> String {
    let record = Record {
        event: name(event.kind),
        time: format!("{at:.0}"),
        instance: event.instance.as_ref().map(InstanceName::as_str),
        default_slot: event.slots.contains(&SlotName::Default),
        slots: event.slots.iter().filter_map(named).collect(),
        message: super::text(event, at),
    };
    // This cannot fail: every field is a string, a list of strings or a boolean.
    serde_json::to_string(&record).unwrap_or_default() + "\n"
}

fn named(slot: &SlotName) -> Option<&str> {
    match slot {
        SlotName::Default => None,
        SlotName::Named(name) => Some(name.as_str()),
    }
}

fn name(kind: EventKind) -> &'static str {
    match kind {
        EventKind::SessionEnding { .. } => "SessionEnding",
        EventKind::SignInNeeded => "SignInNeeded",
        EventKind::SignedIn => "SignedIn",
        EventKind::Denied => "Denied",
        EventKind::Misconfigured => "Misconfigured",
        EventKind::Unavailable => "Unavailable",
        EventKind::ShortLived => "ShortLived",
        EventKind::ClockOff => "ClockOff",
    }
}
