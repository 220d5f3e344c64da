//! An endpoint for one command: a server in this process that accepts only the command's token.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use credentials::{Clock, Failure, InstanceName, SlotName, Source};
use providers::secure_store::Passphrase;
use server::{
    AuthorizationToken, Event, EventKind, ListenError, Listeners, Refreshing, Scope, Server,
    path_for_sdks,
};
use tokio::sync::mpsc::{Receiver, channel};

use super::{Job, not_run};
use crate::ground::clock::SystemClock;
use crate::ground::process::{self, ChildSignals};
use crate::ground::{env, ui};
use crate::instance::access;
use crate::instance::arguments::InstanceArguments;
use crate::instance::store::{self, Item};
use crate::programs::exports::{Exports, Inherited};
use crate::serve::events;
use crate::serve::provider::{self, AwsProvider};

/// Runs the command and waits for its end.
pub(super) async fn run(mut job: Job, instance: InstanceArguments) -> Result<ExitCode, Failure> {
    let listeners = Listeners::bind(0)?;
    // All SDKs accept IPv4.
    let address = listeners.addresses().into_iter().find(SocketAddr::is_ipv4);
    let address = address.ok_or(ListenError::NoLoopback)?;
    let (sender, events) = channel(MAX_EVENTS);
    let provider = AwsProvider::new(instance, passphrase_of(&job), sender.clone());
    let refreshing = Refreshing { provider: Arc::new(provider), events: sender, list: None };
    let mut server =
        Server::new(listeners, Arc::new(SystemClock), Some(refreshing), provider::seed());
    let token = server.require_one_token(Scope::Read(vec![SlotName::Default]))?;
    job.set_environment(exports(address, &token)?);
    let Job { program, command, profile, .. } = job;
    server.load(profile)?;
    let signals = ChildSignals::take_over()
        .map_err(|error| Failure::failed(format!("cannot install signal handlers: {error}")))?;
    let child = process::spawn(command).map_err(|error| not_run(&program, &error))?;
    // After the spawn, so that the command keeps our original limit.
    process::allow_many_connections();
    tokio::spawn(show_events(events));
    tokio::spawn(server.run(std::future::pending()));
    let ended = signals.wait(child).await;
    access::saved().await;
    ended.map_err(|error| {
        Failure::failed(format!("cannot get the exit code of the command: {error}"))
    })
}

/// The passphrase that a person typed for the role's sign-in, if any.
fn passphrase_of(job: &Job) -> HashMap<InstanceName, Passphrase> {
    let instance = job.profile.source.as_ref().and_then(Source::instance);
    let typed = instance
        .map(|instance| &instance.name)
        .and_then(|name| Some((name.clone(), store::typed(Item::SignIn(name))?)));
    typed.into_iter().collect()
}

fn exports(address: SocketAddr, token: &AuthorizationToken) -> Result<Exports, Failure> {
    let uri = format!("http://{address}{}", path_for_sdks(&SlotName::Default));
    let host = address.ip().to_string();
    let exports = Exports::new(uri.clone(), &host, &Inherited::now()?);
    Ok(exports.with_token(Some(token.expose()), None).with(env::EXEC_ENDPOINT, Some(&uri)))
}

/// Shows the events that a person must act on while the command runs.
async fn show_events(mut events: Receiver<Event>) {
    while let Some(event) = events.recv().await {
        match event.kind {
            EventKind::ShortLived => {}
            EventKind::SessionEnding { .. }
            | EventKind::SignInNeeded
            | EventKind::SignedIn
            | EventKind::Denied
            | EventKind::Misconfigured
            | EventKind::Unavailable
            | EventKind::ClockOff => ui::note(&events::line(&event, SystemClock.now())),
        }
    }
}

/// More events than can wait at one time.
const MAX_EVENTS: usize = 16;
