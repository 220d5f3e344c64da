//! The client of our server: one request, one response, within five seconds.
//!
//! Plain HTTP is only used on this host. Without a scheme in `--server`, the client starts with plain HTTP and
//! changes to HTTPS when the server asks for it.

pub(crate) mod address;
pub(crate) mod arguments;
mod https;
pub(crate) mod token_file;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use credentials::{Failure, Fetched, Problem, Profile, ProfileName, SlotName, Source};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use server::wire::{self, Message, ProfileObject, Reason, Replace, StatusObject};
use server::{AuthorizationToken, Owner, Owners, path_of};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::client::address::{Scheme, ServerAddress};
use crate::client::arguments::ServerArguments;

const TIMEOUT: Duration = Duration::from_secs(5);
/// 10,000 named slots are 1.5 MB.
const MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;

/// Talks to one server.
pub(crate) struct Client {
    address: ServerAddress,
    token: Option<AuthorizationToken>,
    /// Whether the server has said that it speaks HTTPS.
    server_wants_https: AtomicBool,
}

/// The result of a load.
pub(crate) struct Loaded {
    /// Whether the server will refresh the slot.
    pub(crate) refreshes: bool,
    /// The profile that was in the slot before, if it had another source.
    pub(crate) replaced: Option<String>,
}

impl Client {
    /// Builds a client and reads the token file. Sends nothing yet.
    pub(crate) fn new(arguments: &ServerArguments) -> Result<Self, Failure> {
        let token = arguments.token_file.as_deref().map(token_file::read).transpose()?;
        let address = arguments.address.server.clone();
        Ok(Self { address, token, server_wants_https: AtomicBool::new(false) })
    }

    /// The address of the server, with the scheme that is known so far.
    pub(crate) fn address(&self) -> ServerAddress {
        ServerAddress { scheme: Some(self.scheme()), ..self.address.clone() }
    }

    /// Builds a client with a token that is already in memory.
    pub(crate) fn with_token(address: ServerAddress, token: AuthorizationToken) -> Self {
        Self { address, token: Some(token), server_wants_https: AtomicBool::new(false) }
    }

    /// The origin of the server's URLs for SDKs.
    pub(crate) fn origin_for_sdks(&self) -> String {
        self.address().origin_for_sdks()
    }

    /// The profile in the default slot.
    pub(crate) async fn default_profile(&self) -> Result<ProfileObject, Failure> {
        self.read("/profile").await
    }

    /// The profiles in the named slots.
    pub(crate) async fn named_profiles(&self) -> Result<Vec<ProfileObject>, Failure> {
        self.read("/slot").await
    }

    /// The status of the server and of all its slots.
    pub(crate) async fn status(&self) -> Result<StatusObject, Failure> {
        let (status, body) = self.exchange(Method::GET, "/status", Bytes::new()).await?;
        if status == StatusCode::NOT_FOUND && serde_json::from_slice::<Message>(&body).is_ok() {
            let text =
                format!("the server at {} does not support status (version too old)", self.address);
            return Err(Failure::failed(text)
                .with_hint(format!("Stop it and start this version. {}", self.start_hint())));
        }
        let body = self.accept((status, body))?;
        serde_json::from_slice(&body).map_err(|_| self.not_our_server())
    }

    /// The credentials of a slot with exactly this source; `None` if there is no such slot.
    pub(crate) async fn credentials_of(&self, source: &Source) -> Result<Option<Fetched>, Failure> {
        let Some((slot, generation)) = self.slot_of(source).await? else { return Ok(None) };
        let fetched = self.credentials(&slot).await?;
        // Another load changes the generation. The credentials could then be of another source.
        let is_unchanged =
            self.slot_of(source).await?.is_some_and(|found| found == (slot, generation));
        Ok(is_unchanged.then_some(fetched))
    }

