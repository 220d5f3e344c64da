//! The server as a whole: accepts connections until it is stopped, then lets them finish.

use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use credentials::{Clock, Profile, ProfileName, Source};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::audit::{Audit, AuditLog};
use crate::connection;
use crate::connections::{Connections, Stranger};
use crate::event::Event;
use crate::gate::{Gate, Peer};
use crate::listener::Listeners;
use crate::names::Names;
use crate::peer::{Owner, Owners, Socket};
use crate::provider::Provider;
use crate::refresher::Refresher;
use crate::routes::Router;
use crate::slot_list::{Keeper, SlotList, Unreadable};
use crate::slots::{Now, Slots};
use crate::status::About;
use crate::tls::{Tls, handshake};
use crate::token::{AuthorizationToken, Scope, TokenStore, TokenStoreError, Tokens};
use crate::wire::Upload;

/// Maximum time for the current requests when the server stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// First and longest delay between attempts when connections cannot be accepted.
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(50);
const MAX_RETRY_DELAY: Duration = Duration::from_secs(1);

/// A server that is ready to run.
pub struct Server {
    listeners: Listeners,
    gate: Gate,
    tls: Option<Tls>,
    slots: Arc<Slots>,
    clock: Arc<dyn Clock>,
    refresher: Option<Refresher>,
    keeper: Option<Keeper>,
    audit: Option<AuditLog>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}

/// What the background refresh needs.
pub struct Refreshing {
    /// The provider of credentials.
    pub provider: Arc<dyn Provider>,
    /// The receiver of events.
    pub events: mpsc::Sender<Event>,
    /// The file of the slot list. `None`: no list is kept.
    pub list: Option<SlotList>,
}

impl fmt::Debug for Refreshing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refreshing").finish_non_exhaustive()
    }
}

/// What all listeners share to accept connections.
#[derive(Clone)]
struct Acceptor {
    router: Arc<Router>,
    connections: Arc<Connections>,
    owners: Arc<Owners>,
    audit: Option<Audit>,
    tls: Option<Tls>,
}

/// An error: the default slot's credentials do not fit into an answer.
#[derive(Debug, thiserror::Error)]
#[error("the credentials are larger than SDKs accept (10000 bytes)")]
pub struct TooLarge;

impl Server {
    /// Builds a server on these sockets. Without `refreshing`, slots hold only the credentials that are handed in.
    /// `seed` is for the jitter of refreshes.
    pub fn new(
        listeners: Listeners,
        clock: Arc<dyn Clock>,
        refreshing: Option<Refreshing>,
        seed: u64,
    ) -> Self {
        let slots = Arc::new(Slots::new(refreshing.is_some(), seed));
        let (refresher, keeper) = match refreshing {
            Some(Refreshing { provider, events, list }) => (
                Some(Refresher::new(Arc::clone(&slots), provider, Arc::clone(&clock), events)),
                list.map(|list| Keeper::new(list, Arc::clone(&slots))),
            ),
            None => (None, None),
        };
        let (gate, tls) = (Gate::default(), None);
        Self { listeners, gate, tls, slots, clock, refresher, keeper, audit: None }
    }

    /// Accepts the authorization tokens of this store.
    ///
    /// # Errors
    /// The key cannot be read or created. Then no token is accepted.
    pub fn accept_tokens(&mut self, store: TokenStore) -> Result<(), TokenStoreError> {
        self.gate.tokens = Some(Tokens::open(store, Arc::clone(&self.clock))?);
        Ok(())
    }

    /// Makes a token and requires it from every requester. No other token is accepted. Its key is only in memory.
    ///
    /// # Errors
    /// The system has no random numbers, or the scope is too large for a token.
    pub fn require_one_token(
        &mut self,
        scope: Scope,
    ) -> Result<AuthorizationToken, TokenStoreError> {
        let (tokens, token) = Tokens::one(scope)?;
        self.gate.tokens = Some(tokens);
        self.require_token();
        Ok(token)
    }

    /// Requires a token from every requester, including the server's own user.
    pub fn require_token(&mut self) {
        self.gate.requires_token = true;
    }

    /// Records every decision in this log.
    pub fn set_audit_log(&mut self, log: AuditLog) {
        self.audit = Some(log);
    }

    /// Speaks only HTTPS, on every socket. Accepts these names besides loopback's.
    pub fn use_https(&mut self, tls: Tls, names: Names) {
        self.tls = Some(tls);
        self.gate.names = names;
    }

    /// Loads the default slot before the server runs.
    ///
    /// # Errors
    /// The credentials are larger than SDKs accept.
    pub fn load(&self, default: Profile) -> Result<(), TooLarge> {
        let upload = Upload::Credentials(default);
        self.slots.start_with(upload, Now::by(&*self.clock)).map_err(|_| TooLarge)
    }

