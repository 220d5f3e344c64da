//! `aws-sso ecs run`

mod https;

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use credentials::{Failure, Problem, Profile, ProfileName, SlotName, Source};
use listenfd::ListenFd;
use sd_notify::NotifyState;
use serde::Serialize;
use server::{
    AuditLog, Event, ListenError, Listeners, Refreshing, Server, SlotList, TokenStore,
    path_for_sdks,
};
use tokio::sync::mpsc;

use crate::client::Client;
use crate::client::address::ServerAddress;
use crate::commands::ecs::run::https::{Https, HttpsArguments};
use crate::ground::arguments::{Output, OutputArguments};
use crate::ground::clock::SystemClock;
use crate::ground::values::Values;
use crate::ground::{env, paths, process, ui};
use crate::instance::arguments::{InstanceArguments, Wanted};
use crate::instance::interruptible::interruptible;
use crate::instance::obtain::{fetch, resolve};
use crate::instance::settings::Settings;
use crate::instance::{access, store};
use crate::serve::events::{self, EventArguments};
use crate::serve::provider::{self, AwsProvider};

/// Run the credentials server in the foreground
///
/// It listens on 127.0.0.1 and ::1 and answers only programs of the user who runs it. It prints the variable that
/// makes AWS SDKs use it. If systemd passes sockets, the server uses those instead of --port.
#[derive(Args)]
#[command(after_help = "Example:\n  aws-sso ecs run --load prod:Admin")]
pub(crate) struct Arguments {
    /// The port to listen on; 0 selects a free port
    #[arg(
        long,
        value_name = "PORT",
        env = "AWS_SSO_ECS_PORT",
        hide_env_values = true,
        default_value_t = ServerAddress::DEFAULT_PORT
    )]
    port: u16,
    /// Load this profile into the default slot at the start (see `aws-sso ecs load --profile`)
    #[arg(short = 'd', long, value_name = "PROFILE", visible_alias = "default",
          value_parser = ProfileName::parse, add = Values::Profiles)]
    load: Option<ProfileName>,
    /// Do not restore the slots of the last server on this port
    #[arg(long)]
    no_restore: bool,
    /// Do not refresh or remember slots, and do not call AWS
    #[arg(long)]
    no_refresh: bool,
    /// Write an audit log to this file: who used which role, and who was refused (see `aws-sso ecs audit`)
    #[arg(long, value_name = "FILE")]
    audit_log: Option<PathBuf>,
    /// Require an authorization token from every program, also from your own (see `aws-sso ecs token create`)
    #[arg(long)]
    require_token: bool,
    #[command(flatten)]
    https: HttpsArguments,
    #[command(flatten)]
    events: EventArguments,
    #[command(flatten)]
    instance: InstanceArguments,
    #[command(flatten)]
    output: OutputArguments,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Started {
    addresses: Vec<SocketAddr>,
    uri: String,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    // Bind first, so that nobody is asked for a passphrase if the server cannot start.
    let audit = arguments.audit_log.as_deref().map(AuditLog::open).transpose()?;
    let default = match &arguments.load {
        Some(name) => Some(interruptible(initial_slot(&arguments, name)).await?),
        None => None,
    };
    let https = https::prepare(&arguments.https, &arguments.instance).await?;
    process::allow_many_connections();
    let handed_over = sockets_of_systemd();
    // A random port is not used by the next server, so its slots are not remembered.
    let is_known = arguments.port != 0 || !handed_over.is_empty();
    let listeners = if handed_over.is_empty() {
        match Listeners::bind(arguments.port) {
            Ok(listeners) => listeners,
            Err(error) => return Err(in_use(error).await),
        }
    } else {
        Listeners::adopt(handed_over)?
    };
    let addresses = listeners.addresses();
    let port = addresses.first().filter(|_| is_known).map(SocketAddr::port);
    let (events, received) = mpsc::channel(MAX_EVENTS);
    let refreshing = match arguments.no_refresh {
        true => None,
        false => Some(refreshing(&arguments.instance, port, events).await?),
    };
    let mut server = Server::new(listeners, Arc::new(SystemClock), refreshing, provider::seed());
    accept_tokens(&mut server, arguments.require_token, addresses.first())?;
    if let Some(log) = audit {
        server.set_audit_log(log);
    }
    let origin = addresses.first().map(|address| https::origin(https.as_ref(), *address));
    if let Some(Https { tls, names }) = https {
        server.use_https(tls, names);
    }
    match default {
        Some(InitialSlot::Credentials(profile)) => server.load(profile)?,
        Some(InitialSlot::Source(name, source)) => server.load_from(name, source),
        None => {}
    }
    if !arguments.no_restore {
        restore(&server);
    }
    let stop = process::stop_signals()
        .map_err(|error| Failure::failed(format!("cannot install signal handlers: {error}")))?;
    announce(addresses, origin, arguments.output.output);
    if arguments.https.makes_certificates() {
        https::announce_authority();
    }
    tokio::spawn(events::report(received, arguments.events.reporting()));
    // Tells systemd that the server is ready. Without systemd, this does nothing.
    sd_notify::notify(&[NotifyState::Ready]).ok();
    server
        .run(async {
            stop.await;
            sd_notify::notify(&[NotifyState::Stopping]).ok();
        })
        .await;
    access::saved().await;
    Ok(())
}

