//! Linux: `NETLINK_SOCK_DIAG`, one look-up by exact addresses (sock_diag(7), `linux/inet_diag.h`).
//!
//! For the addresses of one socket, the kernel answers from its hash table in 2 to 4 µs, however many sockets exist. No
//! privilege is needed. A socket of another network namespace is not found.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fd::OwnedFd;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};

use super::{Owner, Socket};

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const IPPROTO_TCP: u8 = 6;
const NLM_F_REQUEST: u16 = 1;
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const INET_DIAG_NOCOOKIE: [u8; 8] = [0xff; 8];

/// `tcp_states.h`: the states of one end of a connection that a process holds: ESTABLISHED, FIN_WAIT1, FIN_WAIT2,
/// CLOSE_WAIT, LAST_ACK and CLOSING. Without such a socket, the kernel answers with one that listens at the same port.
const CONNECTED: [u8; 6] = [1, 4, 5, 8, 9, 11];

const REQUEST_LENGTH: usize = 72; // nlmsghdr 16 + inet_diag_req_v2 56
const REPLY_LENGTH: usize = 88; // nlmsghdr 16 + inet_diag_msg 72

pub(super) fn own_uid() -> Option<u32> {
    Some(rustix::process::geteuid().as_raw())
}

#[derive(Debug)]
pub(super) struct Diagnostics {
    socket: OwnedFd,
    sequence: AtomicU32,
    /// `None`: nobody can be known to be the same user.
    own_uid: Option<u32>,
}

impl Diagnostics {
    pub(super) fn open() -> io::Result<Self> {
        let socket = rustix::net::socket_with(
            AddressFamily::NETLINK,
            SocketType::DGRAM,
            SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
            Some(netlink::SOCK_DIAG),
        )?;
        rustix::net::connect(&socket, &SocketAddrNetlink::new(0, 0))?;
        let own_uid = files::own_uid();
        Ok(Self { socket, sequence: AtomicU32::new(0), own_uid })
    }

    pub(super) fn of_peer(&self, ours: SocketAddr, theirs: SocketAddr) -> (Owner, Option<Socket>) {
        // For the peer's socket, the peer's address is the source, and ours is the destination.
        let socket = self.look_up(theirs, ours);
        (self.owner(socket), socket)
    }

    fn owner(&self, socket: Option<Socket>) -> Owner {
        match socket.map(|socket| socket.uid) {
            Some(uid) if Some(uid) == self.own_uid => Owner::SameUser,
            Some(0) => Owner::Root,
            Some(_) => Owner::OtherUser,
            None => Owner::Unknown,
        }
    }

    fn look_up(&self, source: SocketAddr, destination: SocketAddr) -> Option<Socket> {
        self.try_look_up(source, destination).unwrap_or_else(|error| {
            tracing::debug!(%error, "the owner of a socket could not be looked up");
            None
        })
    }

    fn try_look_up(
        &self,
        source: SocketAddr,
        destination: SocketAddr,
    ) -> io::Result<Option<Socket>> {
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed);
        rustix::net::send(
            &self.socket,
            &request(sequence, source, destination),
            SendFlags::empty(),
        )?;
        let mut buffer = [0_u8; 512];
        loop {
            // The kernel answers within `send`, so no answer means that it refused.
            let (_, length) =
                rustix::net::recv(&self.socket, &mut buffer[..], RecvFlags::DONTWAIT)?;
            let reply = buffer.get(..length).unwrap_or_default();
            if u32_at(reply, 8) == Some(sequence) {
                return Ok(socket_in(reply));
            }
        }
    }
}

/// `struct nlmsghdr` and `struct inet_diag_req_v2`, in native byte order except for the addresses.
fn request(sequence: u32, source: SocketAddr, destination: SocketAddr) -> Vec<u8> {
    let family = if source.is_ipv4() { AF_INET } else { AF_INET6 };
    let mut bytes = Vec::with_capacity(REQUEST_LENGTH);
    bytes.extend_from_slice(&(REQUEST_LENGTH as u32).to_ne_bytes());
    bytes.extend_from_slice(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    bytes.extend_from_slice(&NLM_F_REQUEST.to_ne_bytes());
    bytes.extend_from_slice(&sequence.to_ne_bytes());
    bytes.extend_from_slice(&[0; 4]); // nlmsg_pid: the kernel fills it in
    bytes.extend_from_slice(&[family, IPPROTO_TCP, 0, 0]);
    bytes.extend_from_slice(&u32::MAX.to_ne_bytes()); // idiag_states: all; the reply's is checked
    bytes.extend_from_slice(&source.port().to_be_bytes());
    bytes.extend_from_slice(&destination.port().to_be_bytes());
    bytes.extend_from_slice(&octets(source));
    bytes.extend_from_slice(&octets(destination));
    bytes.extend_from_slice(&[0; 4]); // idiag_if: any
    bytes.extend_from_slice(&INET_DIAG_NOCOOKIE);
    bytes
}

/// `idiag_src` and `idiag_dst`: four words, of which IPv4 uses the first.
fn octets(address: SocketAddr) -> [u8; 16] {
    match address.ip() {
        IpAddr::V6(ip) => ip.octets(),
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        }
    }
}