    /// Gives the default slot a source, which fills it as soon as possible. Without a refresher, the slot stays empty.
    pub fn load_from(&self, name: ProfileName, source: Source) {
        self.slots.start_with(Upload::Source(name, source), Now::by(&*self.clock)).ok();
    }

    /// Restores the slots of the list, and returns their number. They are fetched when the server runs.
    ///
    /// # Errors
    /// The list cannot be read. It was moved aside.
    pub fn restore(&self) -> Result<usize, Unreadable> {
        let Some(keeper) = &self.keeper else { return Ok(0) };
        let list = keeper.list().read()?;
        let slots = list.len();
        self.slots.restore(list, Now::by(&*self.clock));
        Ok(slots)
    }

    /// Serves until `stop` is ready, then finishes the current requests, for 5 s at most.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { listeners, gate, tls, slots, clock, refresher, keeper, audit } = self;
        let saved = keeper.as_ref().map(Keeper::saved);
        let (audit, writing) = audit.map(|log| log.start(Arc::clone(&clock))).unzip();
        let connections = Arc::new(Connections::default());
        let about = About {
            started: clock.now(),
            addresses: listeners.addresses(),
            speaks_https: tls.is_some(),
            requires_token: gate.requires_token,
            refreshes: refresher.is_some(),
            audit: audit.clone(),
            connections: Arc::clone(&connections),
        };
        let acceptor = Acceptor {
            router: Arc::new(Router::new(gate, slots, clock, saved, audit.clone(), about)),
            connections: Arc::clone(&connections),
            owners: Arc::new(Owners::open()),
            audit,
            tls,
        };
        let mut tasks = JoinSet::new();
        for listener in listeners.into_inner() {
            tasks.spawn(acceptor.clone().accept_all(listener));
        }
        let mut keeping = JoinSet::new();
        keeper.map(|keeper| keeping.spawn(keeper.run()));
        refresher.map(|refresher| keeping.spawn(refresher.run()));
        tokio::select! {
            () = stop => {}
            () = connections.watch_time() => {}
        }
        tasks.shutdown().await;
        if tokio::time::timeout(DRAIN_TIMEOUT, connections.drain()).await.is_err() {
            tracing::warn!("some requests were aborted");
        }
        keeping.shutdown().await;
        if let Some(writing) = writing {
            writing.finish().await;
        }
    }
}

impl Acceptor {
    async fn accept_all(self, listener: TcpListener) {
        let mut wait = FIRST_RETRY_DELAY;
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    wait = FIRST_RETRY_DELAY;
                    self.admit(stream).await;
                }
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => {
                    // Out of file descriptors or memory. A retry without delay would waste processor time.
                    tracing::warn!(%error, "connections cannot be accepted at the moment");
                    self.connections.make_room();
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(MAX_RETRY_DELAY);
                }
            }
        }
    }

    async fn admit(&self, stream: TcpStream) {
        let Some(peer) = self.peer_of(&stream) else {
            return;
        };
        let Some(ticket) = self.connections.admit(stranger(&stream, peer)).await else {
            tracing::debug!("a stranger has too many connections; one was refused");
            return;
        };
        if let Some(audit) = &self.audit {
            audit.connected(peer.socket);
        }
        // An answer is one write, so a delay to collect more data is useless.
        stream.set_nodelay(true).ok();
        let router = Arc::clone(&self.router);
        match &self.tls {
            None => tokio::spawn(connection::serve(stream, ticket, router, peer)),
            Some(tls) => tokio::spawn(handshake::serve(tls.clone(), stream, ticket, router, peer)),
        };
    }

    /// The peer of a connection. `None`: the peer is gone.
    fn peer_of(&self, stream: &TcpStream) -> Option<Peer> {
        let (ours, theirs) = (stream.local_addr().ok()?, stream.peer_addr().ok()?);
        let (owner, socket) = self.owners.of_peer(ours, theirs);
        // If the peer has reset the connection, another process may have its port now, and the look-up may have found
        // that process's owner. A reset leaves an error on our socket.
        let is_reset = !matches!(stream.take_error(), Ok(None));
        if owner != Owner::SameUser {
            tracing::debug!(?owner, "a connection of another user");
        }
        (!is_reset).then(|| Peer { owner, socket, port: ours.port() })
    }
}

/// The stranger that holds a connection. `None`: the server's own user does.
fn stranger(stream: &TcpStream, peer: Peer) -> Option<Stranger> {
    let host = || stream.peer_addr().map_or(Ipv4Addr::UNSPECIFIED.into(), |at| at.ip());
    match (peer.owner, peer.socket) {
        (Owner::SameUser, _) => None,
        (Owner::Root | Owner::OtherUser | Owner::Unknown, Some(Socket { uid, .. })) => {
            Some(Stranger::User(uid))
        }
        (Owner::Root | Owner::OtherUser | Owner::Unknown, None) => Some(Stranger::Host(host())),
    }
}

/// Whether an error of accept(2) concerns only a connection that is already gone.
fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
