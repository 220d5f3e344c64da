//! The server's own part of the status.

use std::net::SocketAddr;
use std::sync::Arc;

use credentials::Timestamp;

use crate::audit::Audit;
use crate::connections::Connections;
use crate::peer;
use crate::slots::{Now, Statuses};
use crate::wire::StatusObject;

/// The constant facts of a server, and the places of the changing ones.
pub(crate) struct About {
    pub(crate) started: Timestamp,
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) speaks_https: bool,
    pub(crate) requires_token: bool,
    pub(crate) refreshes: bool,
    pub(crate) audit: Option<Audit>,
    pub(crate) connections: Arc<Connections>,
}

impl About {
    /// The status of the server, including its slots.
    pub(crate) fn status(&self, statuses: Statuses, now: Now) -> StatusObject {
        let Statuses { default, named, sessions } = statuses;
        StatusObject {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            uid: peer::own_uid(),
            started: self.started.as_second(),
            time: now.wall.as_second(),
            addresses: self.addresses.clone(),
            scheme: if self.speaks_https { "https" } else { "http" }.to_owned(),
            token_required: self.requires_token,
            refreshes: self.refreshes,
            audit_log: self.audit.is_some(),
            audit_lost: self.audit.as_ref().map_or(0, Audit::missing),
            connections: self.connections.count(),
            default,
            slots: named,
            sessions,
        }
    }
}
