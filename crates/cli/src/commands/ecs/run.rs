//! `aws-sso ecs run`

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use clap::Args;
use credentials::{ProfileName, SlotName};
use listenfd::ListenFd;
use sd_notify::NotifyState;
use serde::Serialize;
use server::{Listeners, Server, path_for_sdks};
use tokio::sync::mpsc;

use crate::args::{Output, OutputArguments};
use crate::clock::SystemClock;
use crate::commands::interruptible;
use crate::error::CommandError;
use crate::events::{self, EventArguments};
use crate::obtain::{Wanted, obtain};
use crate::settings::{InstanceArguments, Settings};
use crate::{env, process, ui};

/// Run the container-credentials server, in the foreground
///
/// It listens on 127.0.0.1 and ::1, answers programs of the user who runs it and nobody else, and prints
/// what to export so that AWS SDKs use it. Sockets that systemd hands over are used instead of --port.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The port to listen on; 0 takes a free one
    #[arg(
        long,
        value_name = "PORT",
        env = "AWS_SSO_ECS_PORT",
        hide_env_values = true,
        default_value_t = 4144
    )]
    port: u16,
    /// Load this profile into the default slot before listening: see `aws-sso ecs load --profile`
    #[arg(short = 'd', long, value_name = "PROFILE", visible_alias = "default",
          value_parser = ProfileName::parse)]
    load: Option<ProfileName>,
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

pub(crate) async fn run(arguments: Arguments) -> Result<(), CommandError> {
    let default = match arguments.load {
        Some(name) => {
            let load = async {
                let settings = Settings::read(&arguments.instance).await?;
                obtain(&settings, Wanted::Profile(name)).await
            };
            Some(interruptible(load).await?)
        }
        None => None,
    };
    process::allow_many_connections();
    let handed_over = sockets_of_systemd();
    let listeners = if handed_over.is_empty() {
        Listeners::bind(arguments.port)?
    } else {
        Listeners::adopt(handed_over)?
    };
    let addresses = listeners.addresses();
    let server = Server::new(listeners, Arc::new(SystemClock), None, 0);
    if let Some(profile) = default {
        server.load(profile)?;
    }
    let stop = process::stop_signals()
        .map_err(|error| CommandError::failed(format!("signals cannot be taken over: {error}")))?;
    announce(addresses, arguments.output.output);
    let (_events, received) = mpsc::channel(EVENTS);
    tokio::spawn(events::tell(received, arguments.events.telling()));
    // Nobody listens for this but systemd, which says so by its variable.
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    server
        .run(async {
            stop.await;
            let _ = sd_notify::notify(&[NotifyState::Stopping]);
        })
        .await;
    Ok(())
}

/// The sockets of socket activation, if the variables of sd_listen_fds(3) are meant for us.
fn sockets_of_systemd() -> Vec<TcpListener> {
    let mut handed_over = ListenFd::from_env();
    (0..handed_over.len())
        .filter_map(|index| handed_over.take_tcp_listener(index).ok().flatten())
        .collect()
}

/// Says what to export, on stdout; and where it is good for, to the person.
fn announce(addresses: Vec<SocketAddr>, output: Output) {
    // IPv4 comes first: it is what every SDK takes.
    let Some(address) = addresses.first() else {
        return;
    };
    let uri = format!("http://{address}{}", path_for_sdks(&SlotName::Default));
    if output == Output::Json {
        return ui::json(&Started { addresses, uri });
    }
    ui::data(&format!("export AWS_CONTAINER_CREDENTIALS_FULL_URI={uri}"));
    let addresses = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
    ui::note(&format!(
        "Listening on {addresses}. Type the line above in each shell whose programs shall use it, \
         then load a role from any of yours: aws-sso ecs load --profile NAME{}",
        if address.port() == 4144 { String::new() } else { format!(" --server {address}") }
    ));
    if env::has_relative_uri() {
        ui::note(
            "Unset AWS_CONTAINER_CREDENTIALS_RELATIVE_URI in those shells: SDKs would prefer it.",
        );
    }
}

/// More than happen before they are told.
const EVENTS: usize = 16;
