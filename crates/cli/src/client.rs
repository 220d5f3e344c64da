//! The client of our server: one request, one answer, within five seconds.
//!
//! Plain HTTP stays on this host. Where nobody said what is spoken, it is plain HTTP, and HTTPS once the server says so.

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
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// Talks to one server.
pub(crate) struct Client {
    address: ServerAddress,
    token: Option<AuthorizationToken>,
    /// The server has said that it speaks HTTPS.
    is_told_https: AtomicBool,
}

/// What became of a load.
pub(crate) struct Loaded {
    /// Whether the server will refresh the slot.
    pub(crate) refreshes: bool,
    /// The profile that was in the slot before, if it was of another source.
    pub(crate) replaced: Option<String>,
}

impl Client {
    /// Nothing is sent yet; but the token file is read, before anything is done that would be in vain.
    pub(crate) fn new(arguments: &ServerArguments) -> Result<Self, Failure> {
        let token = arguments.token_file.as_deref().map(token_file::read).transpose()?;
        let address = arguments.address.server.clone();
        Ok(Self { address, token, is_told_https: AtomicBool::new(false) })
    }

    /// Where the server is, with what it speaks as far as that is known by now.
    pub(crate) fn address(&self) -> ServerAddress {
        ServerAddress { scheme: Some(self.scheme()), ..self.address.clone() }
    }

    /// With a token that is at hand.
    pub(crate) fn with_token(address: ServerAddress, token: AuthorizationToken) -> Self {
        Self { address, token: Some(token), is_told_https: AtomicBool::new(false) }
    }

    /// The start of a URL for SDKs, by what is known of the server.
    pub(crate) fn origin_for_sdks(&self) -> String {
        self.address().origin_for_sdks()
    }

    /// What is loaded in the default slot.
    pub(crate) async fn default_profile(&self) -> Result<ProfileObject, Failure> {
        self.read("/profile").await
    }

    /// What is loaded in the named slots.
    pub(crate) async fn named_profiles(&self) -> Result<Vec<ProfileObject>, Failure> {
        self.read("/slot").await
    }

    /// How the server stands, and all that is loaded.
    pub(crate) async fn status(&self) -> Result<StatusObject, Failure> {
        let (status, body) = self.exchange(Method::GET, "/status", Bytes::new()).await?;
        if status == StatusCode::NOT_FOUND && serde_json::from_slice::<Message>(&body).is_ok() {
            let text =
                format!("the server at {} doesn't tell its status: it is older", self.address);
            return Err(Failure::failed(text).with_hint(
                "Start this version in its place: aws-sso ecs run (until then: aws-sso ecs list, aws-sso ecs profile)",
            ));
        }
        let body = self.accept((status, body))?;
        serde_json::from_slice(&body).map_err(|_| self.somebody_else())
    }

    /// The credentials of a slot that was loaded from this very source; `None` when there is none.
    pub(crate) async fn credentials_of(&self, source: &Source) -> Result<Option<Fetched>, Failure> {
        let Some((slot, generation)) = self.slot_of(source).await? else { return Ok(None) };
        let fetched = self.credentials(&slot).await?;
        // Another load would be another generation: what was read in between might be its credentials.
        let is_still = self.slot_of(source).await?.is_some_and(|still| still == (slot, generation));
        Ok(is_still.then_some(fetched))
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
        wire::read_credentials(&body).ok_or_else(|| self.somebody_else())
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
        // Whatever a 200 of another server says: it is done.
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
        serde_json::from_slice(&body).map_err(|_| self.somebody_else())
    }

    async fn send(&self, method: Method, path: &str, body: Bytes) -> Result<Bytes, Failure> {
        self.accept(self.exchange(method, path, body).await?)
    }

    /// The body of a success; the server's own message and hint for a failure.
    fn accept(&self, (status, body): (StatusCode, Bytes)) -> Result<Bytes, Failure> {
        if status == StatusCode::OK {
            return Ok(body);
        }
        let message: Message = serde_json::from_slice(&body).map_err(|_| self.somebody_else())?;
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
            let is_open = self.address.scheme.is_none() && self.scheme() == Scheme::Http;
            if is_open && is_for_https(&answer) {
                self.is_told_https.store(true, Ordering::Relaxed);
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
        match self.is_told_https.load(Ordering::Relaxed) {
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
                format!("the server at {} does not answer properly: {error}", self.address),
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
        let body = Limited::new(response.into_body(), LARGEST_ANSWER).collect().await?.to_bytes();
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
        let error = last_error.map_or_else(|| "it has no address".to_owned(), |e| e.to_string());
        let text = format!("no server is running at {}: {error}", self.address);
        Err(Failure::new(Problem::Unreachable, text)
            .with_hint("Start it: aws-sso ecs run (or name the one you mean: --server HOST:PORT)"))
    }

    async fn resolve(&self) -> Result<Vec<SocketAddr>, Failure> {
        let (host, port) = (self.address.host.as_str(), self.address.port);
        // Both at which our server listens, without a look-up that could answer something else.
        if host.eq_ignore_ascii_case("localhost") {
            return Ok(vec![
                SocketAddr::from(([127, 0, 0, 1], port)),
                SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], port)),
            ]);
        }
        match tokio::net::lookup_host((host, port)).await {
            Ok(addresses) => Ok(addresses.collect()),
            Err(error) => {
                let text = format!("the host of {} is not known: {error}", self.address);
                Err(Failure::new(Problem::Unreachable, text))
            }
        }
    }

    /// Plain HTTP must not leave the host: it would show the credentials to the network.
    fn check_loopback(&self, address: SocketAddr) -> Result<(), Failure> {
        if address.ip().is_loopback() || self.scheme() == Scheme::Https {
            return Ok(());
        }
        let text =
            format!("{} is not on this host, and plain HTTP must not leave it", self.address);
        Err(Failure::failed(text).with_hint(
            "Run the server here: aws-sso ecs run, forward its port with ssh -L, or use HTTPS: \
                 --server https://HOST:PORT",
        ))
    }

    /// Another user who got hold of the port while no server ran must not be handed credentials.
    fn check_owner(&self, address: SocketAddr) -> Result<(), Failure> {
        if !address.ip().is_loopback() || Owners::open().of_listener(address) != Owner::OtherUser {
            return Ok(());
        }
        let text = format!("the server at {} belongs to another user of this host", self.address);
        Err(Failure::failed(text).with_hint(
            "Nothing was sent to it. Run your own on another port, and name it: \
             aws-sso ecs run --port PORT, then --server 127.0.0.1:PORT",
        ))
    }

    fn somebody_else(&self) -> Failure {
        let text = format!("what answers at {} is not an aws-sso server", self.address);
        Failure::new(Problem::Unreachable, text)
            .with_hint("Name the server you mean: --server HOST:PORT")
    }
}

/// A port that speaks HTTPS says so to whoever speaks plain HTTP to it.
fn is_for_https((status, body): &(StatusCode, Bytes)) -> bool {
    *status == StatusCode::BAD_REQUEST
        && serde_json::from_slice(body)
            .is_ok_and(|message: Message| message.reason == Some(Reason::SpeaksHttps))
}