    async fn slot_of(&self, source: &Source) -> Result<Option<(SlotName, Option<u64>)>, Failure> {
        let is_of = |profile: &ProfileObject| profile.source().as_ref() == Some(source);
        if let Some(profile) = self.default_profile().await.ok().filter(is_of) {
            return Ok(Some((SlotName::Default, profile.generation)));
        }
        let named = self.named_profiles().await?.into_iter().find(is_of);
        Ok(named.and_then(|profile| {
            let name = ProfileName::parse(&profile.profile_name).ok()?;
            Some((SlotName::Named(name), profile.generation))
        }))
    }

    /// The credentials in a slot.
    pub(crate) async fn credentials(&self, slot: &SlotName) -> Result<Fetched, Failure> {
        let body = self.send(Method::GET, &path_of(slot), Bytes::new()).await?;
        wire::read_credentials(&body).ok_or_else(|| self.not_our_server())
    }

    /// Puts a profile into a slot.
    pub(crate) async fn load(
        &self,
        slot: &SlotName,
        profile: &Profile,
        replace: Replace,
    ) -> Result<Loaded, Failure> {
        let body = Bytes::from_owner(wire::write_upload(profile, replace));
        let answer = self.send(Method::PUT, &path_of(slot), body).await?;
        // The slot is loaded, even if another server's 200 has a body that we cannot read.
        let message: Option<Message> = serde_json::from_slice(&answer).ok();
        let (refreshes, replaced) =
            message.map_or((false, None), |message| (message.refreshes, message.replaced));
        Ok(Loaded { refreshes, replaced })
    }

    /// Empties a slot.
    pub(crate) async fn unload(&self, slot: &SlotName) -> Result<(), Failure> {
        self.send(Method::DELETE, &path_of(slot), Bytes::new()).await.map(|_| ())
    }

    /// Empties every slot.
    pub(crate) async fn unload_all(&self) -> Result<(), Failure> {
        self.send(Method::DELETE, "/slot", Bytes::new()).await?;
        match self.exchange(Method::DELETE, "/", Bytes::new()).await? {
            (StatusCode::NOT_FOUND, _) => Ok(()),
            answer => self.accept(answer).map(|_| ()),
        }
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let body = self.send(Method::GET, path, Bytes::new()).await?;
        serde_json::from_slice(&body).map_err(|_| self.not_our_server())
    }

    async fn send(&self, method: Method, path: &str, body: Bytes) -> Result<Bytes, Failure> {
        self.accept(self.exchange(method, path, body).await?)
    }

    /// The body of a successful response, or a failure with the server's message and hint.
    fn accept(&self, (status, body): (StatusCode, Bytes)) -> Result<Bytes, Failure> {
        if status == StatusCode::OK {
            return Ok(body);
        }
        let message: Message = serde_json::from_slice(&body).map_err(|_| self.not_our_server())?;
        let problem = match message.reason {
            Some(Reason::SignInNeeded) => Problem::SignInNeeded,
            _ => Problem::Invalid,
        };
        let failure = Failure::new(problem, message.text());
        Err(match message.hint {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        })
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), Failure> {
        timeout(TIMEOUT, async {
            let answer = self.exchange_once(method.clone(), path, body.clone()).await?;
            let is_plain_by_default =
                self.address.scheme.is_none() && self.scheme() == Scheme::Http;
            if is_plain_by_default && wants_https(&answer) {
                self.server_wants_https.store(true, Ordering::Relaxed);
                return self.exchange_once(method, path, body).await;
            }
            Ok(answer)
        })
        .await
        .unwrap_or_else(|_| {
            let text = format!("the server at {} did not answer within 5 seconds", self.address);
            Err(Failure::new(Problem::Unreachable, text))
        })
    }

    fn scheme(&self) -> Scheme {
        match self.server_wants_https.load(Ordering::Relaxed) {
            true => Scheme::Https,
            false => self.address.scheme.unwrap_or(Scheme::Http),
        }
    }

    async fn exchange_once(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), Failure> {
        let stream = self.connect().await?;
        let answer = match self.scheme() {
            Scheme::Http => self.exchange_on(stream, method, path, body).await,
            Scheme::Https => {
                let stream = https::begin(stream, &self.address).await?;
                self.exchange_on(stream, method, path, body).await
            }
        };
        answer.map_err(|error| {
            Failure::new(
                Problem::Unreachable,
                format!("the server at {} sent an invalid response: {error}", self.address),
            )
        })
    }

