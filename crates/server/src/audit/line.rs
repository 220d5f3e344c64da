//! A line of the log, as JSON. docs/reference/audit.md documents the keys.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use credentials::{SlotName, Timestamp};
use serde::{Deserialize, Serialize};

use super::record::{Record, Role};
use crate::refusal::Refusal;
use crate::request::Verb;

/// One line: a decision, or the number of missing decisions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AuditLine<'a> {
    /// RFC 3339 in UTC, with milliseconds.
    #[serde(borrow)]
    pub time: Cow<'a, str>,
    /// `read`, `list`, `load`, `unload`, `health`, `none`; `audit` for a line about the log itself.
    #[serde(borrow)]
    pub verb: Cow<'a, str>,
    /// The named slot.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub slot: Option<Cow<'a, str>>,
    /// Whether it is the default slot. Separate from the name, because a named slot may have any name.
    pub default_slot: bool,
    /// The role's profile name.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Cow<'a, str>>,
    /// The account, if known.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<Cow<'a, str>>,
    /// The role, if known.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub role_name: Option<Cow<'a, str>>,
    /// `allowed`; `refused` by a rule; or `failed`, because there was nothing to serve.
    #[serde(borrow)]
    pub outcome: Cow<'a, str>,
    /// The HTTP status of the answer.
    #[serde(skip_serializing_if = "is_zero")]
    pub status: u16,
    /// The number of decisions missing here.
    #[serde(skip_serializing_if = "is_zero")]
    pub lost: u64,
    /// Why it was refused or failed.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'a, str>>,
    /// The serial of the authorization token.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub token: Option<Cow<'a, str>>,
    /// The user id of the peer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The process id of the peer, if it still ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// The peer's program.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub exe: Option<Cow<'a, str>>,
    /// Whether the program is known to forward connections of others.
    #[serde(skip_serializing_if = "is_zero")]
    pub forwarder: bool,
}

/// A buffer of lines.
///
/// Most lines are similar to the one before, so the time, the role and the program are formatted once and reused.
#[derive(Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    count: u64,
    /// The last time that was written, in milliseconds and as text.
    instant: Option<i64>,
    time: String,
    /// The role and slot that were read last, and their part of the line.
    last_read: Option<(Arc<Role>, Option<SlotName>)>,
    read: Vec<u8>,
}

/// The middle of a line: the decision.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct What<'a> {
    verb: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    slot: Option<&'a str>,
    default_slot: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_name: Option<&'a str>,
    outcome: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Cow<'static, str>>,
}

impl Lines {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.count = 0;
    }

    /// Writes a decision; `program` is the end of the line, as [`members`] of an object.
    pub(super) fn push(&mut self, record: &Record, program: Option<&str>) {
        self.set_time(record.at);
        self.bytes.extend_from_slice(b"{\"Time\":\"");
        self.bytes.extend_from_slice(self.time.as_bytes());
        self.bytes.extend_from_slice(b"\",");
        match &record.outcome {
            Ok(Some(role)) if record.verb == Verb::Read => {
                let is_same = |(last, slot): &(Arc<Role>, Option<SlotName>)| {
                    Arc::ptr_eq(last, role) && *slot == record.slot
                };
                if !self.last_read.as_ref().is_some_and(is_same) {
                    self.read = members(&What::of(record)).into_bytes();
                    self.last_read = Some((Arc::clone(role), record.slot.clone()));
                }
                self.bytes.extend_from_slice(&self.read);
            }
            _ => self.bytes.extend_from_slice(members(&What::of(record)).as_bytes()),
        }
        // Writing to memory cannot fail.
        if let Some(serial) = record.requester.token {
            write!(self.bytes, ",\"Token\":\"{serial}\"").ok();
        }
        if let Some(socket) = record.requester.socket {
            write!(self.bytes, ",\"Uid\":{}", socket.uid).ok();
        }
        if let Some(program) = program {
            self.bytes.push(b',');
            self.bytes.extend_from_slice(program.as_bytes());
        }
        self.bytes.extend_from_slice(b"}\n");
        self.count += 1;
    }

    /// Writes a line for missing decisions.
    pub(super) fn push_lost(&mut self, at: Timestamp, lost: u64, reason: &str) {
        self.set_time(at);
        let line = AuditLine {
            time: self.time.as_str().into(),
            verb: "audit".into(),
            outcome: "failed".into(),
            lost,
            reason: Some(reason.into()),
            ..AuditLine::default()
        };
        // These types always serialize to JSON.
        serde_json::to_writer(&mut self.bytes, &line).ok();
        self.bytes.push(b'\n');
        self.count += 1;
    }

    fn set_time(&mut self, at: Timestamp) {
        let instant = at.as_millisecond();
        if self.instant != Some(instant) {
            self.instant = Some(instant);
            self.time.clear();
            write!(self.time, "{at:.3}").ok();
        }
    }
}

impl<'a> What<'a> {
    fn of(record: &'a Record) -> Self {
        let role = record.outcome.as_ref().ok().and_then(Option::as_deref);
        let principal = role.map(|role| &role.principal);
        let refusal = record.outcome.as_ref().err();
        let text = refusal.map(Refusal::text);
        Self {
            verb: record.verb.name(),
            slot: match &record.slot {
                Some(SlotName::Named(name)) => Some(name.as_str()),
                Some(SlotName::Default) | None => None,
            },
            default_slot: record.slot == Some(SlotName::Default),
            profile: role.map(|role| role.profile.as_str()),
            account_id: principal.and_then(|of| of.account_id.as_ref()).map(|id| id.as_str()),
            role_name: principal.and_then(|of| of.role_name.as_ref()).map(|name| name.as_str()),
            outcome: outcome(refusal),
            status: text.as_ref().map_or(200, |text| text.status.as_u16()),
            reason: text.map(|text| text.message),
        }
    }
}

/// A JSON object without its braces, as a part of a larger one.
pub(super) fn members(object: &impl Serialize) -> String {
    // These types always serialize to JSON.
    let json = serde_json::to_string(object).unwrap_or_default();
    let members = json.strip_prefix('{').and_then(|json| json.strip_suffix('}'));
    members.unwrap_or_default().to_owned()
}

/// Whether a rule refused it.
pub(super) fn is_refused(record: &Record) -> bool {
    outcome(record.outcome.as_ref().err()) == REFUSED
}

/// Separates requests that a rule refused from requests that failed.
fn outcome(refusal: Option<&Refusal>) -> &'static str {
    match refusal {
        None => "allowed",
        Some(
            Refusal::NothingLoaded
            | Refusal::NoSuchSlot(_)
            | Refusal::Expired(..)
            | Refusal::NotRefreshed(_)
            | Refusal::Refreshing(_),
        ) => "failed",
        Some(_) => REFUSED,
    }
}

fn is_zero<T: PartialEq + Default>(number: &T) -> bool {
    *number == T::default()
}

const REFUSED: &str = "refused";
