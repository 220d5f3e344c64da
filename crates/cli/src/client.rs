//! The client of our server: one request, one response, within five seconds. Requests share a connection.
//!
//! Plain HTTP is only used on this host. Without a scheme in `--server`, an empty request finds out which one the server
//! speaks. A token and credentials are sent only to a server that is known to be ours (`connection`).

pub(crate) mod address;
pub(crate) mod arguments;
mod connection;
pub(crate) mod forwarders;
mod https;
mod needed_token;
pub(crate) mod token_file;

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use credentials::{Failure, Fetched, Problem, Profile, ProfileName, SlotName, Source};
use hyper::{Method, StatusCode};
use serde::de::DeserializeOwned;
use server::wire::{self, Message, ProfileObject, Reason, Replace, StatusObject};
use server::{AuthorizationToken, path_for_sdks, path_of};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::client::address::{Scheme, ServerAddress};
use crate::client::arguments::ServerArguments;
use crate::client::connection::{Opened, Trusted};
use crate::client::needed_token::{OTHER_TOKEN, TokenKind, is_about_token};
use crate::client::token_file::Token;

const TIMEOUT: Duration = Duration::from_secs(5);
/// A shell that starts waits for `ecs env`.
const SCHEME_TIMEOUT: Duration = Duration::from_secs(1);

/// Talks to one server.
pub(crate) struct Client {
    address: ServerAddress,
    token: Option<Token>,
    /// Whether the server is one of this program, once that was asked.
    is_ours: OnceLock<bool>,
    /// The scheme of the server, once it has answered.
    found_scheme: OnceLock<Scheme>,
    /// The connection of the last request, for the next one.
    connection: Mutex<Option<Trusted>>,
}

/// The result of a load.
pub(crate) struct Loaded {
    /// Whether the server will refresh the slot.
    pub(crate) refreshes: bool,
    /// Why the refresh of the slot cannot work, if so.
    pub(crate) obstacle: Option<Failure>,
    /// The profile that was in the slot before, if it had another source.
    pub(crate) replaced: Option<String>,
}

impl Client {
    /// Builds a client and reads the token file. Sends nothing yet.
    pub(crate) fn new(arguments: &ServerArguments) -> Result<Self, Failure> {
        let token = arguments.token_file.as_deref().map(token_file::read_any).transpose()?;
        let address = arguments.address.address()?;
        Ok(Self::of(address, token))
    }

    /// The address of the server, with the scheme that is known so far.
    pub(crate) fn address(&self) -> ServerAddress {
        let scheme = self.scheme().unwrap_or(Scheme::Http);
        ServerAddress { scheme: Some(scheme), ..self.address.clone() }
    }

    /// Builds a client with a token that is already in memory.
    pub(crate) fn with_token(address: ServerAddress, token: AuthorizationToken) -> Self {
        Self::of(address, Some(Token::Ours(token)))
    }

    /// Builds a client without a token.
    pub(crate) fn at(address: ServerAddress) -> Self {
        Self::of(address, None)
    }

    fn of(address: ServerAddress, token: Option<Token>) -> Self {
        Self {
            address,
            token,
            is_ours: OnceLock::new(),
            found_scheme: OnceLock::new(),
            connection: Mutex::default(),
        }
    }

    /// The origin of the server's URLs for SDKs.
    pub(crate) fn origin_for_sdks(&self) -> String {
        self.address().origin_for_sdks()
    }

    /// The URI where SDKs read a slot of this server.
    pub(crate) async fn uri_for_sdks(&self, slot: &SlotName) -> String {
        // The slot is loaded, whatever the server says of itself now.
        let path = match self.is_ours().await {
            Ok(false) => path_of(slot),
            Ok(true) | Err(_) => path_for_sdks(slot),
        };
        format!("{}{path}", self.origin_for_sdks())
    }

    /// The profile in the default slot.
    pub(crate) async fn default_profile(&self) -> Result<ProfileObject, Failure> {
        self.read("/profile").await
    }

