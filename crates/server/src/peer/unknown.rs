//! Platforms without a look-up of owners.
//!
//! macOS has `net.inet.tcp.pcblist_n`, Windows has `GetExtendedTcpTable`. We have tried neither.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;

use super::{Owner, Socket};

pub(super) fn own_uid() -> Option<u32> {
    None
}

#[derive(Debug)]
pub(super) struct Diagnostics(Infallible);

impl Diagnostics {
    pub(super) fn open() -> io::Result<Self> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }

    pub(super) fn of_peer(
        &self,
        _ours: SocketAddr,
        _theirs: SocketAddr,
    ) -> (Owner, Option<Socket>) {
        match self.0 {}
    }
}