/// `idiag_uid` and `idiag_inode` of a reply, if the socket is an end of a connection and a process still holds it.
///
/// A closed socket stays in the kernel for a while with inode 0, on older kernels with root as its user.
fn socket_in(reply: &[u8]) -> Option<Socket> {
    let kind = u16::from_ne_bytes(reply.get(4..6)?.try_into().ok()?);
    let is_connected = reply.get(17).is_some_and(|state| CONNECTED.contains(state));
    let found = kind == SOCK_DIAG_BY_FAMILY && reply.len() >= REPLY_LENGTH && is_connected;
    let socket = Socket { uid: u32_at(reply, 80)?, inode: u32_at(reply, 84)? };
    (found && socket.inode != 0).then_some(socket)
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    let word = bytes.get(offset..)?.first_chunk::<4>()?;
    Some(u32::from_ne_bytes(*word))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    fn pair(address: &str) -> (TcpStream, TcpStream, TcpListener) {
        let listener = TcpListener::bind(address).unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (served, _) = listener.accept().unwrap();
        (client, served, listener)
    }

    fn owner_of_far_end(of: &TcpStream) -> Owner {
        far_end(of).0
    }

    fn far_end(of: &TcpStream) -> (Owner, Option<Socket>) {
        let diagnostics = Diagnostics::open().unwrap();
        diagnostics.of_peer(of.local_addr().unwrap(), of.peer_addr().unwrap())
    }

    #[test]
    fn our_own_connection_has_its_owner_in_both_families() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let (client, served, _listener) = pair(address);
            assert_eq!(owner_of_far_end(&served), Owner::SameUser, "{address}");
            let inode = inode_of(&client);
            assert_eq!(far_end(&served).1.map(|socket| socket.inode), Some(inode), "{address}");
            assert_eq!(
                owner_of_far_end(&client),
                Owner::SameUser,
                "{address}: the other way round"
            );
        }
    }

    fn inode_of(stream: &TcpStream) -> u32 {
        use std::os::unix::fs::MetadataExt as _;
        let file = std::fs::File::from(OwnedFd::from(stream.try_clone().unwrap()));
        file.metadata().unwrap().ino().try_into().unwrap()
    }

    #[test]
    fn a_connection_that_is_closed_in_one_direction_has_its_owner() {
        let (client, served, _listener) = pair("127.0.0.1:0");
        client.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(owner_of_far_end(&served), Owner::SameUser);
        assert_eq!(owner_of_far_end(&client), Owner::SameUser);
    }

    #[test]
    fn a_socket_that_listens_at_the_peers_port_is_not_the_peer() {
        let (client, served, listener) = pair("127.0.0.1:0");
        let there = listener.local_addr().unwrap();
        drop((client, served));
        let nowhere = "127.0.0.1:1".parse().unwrap();
        assert_eq!(Diagnostics::open().unwrap().of_peer(nowhere, there), (Owner::Unknown, None));
    }

    #[test]
    fn a_closed_connection_has_no_owner() {
        let (client, served, _listener) = pair("127.0.0.1:0");
        drop(client);
        assert_eq!(far_end(&served), (Owner::Unknown, None));
    }

    #[test]
    fn a_connection_that_nobody_has_accepted_has_no_owner() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert_eq!(owner_of_far_end(&client), Owner::Unknown);
        let _served = listener.accept().unwrap();
        drop(listener);
        assert_eq!(owner_of_far_end(&client), Owner::SameUser);
    }

    #[test]
    fn a_connection_that_does_not_exist_has_no_owner() {
        let diagnostics = Diagnostics::open().unwrap();
        let nowhere = "127.0.0.1:1".parse().unwrap();
        assert_eq!(diagnostics.of_peer(nowhere, nowhere), (Owner::Unknown, None));
    }

    #[test]
    fn truncated_replies_give_no_owner() {
        let mut reply = vec![0_u8; REPLY_LENGTH];
        reply[4..6].copy_from_slice(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
        reply[17] = 1;
        reply[80] = 7;
        reply[84] = 1;
        let socket = Socket { uid: 7, inode: 1 };
        assert_eq!(socket_in(&reply), Some(socket));
        for length in 0..REPLY_LENGTH {
            assert_eq!(socket_in(&reply[..length]), None, "{length} bytes");
        }
    }
}
