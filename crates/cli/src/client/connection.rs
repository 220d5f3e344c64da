//! One connection to the server. A request can be sent only on a [`Trusted`] connection, so nothing secret leaves, and no
//! answer counts, before it is known that our server is at the other end.
//!
//! It is ours if the kernel says that a process of the same user has accepted this connection; if its certificate is
//! valid; or if it proves that it has our root key, or the key of our token.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use credentials::{Failure, Problem};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use server::wire::{Message, Reason};
use server::{AuthorizationToken, Challenge, Owner, Owners, TokenStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::address::{Scheme, ServerAddress};
use super::https;
use crate::ground::paths;

/// A status and a body.
pub(super) type Answer = (StatusCode, Bytes);

/// A connection to our server.
pub(super) struct Trusted(Exchange);

/// The result of connecting.
pub(super) enum Opened {
    /// A connection by this scheme.
    Trusted(Trusted, Scheme),
    /// The scheme was not given, and this is it. Nothing was sent but an empty request.
    Found(Scheme),
}

/// Sends requests, one after the other.
struct Exchange {
    sender: SendRequest<Full<Bytes>>,
    address: ServerAddress,
}

/// Connects to the server. Without a scheme, an empty request finds out whether it is plain HTTP.
pub(super) async fn open(
    address: &ServerAddress,
    scheme: Option<Scheme>,
    token: Option<&AuthorizationToken>,
) -> Result<Opened, Failure> {
    let stream = connect(address, scheme).await?;
    if scheme == Some(Scheme::Https) {
        let stream = https::begin(stream, address).await?;
        let exchange = Exchange::new(stream, address).await?;
        return Ok(Opened::Trusted(Trusted(exchange), Scheme::Https));
    }
    let owner = owner_of(&stream).await;
    let mut exchange = Exchange::new(stream, address).await?;
    let challenge = match owner {
        Owner::SameUser => None,
        Owner::Root | Owner::OtherUser | Owner::Unknown => {
            let keys = TokenStore::at(paths::token_store()).keys().ok().flatten();
            let challenge = Challenge::new(token, keys.as_ref());
            Some(challenge.ok_or_else(|| not_ours(address, owner))?)
        }
    };
    if scheme.is_none() {
        let answer = exchange.probe("/healthcheck").await?;
        let scheme = scheme_of(&answer).ok_or_else(|| not_an_aws_sso_server(address))?;
        // HTTPS needs another connection, and so does a server that has closed this one.
        if scheme == Scheme::Https || exchange.sender.ready().await.is_err() {
            return Ok(Opened::Found(scheme));
        }
    }
    if let Some(challenge) = challenge {
        let (_, proof) = exchange.probe(&challenge.path()).await?;
        if !challenge.is_answered_by(&proof, &address.to_string()) {
            return Err(not_ours(address, owner));
        }
    }
    Ok(Opened::Trusted(Trusted(exchange), Scheme::Http))
}

impl Trusted {
    /// The connection, if another request can be sent on it. A server may close it after an answer.
    pub(super) async fn if_open(kept: Option<Self>) -> Option<Self> {
        let mut kept = kept?;
        kept.0.sender.ready().await.is_ok().then_some(kept)
    }

    /// Whether the server is one of this program, of whatever version: it answers a question that only such a server
    /// understands. Whose it is was known before.
    pub(super) async fn is_ours(&mut self) -> Result<bool, Failure> {
        let (_, body) = self.0.probe(A_QUESTION).await?;
        let answer: Option<serde_json::Map<String, serde_json::Value>> =
            serde_json::from_slice(&body).ok();
        Ok(answer
            .is_some_and(|answer| answer.contains_key("proof") || answer.contains_key("reason")))
    }

    pub(super) async fn send(
        &mut self,
        method: Method,
        path: &str,
        token: Option<HeaderValue>,
        body: Bytes,
    ) -> Result<Answer, Failure> {
        self.0.send(method, path, token, body).await
    }
}

impl Exchange {
    async fn new(
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        address: &ServerAddress,
    ) -> Result<Self, Failure> {
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| invalid_response(address, &error))?;
        // It ends when the sender is dropped.
        tokio::spawn(connection);
        Ok(Self { sender, address: address.clone() })
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        token: Option<HeaderValue>,
        body: Bytes,
    ) -> Result<Answer, Failure> {
        let answer: Result<Answer, Box<dyn std::error::Error + Send + Sync>> = async {
            let mut request = Request::builder()
                .method(method)
                .uri(path)
                .header(HOST, self.address.to_string())
                .header(CONTENT_TYPE, "application/json");
            if let Some(token) = token {
                request = request.header(AUTHORIZATION, token);
            }
            self.sender.ready().await?;
            let response = self.sender.send_request(request.body(Full::new(body))?).await?;
            let status = response.status();
            let body =
                Limited::new(response.into_body(), MAX_RESPONSE_BYTES).collect().await?.to_bytes();
            Ok((status, body))
        }
        .await;
        answer.map_err(|error| invalid_response(&self.address, &*error))
    }

    /// Sends an empty request without a token: the only one to a server that is not known yet.
    async fn probe(&mut self, path: &str) -> Result<Answer, Failure> {
        self.send(Method::GET, path, None, Bytes::new()).await
    }
}