    async fn exchange_on(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), Box<dyn std::error::Error + Send + Sync>> {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(connection);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.address.to_string())
            .header(CONTENT_TYPE, "application/json");
        if let Some(token) = &self.token {
            let mut value = HeaderValue::from_str(token.expose())?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        let request = request.body(Full::new(body))?;
        let response = sender.send_request(request).await?;
        let status = response.status();
        let body =
            Limited::new(response.into_body(), MAX_RESPONSE_BYTES).collect().await?.to_bytes();
        driver.abort();
        Ok((status, body))
    }

    async fn connect(&self) -> Result<TcpStream, Failure> {
        let mut last_error = None;
        for address in self.resolve().await? {
            self.check_loopback(address)?;
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    self.check_owner(address)?;
                    return Ok(stream);
                }
                Err(error) => last_error = Some(error),
            }
        }
        let error =
            last_error.map_or_else(|| "the host has no address".to_owned(), |e| e.to_string());
        let text = format!("no server is running at {}: {error}", self.address);
        Err(Failure::new(Problem::Unreachable, text).with_hint(self.start_hint()))
    }

    /// How to start a server at this address.
    fn start_hint(&self) -> String {
        let tls = if self.scheme() == Scheme::Https { " --tls" } else { "" };
        match (self.address.is_on_this_host(), self.address.port) {
            (false, _) => {
                format!("Start it on {}, or name another with --server", self.address.host)
            }
            (true, ServerAddress::DEFAULT_PORT) => format!("Start it: aws-sso ecs run{tls}"),
            (true, port) => format!("Start it: aws-sso ecs run --port {port}{tls}"),
        }
    }

    async fn resolve(&self) -> Result<Vec<SocketAddr>, Failure> {
        let (host, port) = (self.address.host.as_str(), self.address.port);
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
                let text = format!("the host of {} cannot be resolved: {error}", self.address);
                Err(Failure::new(Problem::Unreachable, text))
            }
        }
    }

    /// Checks that plain HTTP does not leave this host. It would show the credentials to the network.
    fn check_loopback(&self, address: SocketAddr) -> Result<(), Failure> {
        if address.ip().is_loopback() || self.scheme() == Scheme::Https {
            return Ok(());
        }
        let text =
            format!("{} is not on this host, and plain HTTP must not leave it", self.address);
        Err(Failure::failed(text).with_hint(format!(
            "Use HTTPS (--server https://{}), or forward the port with ssh -L",
            self.address
        )))
    }

    /// Checks that the port does not belong to another user, who must not get credentials.
    fn check_owner(&self, address: SocketAddr) -> Result<(), Failure> {
        if !address.ip().is_loopback() || Owners::open().of_listener(address) != Owner::OtherUser {
            return Ok(());
        }
        let text = format!("the server at {} belongs to another user of this host", self.address);
        let other_port = self.address.other_port();
        Err(Failure::failed(text).with_hint(format!(
            "Nothing was sent to it. Run your own server on another port, and use --server 127.0.0.1:{other_port}: \
             aws-sso ecs run --port {other_port}"
        )))
    }

    fn not_our_server(&self) -> Failure {
        let text = format!("the server at {} is not an aws-sso server", self.address);
        let other_port = self.address.other_port();
        Failure::new(Problem::Unreachable, text).with_hint(format!(
            "Start a server on another port, and use --server 127.0.0.1:{other_port}: \
             aws-sso ecs run --port {other_port}"
        ))
    }
}

/// Whether the response says that this port speaks HTTPS only.
fn wants_https((status, body): &(StatusCode, Bytes)) -> bool {
    *status == StatusCode::BAD_REQUEST
        && serde_json::from_slice(body)
            .is_ok_and(|message: Message| message.reason == Some(Reason::SpeaksHttps))
}
