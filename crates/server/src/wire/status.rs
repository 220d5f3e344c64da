//! `GET /status`: the server, and all that is loaded. No secret is in it.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::ProfileObject;

/// How a server stands. Instants are in Unix epoch seconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StatusObject {
    /// Of the server.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// The user that it runs as, where users have numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Since when it runs.
    pub started: i64,
    /// When this was told.
    pub time: i64,
    /// Where it listens.
    pub addresses: Vec<SocketAddr>,
    /// `http` or `https`.
    pub scheme: String,
    /// Whether its own user's programs need a token too.
    pub token_required: bool,
    /// Whether it refreshes slots.
    pub refreshes: bool,
    /// Whether it notes decisions in an audit log.
    pub audit_log: bool,
    /// How many of them are missing there.
    pub audit_lost: u64,
    /// How many connections are open; the one that asks is one of them.
    pub connections: usize,
    /// What is in the default slot; absent when nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<SlotObject>,
    /// What is in the named slots, by name.
    pub slots: Vec<SlotObject>,
    /// The SSO sessions that slots depend on, by the instances' names.
    pub sessions: Vec<SessionObject>,
}

/// What a slot holds, how it goes on, and who reads it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SlotObject {
    /// As in `GET /slot`.
    #[serde(flatten)]
    pub profile: ProfileObject,
    /// Since when its credentials are there; absent when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obtained: Option<i64>,
    /// When it is refreshed next; absent while it is, when a person is needed first, and when nobody can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_refresh: Option<i64>,
    /// How often credentials were handed out since it was loaded.
    pub reads: u64,
    /// When they were last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_read: Option<i64>,
    /// To whom, as far as it was looked for: at most once a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_reader: Option<ReaderObject>,
}

/// Who has read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReaderObject {
    /// The user of the program.
    pub uid: u32,
    /// Its process, if it was still there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    /// Where the program lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exe: Option<String>,
    /// When it read last.
    pub time: i64,
}

/// An SSO session that slots depend on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SessionObject {
    /// Whose sign-in it is.
    pub instance: String,
    /// When it ends; absent until that is known, which is some 20 minutes before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<i64>,
    /// Whether slots wait for somebody to sign in.
    pub sign_in_needed: bool,
}
