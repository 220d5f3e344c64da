//! A line of the log, as JSON. Its keys are promised in docs/audit.md.

use std::borrow::Cow;
use std::fmt::Write as _;

use credentials::{SlotName, Timestamp};
use serde::{Deserialize, Serialize};

use super::record::Record;
use super::who::Program;
use crate::refusal::Refusal;

/// One line: a decision, or how many of them are missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AuditLine<'a> {
    /// RFC 3339 in UTC, with milliseconds.
    #[serde(borrow)]
    pub time: Cow<'a, str>,
    /// `read`, `list`, `load`, `unload`, `health`, `none`; `audit` for what is said of the log itself.
    #[serde(borrow)]
    pub verb: Cow<'a, str>,
    /// The named slot.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub slot: Option<Cow<'a, str>>,
    /// Beside the name, because a named slot may have any name.
    pub default_slot: bool,
    /// Whose credentials they are.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Cow<'a, str>>,
    /// Their account, where it is known.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<Cow<'a, str>>,
    /// Their role, where it is known.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub role_name: Option<Cow<'a, str>>,
    /// `allowed`; `refused`, by a rule; or `failed`, because there was nothing to serve.
    #[serde(borrow)]
    pub outcome: Cow<'a, str>,
    /// The status of the answer.
    #[serde(skip_serializing_if = "is_zero")]
    pub status: u16,
    /// How many decisions are missing here.
    #[serde(skip_serializing_if = "is_zero")]
    pub lost: u64,
    /// Why not.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'a, str>>,
    /// The serial of the authorization token.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub token: Option<Cow<'a, str>>,
    /// The user of the far end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// The process of the far end, if it was still there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Its program.
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub exe: Option<Cow<'a, str>>,
}

/// Writes lines into a buffer.
#[derive(Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    count: u64,
    /// The last instant that was written, in milliseconds and as text: most lines have their neighbour's.
    instant: Option<i64>,
    time: String,
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

    /// Writes a decision.
    pub(super) fn push(&mut self, record: &Record, program: Option<&Program>) {
        let (profile, account_id, role_name) = match &record.outcome {
            Ok(Some(role)) => (
                Some(role.profile.as_str()),
                role.principal.account_id.as_ref().map(|id| id.as_str()),
                role.principal.role_name.as_ref().map(|name| name.as_str()),
            ),
            _ => (None, None, None),
        };
        let slot = match &record.slot {
            Some(SlotName::Named(name)) => Some(name.as_str()),
            Some(SlotName::Default) | None => None,
        };
        let refusal = record.outcome.as_ref().err();
        self.set_time(record.at);
        let line = AuditLine {
            time: self.time.as_str().into(),
            verb: record.verb.name().into(),
            slot: slot.map(Cow::from),
            default_slot: record.slot == Some(SlotName::Default),
            profile: profile.map(Cow::from),
            account_id: account_id.map(Cow::from),
            role_name: role_name.map(Cow::from),
            outcome: outcome(refusal).into(),
            status: refusal.map_or(200, |refusal| refusal.status().as_u16()),
            lost: 0,
            reason: refusal.map(|refusal| refusal.message().into()),
            token: record.asker.token.map(|serial| serial.to_string().into()),
            uid: record.asker.socket.map(|peer| peer.uid),
            pid: program.map(|program| program.pid),
            exe: program.map(|program| program.exe.as_str().into()),
        };
        write(&mut self.bytes, &line);
        self.count += 1;
    }

    /// Writes that decisions are missing here.
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
        write(&mut self.bytes, &line);
        self.count += 1;
    }

    fn set_time(&mut self, at: Timestamp) {
        let instant = at.as_millisecond();
        if self.instant != Some(instant) {
            self.instant = Some(instant);
            self.time.clear();
            let _ = write!(self.time, "{at:.3}");
        }
    }
}

fn write(bytes: &mut Vec<u8>, line: &AuditLine<'_>) {
    // Nothing in it can fail to be JSON.
    let _ = serde_json::to_writer(&mut *bytes, line);
    bytes.push(b'\n');
}

/// Whether a rule said no to it.
pub(super) fn is_refused(record: &Record) -> bool {
    outcome(record.outcome.as_ref().err()) == REFUSED
}

/// What nobody was let do is told apart from what could not be done.
fn outcome(refusal: Option<&Refusal>) -> &'static str {
    match refusal {
        None => "allowed",
        Some(
            Refusal::NothingLoaded
            | Refusal::NoSuchSlot
            | Refusal::Expired
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