    /// The profile in a slot.
    pub(crate) async fn profile_in(&self, slot: &SlotName) -> Result<ProfileObject, Failure> {
        match path_of(slot).strip_prefix("/slot/") {
            Some(name) => self.read(&format!("/profile?profile={name}")).await,
            None => self.default_profile().await,
        }
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
            return Err(Failure::failed(text).with_hint(format!(
                "Stop it and start this version. {}",
                connection::start_hint(&self.address, self.scheme())
            )));
        }
        let body = self.accept((status, body), TokenKind::Admin)?;
        serde_json::from_slice(&body).map_err(|_| self.not_our_server())
    }

    /// The credentials of a slot with exactly this source; `None` if there is no such slot.
    pub(crate) async fn credentials_of(&self, source: &Source) -> Result<Option<Fetched>, Failure> {
        let Some((slot, profile)) = self.slot_of(source).await? else { return Ok(None) };
        let mut fetched = self.credentials(&slot).await?;
        if profile.expiration_assumed {
            fetched.credentials.expiration = fetched.credentials.expiration.assumed();
        }
        // Another load changes the generation. The credentials could then be of another source.
        let is_unchanged = self
            .slot_of(source)
            .await?
            .is_some_and(|(found, now)| found == slot && now.generation == profile.generation);
        Ok(is_unchanged.then_some(fetched))
    }

    async fn slot_of(&self, source: &Source) -> Result<Option<(SlotName, ProfileObject)>, Failure> {
        let is_of = |profile: &ProfileObject| profile.source().as_ref() == Some(source);
        if let Some(profile) = self.default_profile().await.ok().filter(is_of) {
            return Ok(Some((SlotName::Default, profile)));
        }
        let named = self.named_profiles().await?.into_iter().find(is_of);
        Ok(named.and_then(|profile| {
            let name = ProfileName::parse(&profile.profile_name).ok()?;
            Some((SlotName::Named(name), profile))
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
        let answer = self.exchange(Method::PUT, &path_of(slot), body).await?;
        let needed = if profile.source.is_some() { TokenKind::Admin } else { TokenKind::LoadOnly };
        let answer = self.accept(answer, needed)?;
        // The slot is loaded, even if another server's 200 has a body that we cannot read.
        let message: Option<Message> = serde_json::from_slice(&answer).ok();
        let Some(message) = message else {
            return Ok(Loaded { refreshes: false, obstacle: None, replaced: None });
        };
        let Message { refreshes, obstacle, hint, replaced, .. } = message;
        let obstacle = obstacle.map(|obstacle| match hint {
            Some(hint) => Failure::failed(obstacle).with_hint(hint),
            None => Failure::failed(obstacle),
        });
        Ok(Loaded { refreshes, obstacle, replaced })
    }

    /// Empties a slot.
    pub(crate) async fn unload(&self, slot: &SlotName) -> Result<(), Failure> {
        self.send(Method::DELETE, &path_of(slot), Bytes::new()).await.map(|_| ())
    }

    /// Empties every slot.
    pub(crate) async fn unload_all(&self) -> Result<(), Failure> {
        if self.is_ours().await? {
            self.send(Method::DELETE, "/slot", Bytes::new()).await?;
        } else {
            for ProfileObject { profile_name, .. } in self.named_profiles().await? {
                let name = ProfileName::parse(&profile_name).map_err(|_| self.not_our_server())?;
                self.unload(&SlotName::Named(name)).await?;
            }
        }
        match self.exchange(Method::DELETE, "/", Bytes::new()).await? {
            (StatusCode::NOT_FOUND, _) => Ok(()),
            answer => self.accept(answer, TokenKind::Admin).map(|_| ()),
        }
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        let body = self.send(Method::GET, path, Bytes::new()).await?;
        serde_json::from_slice(&body).map_err(|_| self.not_our_server())
    }

    async fn send(&self, method: Method, path: &str, body: Bytes) -> Result<Bytes, Failure> {
        let needed = if method == Method::GET { TokenKind::ReadAll } else { TokenKind::Admin };
        self.accept(self.exchange(method, path, body).await?, needed)
    }

    /// The body of a successful response, or a failure with the server's message and a hint. The server does not know the
    /// kind of token that the command needs.
    fn accept(
        &self,
        (status, body): (StatusCode, Bytes),
        needed: TokenKind,
    ) -> Result<Bytes, Failure> {
        if status == StatusCode::OK {
            return Ok(body);
        }
        let message: Message = serde_json::from_slice(&body).map_err(|_| self.not_our_server())?;
        let problem = match message.reason {
            Some(Reason::SignInNeeded) => Problem::SignInNeeded,
            _ => Problem::Invalid,
        };
        let failure = Failure::new(problem, message.text());
        if is_about_token(message.reason) && self.address.is_on_this_host() {
            return Err(failure.with_hint(needed.hint()));
        }
        if status == StatusCode::FORBIDDEN && message.reason.is_none() {
            return Err(failure.with_hint(OTHER_TOKEN));
        }
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
        let exchange = async {
            let mut kept = self.connection.lock().await;
            let mut connection = self.kept_or_new(kept.take()).await?;
            let token = match &self.token {
                Some(token) => {
                    let is_ours = self.learn_kind(&mut connection).await?;
                    connection = self.kept_or_new(Some(connection)).await?;
                    token.header(is_ours)?
                }
                None => None,
            };
            let answer = connection.send(method, path, token, body).await?;
            *kept = Some(connection);
            Ok(answer)
        };
        self.in_time(exchange).await
    }

    /// Whether the server is one of this program. Another may be that of aws-sso-cli, which knows fewer paths.
    async fn is_ours(&self) -> Result<bool, Failure> {
        let ask = async {
            let mut kept = self.connection.lock().await;
            let mut connection = self.kept_or_new(kept.take()).await?;
            let is_ours = self.learn_kind(&mut connection).await?;
            *kept = Some(connection);
            Ok(is_ours)
        };
        self.in_time(ask).await
    }

    async fn learn_kind(&self, connection: &mut Trusted) -> Result<bool, Failure> {
        if let Some(known) = self.is_ours.get() {
            return Ok(*known);
        }
        let is_ours = connection.is_ours().await?;
        Ok(*self.is_ours.get_or_init(|| is_ours))
    }

    async fn kept_or_new(&self, kept: Option<Trusted>) -> Result<Trusted, Failure> {
        match Trusted::if_open(kept).await {
            Some(kept) => Ok(kept),
            None => self.trusted().await,
        }
    }

    async fn in_time<T>(
        &self,
        exchange: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        timeout(TIMEOUT, exchange).await.unwrap_or_else(|_| {
            let text = format!("the server at {} did not answer within 5 seconds", self.address);
            Err(Failure::new(Problem::Unreachable, text))
        })
    }

    /// A new connection to the server.
    async fn trusted(&self) -> Result<Trusted, Failure> {
        let token = self.token.as_ref().and_then(Token::ours);
        loop {
            match connection::open(&self.address, self.scheme(), token).await? {
                Opened::Trusted(trusted, scheme) => {
                    self.found_scheme.get_or_init(|| scheme);
                    return Ok(trusted);
                }
                Opened::Found(scheme) => {
                    self.found_scheme.get_or_init(|| scheme);
                }
            }
        }
    }

    fn scheme(&self) -> Option<Scheme> {
        self.found_scheme.get().copied().or(self.address.scheme)
    }

    /// Finds out which scheme a server on this host speaks, if it runs. Sends an empty request at most.
    pub(crate) async fn find_scheme(&self) {
        if self.scheme().is_some() || !self.address.is_on_this_host() {
            return;
        }
        if let Ok(Err(error)) = timeout(SCHEME_TIMEOUT, self.trusted()).await {
            tracing::debug!(%error, "the scheme of the server is not known");
        }
    }

    fn not_our_server(&self) -> Failure {
        connection::not_an_aws_sso_server(&self.address)
    }
}
