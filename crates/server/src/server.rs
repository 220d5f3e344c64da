//! The server as a whole: accepts connections until it is told to stop, then lets them finish.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use credentials::{Clock, Profile};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::connection;
use crate::connections::Connections;
use crate::gate::Peer;
use crate::listener::Listeners;
use crate::peer::{Owner, Owners};
use crate::routes::Router;
use crate::slots::{Slot, Slots};

/// How long requests in flight may take when the server stops.
const DRAIN: Duration = Duration::from_secs(5);
/// The waits between tries when connections can't be accepted.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// A server that is ready to run.
pub struct Server {
    listeners: Listeners,
    acceptor: Acceptor,
}

/// What accepting a connection needs; one for all listeners.
#[derive(Clone)]
struct Acceptor {
    router: Arc<Router>,
    connections: Arc<Connections>,
    owners: Arc<Owners>,
}

/// The default slot's credentials don't fit into an answer.
#[derive(Debug, thiserror::Error)]
#[error("the credentials are larger than SDKs read (10000 bytes)")]
pub struct TooLarge;

impl Server {
    /// A server on these sockets, with `default` loaded before anybody can ask.
    ///
    /// # Errors
    /// The credentials of `default` are larger than SDKs read.
    pub fn new(
        listeners: Listeners,
        default: Option<Profile>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, TooLarge> {
        let slot = default.map(Slot::new).transpose().map_err(|_| TooLarge)?;
        let acceptor = Acceptor {
            router: Arc::new(Router::new(Slots::with_default(slot), clock)),
            connections: Arc::new(Connections::default()),
            owners: Arc::new(Owners::open()),
        };
        Ok(Self { listeners, acceptor })
    }

    /// Serves until `stop` is ready, then finishes what is in flight, for 5 s at most.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let connections = Arc::clone(&self.acceptor.connections);
        let mut accepting = JoinSet::new();
        for listener in self.listeners.into_inner() {
            accepting.spawn(self.acceptor.clone().accept_all(listener));
        }
        tokio::select! {
            () = stop => {}
            () = connections.watch_time() => {}
        }
        accepting.shutdown().await;
        if tokio::time::timeout(DRAIN, connections.drain()).await.is_err() {
            tracing::warn!("some requests were cut off");
        }
    }
}

impl Acceptor {
    async fn accept_all(self, listener: TcpListener) {
        let mut wait = FIRST_WAIT;
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    wait = FIRST_WAIT;
                    self.admit(stream).await;
                }
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => {
                    // Out of file descriptors or memory. Trying at once would burn the processor.
                    tracing::warn!(%error, "connections cannot be accepted at the moment");
                    self.connections.make_room();
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
            }
        }
    }

    async fn admit(&self, stream: TcpStream) {
        let Some(peer) = self.peer_of(&stream) else {
            return;
        };
        let Some(ticket) = self.connections.admit(peer.owner).await else {
            tracing::debug!("another user has too many connections; one was closed");
            return;
        };
        // An answer is one write; nothing is gained by waiting for more of it.
        let _ = stream.set_nodelay(true);
        let router = Arc::clone(&self.router);
        tokio::spawn(connection::serve(stream, ticket, router, peer));
    }

    /// Who is at the far end; `None` when nobody is any more.
    fn peer_of(&self, stream: &TcpStream) -> Option<Peer> {
        let (ours, theirs) = (stream.local_addr().ok()?, stream.peer_addr().ok()?);
        let owner = self.owners.of_peer(ours, theirs);
        // If the peer had reset the connection, its port might by now be another process's, and that one's
        // owner have been found. A reset leaves an error on our end.
        let is_reset = !matches!(stream.take_error(), Ok(None));
        if owner != Owner::SameUser {
            tracing::debug!(?owner, "a connection that is not our user's");
        }
        (!is_reset).then(|| Peer { owner, port: ours.port() })
    }
}

/// Errors of accept(2) that concern a connection which is gone already.
fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
