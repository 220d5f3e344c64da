//! The listening sockets: both loopback families on one port, or sockets from systemd.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

/// Maximum number of connections that the kernel queues until the server accepts them.
const BACKLOG: u32 = 1024;
/// Maximum number of attempts to find a port that is free in both families.
const MAX_TRIES: u32 = 16;

/// Listening sockets, all on loopback.
#[derive(Debug)]
pub struct Listeners(Vec<TcpListener>);

/// Why the server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another program listens there.
    #[error("{0} is in use by another program")]
    InUse(SocketAddr),
    /// The port needs a privilege.
    #[error("listening on {0} needs a privilege")]
    Denied(SocketAddr),
    /// The host has no loopback address at all.
    #[error("this host has neither 127.0.0.1 nor ::1")]
    NoLoopback,
    /// A socket from systemd is reachable from other hosts.
    #[error("the socket from systemd listens on {0}, which is not a loopback address")]
    NotLoopback(SocketAddr),
    /// Anything else.
    #[error("cannot listen on {address}: {source}")]
    Other {
        /// The address to listen on.
        address: SocketAddr,
        /// The error of the system.
        source: io::Error,
    },
    /// A socket from systemd cannot be used.
    #[error("the socket from systemd cannot be used: {0}")]
    Unusable(io::Error),
}

impl Listeners {
    /// Listens on 127.0.0.1 and ::1, so that no other user can take one of them. Port 0 means a free port. A family
    /// that the host does not have is skipped with a warning.
    ///
    /// # Errors
    /// See [`ListenError`]. Needs a tokio runtime.
    pub fn bind(port: u16) -> Result<Self, ListenError> {
        let mut tries = 0;
        loop {
            let bound = bind_both(port);
            tries += 1;
            match bound {
                // The port that the first family got was taken in the second.
                Err(ListenError::InUse(_)) if port == 0 && tries < MAX_TRIES => {}
                _ => return bound,
            }
        }
    }

    /// Uses listening sockets from systemd's socket activation (sd_listen_fds(3)).
    ///
    /// # Errors
    /// One of them is not on loopback, or is not a listening socket.
    pub fn adopt(sockets: Vec<std::net::TcpListener>) -> Result<Self, ListenError> {
        let adopt = |socket: std::net::TcpListener| {
            let address = socket.local_addr().map_err(ListenError::Unusable)?;
            if !address.ip().is_loopback() {
                return Err(ListenError::NotLoopback(address));
            }
            socket.set_nonblocking(true).map_err(ListenError::Unusable)?;
            TcpListener::from_std(socket).map_err(ListenError::Unusable)
        };
        sockets.into_iter().map(adopt).collect::<Result<_, _>>().map(Self)
    }

    /// The addresses that it listens on.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.0.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    pub(crate) fn into_inner(self) -> Vec<TcpListener> {
        self.0
    }
}

fn bind_both(port: u16) -> Result<Listeners, ListenError> {
    let mut listeners = Vec::new();
    let mut port = port;
    for ip in [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)] {
        let address = SocketAddr::new(ip, port);
        match listen(address) {
            Ok(listener) => {
                port = listener.local_addr().map_or(port, |address| address.port());
                listeners.push(listener);
            }
            Err(error) if is_family_missing(&error) => {
                tracing::warn!(%ip, "this host does not have the address; the server does not listen on it");
            }
            Err(error) => return Err(listen_error(address, error)),
        }
    }
    if listeners.is_empty() { Err(ListenError::NoLoopback) } else { Ok(Listeners(listeners)) }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // On Unix, a restart need not wait for TIME_WAIT. On Windows, other programs could take the port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn is_family_missing(error: &io::Error) -> bool {
    const EAFNOSUPPORT: i32 = 97; // Linux; other systems use the kinds below
    matches!(error.kind(), ErrorKind::AddrNotAvailable | ErrorKind::Unsupported)
        || (cfg!(target_os = "linux") && error.raw_os_error() == Some(EAFNOSUPPORT))
}

fn listen_error(address: SocketAddr, source: io::Error) -> ListenError {
    let kind = source.kind();
    if kind == ErrorKind::AddrInUse {
        ListenError::InUse(address)
    } else if kind == ErrorKind::PermissionDenied {
        ListenError::Denied(address)
    } else {
        ListenError::Other { address, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn both_families_listen_on_one_free_port() {
        let addresses = Listeners::bind(0).unwrap().addresses();
        let [v4, v6] = addresses[..] else { panic!("{addresses:?}") };
        assert_eq!(v4.ip(), Ipv4Addr::LOCALHOST);
        assert_eq!(v6.ip(), Ipv6Addr::LOCALHOST);
        assert_eq!(v4.port(), v6.port());
        assert_ne!(v4.port(), 0);
    }

    #[tokio::test]
    async fn a_port_that_is_used_in_either_family_is_in_use() {
        for taken in ["127.0.0.1:0", "[::1]:0"] {
            let other = std::net::TcpListener::bind(taken).unwrap();
            let address = other.local_addr().unwrap();
            let error = Listeners::bind(address.port()).unwrap_err();
            assert!(matches!(error, ListenError::InUse(at) if at == address), "{error}");
        }
    }

    #[tokio::test]
    async fn sockets_that_others_could_reach_are_refused() {
        let open = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
        let error = Listeners::adopt(vec![open]).unwrap_err();
        assert!(matches!(error, ListenError::NotLoopback(_)), "{error}");
        let loopback = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        assert_eq!(Listeners::adopt(vec![loopback]).unwrap().addresses().len(), 1);
    }
}
