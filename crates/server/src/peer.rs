//! Who owns the other end of a loopback connection. The kernel is asked, not the peer.
//!
//! Only this module knows how; where the platform can't tell, the answer is [`Owner::Unknown`], and the
//! gate lets nobody in by it.

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
    /// The administrator: who could read this process's memory anyway.
    Root,
    /// Some other user.
    OtherUser,
    /// Not to be told: another network namespace, a socket that is closed, a platform without a way.
    Unknown,
}

/// A socket, and whose it is; for the audit log and the status. Nothing is decided by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Socket {
    pub(crate) uid: u32,
    pub(crate) inode: u32,
}

/// The number of the user that this process runs as, where users have numbers that mean something to us.
pub(crate) fn own_uid() -> Option<u32> {
    platform::own_uid()
}

/// Looks up the owners of sockets. Holds one socket to the kernel.
#[derive(Debug)]
pub struct Owners(Option<platform::Diagnostics>);

impl Owners {
    /// Opens the way to the kernel. Where there is none, every owner will be [`Owner::Unknown`].
    pub fn open() -> Self {
        let opened = platform::Diagnostics::open();
        if let Err(error) = &opened {
            tracing::warn!(%error, "the owners of connections cannot be looked up");
        }
        Self(opened.ok())
    }

    /// Who owns the far end of an established connection between `ours` and `theirs`, and which socket it is.
    pub(crate) fn of_peer(&self, ours: SocketAddr, theirs: SocketAddr) -> (Owner, Option<Socket>) {
        let nobody = (Owner::Unknown, None);
        self.0.as_ref().map_or(nobody, |diagnostics| diagnostics.of_peer(ours, theirs))
    }

    /// Who listens on `address`.
    pub fn of_listener(&self, address: SocketAddr) -> Owner {
        self.0.as_ref().map_or(Owner::Unknown, |diagnostics| diagnostics.of_listener(address))
    }
}
