//! `GET /status`: the server and all slots, without secrets.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::ProfileObject;

/// The status of a server. Times are in Unix epoch seconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StatusObject {
    /// The version of the server.
    pub version: String,
    /// The process id of the server.
    pub pid: u32,
    /// The user id that it runs as, on platforms that have user ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// When it started.
    pub started: i64,
    /// The time of this answer.
    pub time: i64,
    /// The addresses that it listens on.
    pub addresses: Vec<SocketAddr>,
    /// `http` or `https`.
    pub scheme: String,
    /// Whether programs of its own user also need a token.
    pub token_required: bool,
    /// Whether it refreshes slots.
    pub refreshes: bool,
    /// Whether it writes an audit log.
    pub audit_log: bool,
    /// The number of decisions that are missing in the log.
    pub audit_lost: u64,
    /// The number of open connections, including this one.
    pub connections: usize,
    /// The default slot; absent if it is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<SlotObject>,
    /// The named slots, sorted by name.
    pub slots: Vec<SlotObject>,
    /// The SSO sessions that slots depend on, sorted by instance.
    pub sessions: Vec<SessionObject>,
}

/// The status of a slot: its content, its next refresh and its last reader.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SlotObject {
    /// As in `GET /slot`.
    #[serde(flatten)]
    pub profile: ProfileObject,
    /// When its credentials were obtained; absent if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obtained: Option<i64>,
    /// When it is refreshed next; absent during a refresh, if a person must act first, and if it has no source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_refresh: Option<i64>,
    /// How often its credentials were read since it was loaded.
    pub reads: u64,
    /// The time of the last read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_read: Option<i64>,
    /// The last reader that was searched. There is at most one search a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_reader: Option<ReaderObject>,
    /// The last reader that is known to forward connections of others, such as `socat`. Other readers do not replace it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_forwarder: Option<ReaderObject>,
}

/// A program that has read a slot.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReaderObject {
    /// The user id of the program.
    pub uid: u32,
    /// Its process id, if it still ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// The path of the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exe: Option<String>,
    /// The time of its last read.
    pub time: i64,
}

/// An SSO session that slots depend on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SessionObject {
    /// The instance.
    pub instance: String,
    /// When it ends; absent until it is known, about 20 minutes before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<i64>,
    /// Whether slots wait for a sign-in.
    pub sign_in_needed: bool,
}