/// How to start a server at this address.
pub(super) fn start_hint(address: &ServerAddress, scheme: Option<Scheme>) -> String {
    let tls = if scheme == Some(Scheme::Https) { " --tls" } else { "" };
    match (address.is_on_this_host(), address.port) {
        (false, _) => format!("Start it on {}, or name another with --server", address.host),
        (true, ServerAddress::DEFAULT_PORT) => format!("Start it: aws-sso ecs run{tls}"),
        (true, port) => format!("Start it: aws-sso ecs run --port {port}{tls}"),
    }
}

async fn connect(address: &ServerAddress, scheme: Option<Scheme>) -> Result<TcpStream, Failure> {
    let mut last_error = None;
    for at in resolve(address).await? {
        check_loopback(address, at, scheme)?;
        match TcpStream::connect(at).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last_error = Some(error),
        }
    }
    let error = last_error.map_or_else(|| "the host has no address".to_owned(), |e| e.to_string());
    let text = format!("no server is running at {address}: {error}");
    Err(Failure::new(Problem::Unreachable, text).with_hint(start_hint(address, scheme)))
}

async fn resolve(address: &ServerAddress) -> Result<Vec<SocketAddr>, Failure> {
    let (host, port) = (address.host.as_str(), address.port);
    // Our server listens on both. A look-up could give other addresses.
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(vec![
            SocketAddr::from(([127, 0, 0, 1], port)),
            SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], port)),
        ]);
    }
    match tokio::net::lookup_host((host, port)).await {
        Ok(addresses) => Ok(addresses.collect()),
        Err(error) => {
            let text = format!("the host of {address} cannot be resolved: {error}");
            Err(Failure::new(Problem::Unreachable, text))
        }
    }
}

/// Checks that plain HTTP does not leave this host. It would show the credentials to the network.
fn check_loopback(
    address: &ServerAddress,
    at: SocketAddr,
    scheme: Option<Scheme>,
) -> Result<(), Failure> {
    if at.ip().is_loopback() || scheme == Some(Scheme::Https) {
        return Ok(());
    }
    let text = format!("{address} is not on this host, and plain HTTP must not leave it");
    Err(Failure::failed(text).with_hint(format!(
        "Use HTTPS (--server https://{address}), or forward the port with ssh -L"
    )))
}

/// The owner of the far end of this connection. The kernel knows it when a program has accepted the connection, which
/// a busy server does a little later.
async fn owner_of(stream: &TcpStream) -> Owner {
    let (Ok(ours), Ok(theirs)) = (stream.local_addr(), stream.peer_addr()) else {
        return Owner::Unknown;
    };
    let owners = Owners::open();
    let mut delay = FIRST_DELAY;
    loop {
        let owner = owners.of_connection(ours, theirs);
        if owner != Owner::Unknown || !owners.can_tell() || delay > MAX_DELAY {
            return owner;
        }
        tokio::time::sleep(delay).await;
        delay *= 2;
    }
}

/// The scheme of the server that gave this answer to plain HTTP. `None`: it is not a server like ours, whose answers, in
/// every version, are JSON objects.
fn scheme_of((status, body): &Answer) -> Option<Scheme> {
    if *status == StatusCode::BAD_REQUEST && body.trim_ascii() == HTTPS_OF_GO {
        return Some(Scheme::Https);
    }
    serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(body).ok()?;
    let refused = serde_json::from_slice(body)
        .is_ok_and(|message: Message| message.reason == Some(Reason::SpeaksHttps));
    Some(if *status == StatusCode::BAD_REQUEST && refused { Scheme::Https } else { Scheme::Http })
}

/// The failure for an answer that our server does not give.
pub(super) fn not_an_aws_sso_server(address: &ServerAddress) -> Failure {
    let text = format!("the server at {address} is not an aws-sso server");
    let other_port = address.other_port();
    Failure::new(Problem::Unreachable, text).with_hint(format!(
        "Start a server on another port, and use --server 127.0.0.1:{other_port}: \
         aws-sso ecs run --port {other_port}"
    ))
}

fn not_ours(address: &ServerAddress, owner: Owner) -> Failure {
    let text = match owner {
        Owner::OtherUser => format!("the server at {address} belongs to another user of this host"),
        Owner::Root => format!("the server at {address} belongs to root"),
        Owner::SameUser | Owner::Unknown => {
            format!("the server at {address} did not prove that it is yours")
        }
    };
    let other_port = address.other_port();
    Failure::failed(text).with_hint(format!(
        "No credentials and no token were sent to it. Run your own server on another port, and use --server 127.0.0.1:{other_port}: \
         aws-sso ecs run --port {other_port}"
    ))
}

fn invalid_response(address: &ServerAddress, error: &dyn std::error::Error) -> Failure {
    let text = format!("the server at {address} sent an invalid response: {error}");
    Failure::new(Problem::Unreachable, text)
}

/// The nonce is not random, because nothing depends on the answer's being right.
const A_QUESTION: &str = "/proof?nonce=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// How Go's HTTP server answers plain HTTP at its port for HTTPS.
const HTTPS_OF_GO: &[u8] = b"Client sent an HTTP request to an HTTPS server.";
/// 10,000 named slots are 1.5 MB.
const MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;
/// The delays between looks at the owner of a connection. Together they are about half a second.
const FIRST_DELAY: Duration = Duration::from_micros(50);
const MAX_DELAY: Duration = Duration::from_millis(250);
