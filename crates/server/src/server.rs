//! The server as a whole: accepts connections until it is told to stop, then lets them finish.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use credentials::{Clock, Profile, ProfileName, Source};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::audit::{Audit, AuditLog};
use crate::connection;
use crate::connections::Connections;
use crate::event::Event;
use crate::gate::{Gate, Peer};
use crate::listener::Listeners;
use crate::names::Names;
use crate::peer::{Owner, Owners};
use crate::provider::Provider;
use crate::refresher::Refresher;
use crate::routes::Router;
use crate::slot_list::{Keeper, SlotList, Unreadable};
use crate::slots::{Now, Slots};
use crate::status::About;
use crate::tls::{Tls, handshake};
use crate::token::{AuthorizationToken, Scope, TokenStore, TokenStoreError, Tokens};
use crate::wire::Upload;

/// How long requests in flight may take when the server stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// The waits between tries when connections can't be accepted.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const MAX_WAIT: Duration = Duration::from_secs(1);

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

/// How slots are kept fresh.
pub struct Refreshing {
    /// Gives credentials.
    pub provider: Arc<dyn Provider>,
    /// Is told what happens.
    pub events: mpsc::Sender<Event>,
    /// Where the list of slots is kept; `None`: nowhere.
    pub list: Option<SlotList>,
}

impl fmt::Debug for Refreshing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refreshing").finish_non_exhaustive()
    }
}

/// What accepting a connection needs; one for all listeners.
#[derive(Clone)]
struct Acceptor {
    router: Arc<Router>,
    connections: Arc<Connections>,
    owners: Arc<Owners>,
    audit: Option<Audit>,
    tls: Option<Tls>,
}

/// The default slot's credentials don't fit into an answer.
#[derive(Debug, thiserror::Error)]
#[error("the credentials are larger than SDKs read (10000 bytes)")]
pub struct TooLarge;

impl Server {
    /// A server on these sockets. `refreshing`: without it slots hold what they are handed, and nothing else. `seed` is
    /// for the jitter of refreshes.
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

    /// Takes the authorization tokens of this store.
    ///
    /// # Errors
    /// Its key can't be read, or made; then no token is taken.
    pub fn take_tokens(&mut self, store: TokenStore) -> Result<(), TokenStoreError> {
        self.gate.tokens = Some(Tokens::open(store, self.clock.now())?);
        Ok(())
    }

    /// Makes a token and demands it of everybody: no other is taken. Its key is in no file, and gone with the server.
    ///
    /// # Errors
    /// The system gives no random numbers, or the scope is too large for a token.
    pub fn demand_one_token(
        &mut self,
        scope: Scope,
    ) -> Result<AuthorizationToken, TokenStoreError> {
        let (tokens, token) = Tokens::one(scope)?;
        self.gate.tokens = Some(tokens);
        self.require_token();
        Ok(token)
    }

    /// Demands a token of everybody, the server's own user too.
    pub fn require_token(&mut self) {
        self.gate.requires_token = true;
    }

    /// Notes every decision in this log.
    pub fn keep_audit_log(&mut self, log: AuditLog) {
        self.audit = Some(log);
    }

    /// Speaks HTTPS on every socket, and nothing else; answers to these names beside loopback's.
    pub fn speak_https(&mut self, tls: Tls, names: Names) {
        self.tls = Some(tls);
        self.gate.names = names;
    }

    /// Loads the default slot before anybody can ask.
    ///
    /// # Errors
    /// The credentials are larger than SDKs read.
    pub fn load(&self, default: Profile) -> Result<(), TooLarge> {
        let upload = Upload::Credentials(default);
        self.slots.start_with(upload, Now::by(&*self.clock)).map_err(|_| TooLarge)
    }

    /// Gives the default slot a source, that fills it as soon as it can. A server that refreshes nothing stays empty.
    pub fn load_from(&self, name: ProfileName, source: Source) {
        self.slots.start_with(Upload::Source(name, source), Now::by(&*self.clock)).ok();
    }

    /// Takes up the slots of the list, and says how many. They are fetched when the server runs.
    ///
    /// # Errors
    /// The list can't be read; it is out of the way then.
    pub fn restore(&self) -> Result<usize, Unreadable> {
        let Some(keeper) = &self.keeper else { return Ok(0) };
        let list = keeper.list().read()?;
        let slots = list.len();
        self.slots.restore(list, Now::by(&*self.clock));
        Ok(slots)
    }

    /// Serves until `stop` is ready, then finishes what is in flight, for 5 s at most.
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
            tracing::warn!("some requests were cut off");
        }
        keeping.shutdown().await;
        if let Some(writing) = writing {
            writing.finish().await;
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
                    wait = (wait * 2).min(MAX_WAIT);
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
        if let Some(audit) = &self.audit {
            audit.connected(peer.socket);
        }
        // An answer is one write; nothing is gained by waiting for more of it.
        stream.set_nodelay(true).ok();
        let router = Arc::clone(&self.router);
        match &self.tls {
            None => tokio::spawn(connection::serve(stream, ticket, router, peer)),
            Some(tls) => tokio::spawn(handshake::serve(tls.clone(), stream, ticket, router, peer)),
        };
    }

    /// Who is at the far end; `None` when nobody is any more.
    fn peer_of(&self, stream: &TcpStream) -> Option<Peer> {
        let (ours, theirs) = (stream.local_addr().ok()?, stream.peer_addr().ok()?);
        let (owner, socket) = self.owners.of_peer(ours, theirs);
        // If the peer had reset the connection, its port might by now be another process's, and that one's
        // owner have been found. A reset leaves an error on our end.
        let is_reset = !matches!(stream.take_error(), Ok(None));
        if owner != Owner::SameUser {
            tracing::debug!(?owner, "a connection that is not our user's");
        }
        (!is_reset).then(|| Peer { owner, socket, port: ours.port() })
    }
}

/// Errors of accept(2) that concern a connection which is gone already.
fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