/// The failure to listen. If our own server has the port, names it.
async fn in_use(error: ListenError) -> Failure {
    let ListenError::InUse(address) = error else { return error.into() };
    let server = ServerAddress { port: address.port(), ..ServerAddress::default() };
    match Client::at(server.clone()).status().await {
        Ok(status) => Failure::failed(format!(
            "{address} is in use by your server with the process ID {}",
            status.pid
        ))
        .with_hint(format!(
            "Use that server, or choose another port: aws-sso ecs run --port {}",
            server.other_port()
        )),
        Err(_) => error.into(),
    }
}

/// Accepts authorization tokens. If their key is unusable, the server still serves programs that need no token.
fn accept_tokens(
    server: &mut Server,
    are_required: bool,
    address: Option<&SocketAddr>,
) -> Result<(), Failure> {
    let taken = server.accept_tokens(TokenStore::at(paths::token_store()));
    if are_required {
        server.require_token();
        taken?;
        ui::note(&format!(
            "Every program needs an authorization token: aws-sso ecs token create --default-slot --file ~/.aws-sso.token, \
             then eval \"$(aws-sso ecs env{} --token-file ~/.aws-sso.token)\"",
            address.map(server_flag).unwrap_or_default()
        ));
    } else if let Err(error) = taken {
        let Failure { message: text, hint, .. } = error.into();
        let hint = hint.map(|hint| format!(". {hint}")).unwrap_or_default();
        ui::note(&format!("warning: authorization tokens are not accepted: {text}{hint}"));
    }
    Ok(())
}

/// The flag that names this server in a command. Empty if it is the default one.
fn server_flag(address: &SocketAddr) -> String {
    match address.port() {
        ServerAddress::DEFAULT_PORT => String::new(),
        _ => format!(" --server {address}"),
    }
}

/// The default slot at the start.
enum InitialSlot {
    Credentials(Profile),
    /// The slot is filled after the next sign-in.
    Source(ProfileName, Source),
}

/// Obtains the profile of `--load`. If nobody is signed in, the server starts anyway.
async fn initial_slot(arguments: &Arguments, name: &ProfileName) -> Result<InitialSlot, Failure> {
    let settings = Settings::read(&arguments.instance)?;
    let resolved = resolve(&settings, Wanted::Profile(name.clone()))?;
    let source = resolved.source(&settings);
    let error = match fetch(&settings, resolved).await {
        Ok(profile) => return Ok(InitialSlot::Credentials(profile)),
        Err(error) => error,
    };
    let can_wait = error.problem == Problem::SignInNeeded && !arguments.no_refresh;
    match source.filter(|_| can_wait) {
        Some(source) => Ok(InitialSlot::Source(name.clone(), source)),
        None => Err(error),
    }
}

/// Prepares the refresh of slots and the file that remembers them.
async fn refreshing(
    arguments: &InstanceArguments,
    port: Option<u16>,
    events: mpsc::Sender<Event>,
) -> Result<Refreshing, Failure> {
    // Errors in the settings are ignored here. A slot that needs the settings reports them.
    let passphrases = match env::file_password()?.is_none() && store::can_ask() {
        true => match Settings::read(arguments) {
            Ok(settings) => access::ask_passphrases(&settings)?,
            Err(_) => HashMap::new(),
        },
        false => HashMap::new(),
    };
    let provider = AwsProvider::new(arguments.clone(), passphrases, events.clone());
    let list = port.map(|port| SlotList::at(paths::slot_list(port)));
    Ok(Refreshing { provider: Arc::new(provider), events, list })
}

/// Restores the slots of the last run.
fn restore(server: &Server) {
    match server.restore() {
        Ok(0) => {}
        Ok(1) => ui::note("Restoring one slot of the last run."),
        Ok(slots) => ui::note(&format!("Restoring {slots} slots of the last run.")),
        Err(error) => {
            let moved_to = error.moved_to.as_ref().map(|path| path.display().to_string());
            let moved_to =
                moved_to.map(|path| format!(" It was moved to {path}.")).unwrap_or_default();
            ui::note(&format!("warning: {}.{moved_to}", ui::printable(&error.to_string())));
        }
    }
}

/// The sockets of socket activation, if the variables of sd_listen_fds(3) are resolved for us.
fn sockets_of_systemd() -> Vec<TcpListener> {
    let mut handed_over = ListenFd::from_env();
    (0..handed_over.len())
        .filter_map(|index| handed_over.take_tcp_listener(index).ok().flatten())
        .collect()
}

/// Prints the variable on stdout, and a note for the person on stderr.
fn announce(addresses: Vec<SocketAddr>, origin: Option<String>, output: Output) {
    // IPv4 comes first, because all SDKs accept it.
    let (Some(address), Some(origin)) = (addresses.first(), origin) else {
        return;
    };
    let uri = format!("{origin}{}", path_for_sdks(&SlotName::Default));
    if output == Output::Json {
        return ui::json(&Started { addresses, uri });
    }
    ui::data(&format!("export AWS_CONTAINER_CREDENTIALS_FULL_URI={uri}"));
    let addresses = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
    ui::note(&format!(
        "Listening on {addresses}. Run the line above in each shell that uses the server, \
         then load a role: aws-sso ecs load{}",
        server_flag(address)
    ));
    if env::has_relative_uri() {
        ui::note(
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is set, and SDKs prefer it. In those shells, run: \
             eval \"$(aws-sso ecs env)\"",
        );
    }
}

/// More events than can wait at one time.
const MAX_EVENTS: usize = 256;
