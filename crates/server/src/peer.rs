//! The owner of the other end of a loopback connection. The answer comes from the kernel, not from the peer.
//!
//! If the platform has no such look-up, the answer is [`Owner::Unknown`], and the gate does not accept it.

use std::net::SocketAddr;

#[cfg(target_os = "linux")]
#[path = "peer/linux.rs"]
mod platform;
#[cfg(not(target_os = "linux"))]
#[path = "peer/unknown.rs"]
mod platform;

/// The owner of a socket on this host, as seen from this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The user that this process runs as.
    SameUser,
    /// The administrator, who could read this process's memory anyway.
    Root,
    /// Another user.
    OtherUser,
    /// Not known: another network namespace, a closed socket, or a platform without a look-up.
    Unknown,
}

/// A socket and its user, for the audit log and the status. It decides nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Socket {
    pub(crate) uid: u32,
    pub(crate) inode: u32,
}

/// The user id of this process, on platforms that have user ids.
pub(crate) fn own_uid() -> Option<u32> {
    platform::own_uid()
}

/// The look-up of owners of sockets. Holds one socket to the kernel.
#[derive(Debug)]
pub struct Owners(Option<platform::Diagnostics>);

impl Owners {
    /// Opens the socket to the kernel. If that fails, every owner is [`Owner::Unknown`].
    pub fn open() -> Self {
        let opened = platform::Diagnostics::open();
        if let Err(error) = &opened {
            tracing::warn!(%error, "the owners of connections cannot be looked up");
        }
        Self(opened.ok())
    }

    /// The owner and the socket at the other end of an established connection between `ours` and `theirs`.
    pub(crate) fn of_peer(&self, ours: SocketAddr, theirs: SocketAddr) -> (Owner, Option<Socket>) {
        let nobody = (Owner::Unknown, None);
        self.0.as_ref().map_or(nobody, |diagnostics| diagnostics.of_peer(ours, theirs))
    }

    /// The owner of the other end of an established connection between `ours` and `theirs`. It is unknown until a
    /// program has accepted the connection.
    pub fn of_connection(&self, ours: SocketAddr, theirs: SocketAddr) -> Owner {
        self.of_peer(ours, theirs).0
    }

    /// Whether this platform has a look-up of owners.
    pub fn can_tell(&self) -> bool {
        self.0.is_some()
    }
}
