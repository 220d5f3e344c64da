//! Work in the background while a person chooses: it asks the server for its slots, and updates the catalogue from AWS.
//! The selector does not wait for it. Its results arrive as news.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use providers::identity_center::{Catalogue, Progress, wait_until_saved};
use server::wire::ProfileObject;
use tokio::sync::watch;
use tokio::time::timeout;

use super::loaded::Loaded;
use crate::client::Client;
use crate::ground::env;
use crate::instance::access::{self, explain};
use crate::instance::settings::{ConfiguredInstance, Settings};
use crate::instance::store;
use credentials::{Failure, Problem};

type Work<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

pub(super) struct Background<'a> {
    settings: &'a Settings,
    asking: Option<Work<'a, Vec<Loaded>>>,
    updating: Option<Updating<'a>>,
}

struct Updating<'a> {
    instance: &'a ConfiguredInstance,
    work: Work<'a, Result<Catalogue, Failure>>,
    progress: watch::Receiver<Progress>,
}

/// A result of the work.
pub(super) enum News {
    Loaded(Vec<Loaded>),
    Progress(String),
    /// An update ended, with or without an error. The catalogue may have changed.
    Updated(String),
}

impl<'a> Background<'a> {
    /// Starts to ask the server, if there is a client for it.
    pub(super) fn new(settings: &'a Settings, client: Option<&'a Client>) -> Self {
        let asking = client.map(|client| Box::pin(loaded(client)) as Work<'a, Vec<Loaded>>);
        Self { settings, asking, updating: None }
    }

    /// Starts to update an instance from AWS, unless an update is running.
    pub(super) fn update(&mut self, instance: &'a ConfiguredInstance) {
        if self.updating.is_some() {
            return;
        }
        let (sender, progress) = watch::channel(Progress::default());
        let work = Box::pin(update(self.settings, instance, sender));
        self.updating = Some(Updating { instance, work, progress });
    }

    pub(super) fn is_updating(&self) -> bool {
        self.updating.is_some()
    }

    /// Waits for news. It can be dropped and called again.
    pub(super) async fn news(&mut self) -> News {
        let asked = async {
            match &mut self.asking {
                Some(asking) => asking.await,
                None => pending().await,
            }
        };
        let updated = async {
            match &mut self.updating {
                Some(updating) => updating.news().await,
                None => pending().await,
            }
        };
        tokio::select! {
            loaded = asked => {
                self.asking = None;
                News::Loaded(loaded)
            }
            news = updated => {
                if matches!(news, News::Updated(_)) {
                    self.updating = None;
                }
                news
            }
        }
    }

    /// Ends the work, but lets a file be written to its end.
    pub(super) async fn end(self) {
        if self.updating.is_some() {
            wait_until_saved().await;
        }
    }
}

impl Updating<'_> {
    async fn news(&mut self) -> News {
        let name = &self.instance.instance.name;
        tokio::select! {
            outcome = &mut self.work => News::Updated(match outcome {
                Ok(catalogue) => {
                    let (accounts, roles) = (catalogue.accounts.len(), catalogue.role_count());
                    format!("`{name}` is updated: {accounts} accounts, {roles} roles")
                }
                Err(Failure { message: text, hint, .. }) => match hint {
                    Some(hint) => format!("Not updated: {text}. {hint}"),
                    None => format!("Not updated: {text}"),
                },
            }),
            Ok(()) = self.progress.changed() => {
                let Progress { done, total } = *self.progress.borrow_and_update();
                News::Progress(format!("Updating `{name}`: {done} of {total} accounts"))
            }
        }
    }
}

/// The slots of the server. Empty if it does not answer in time.
async fn loaded(client: &Client) -> Vec<Loaded> {
    let ask = async {
        let named = client.named_profiles().await.unwrap_or_default();
        let default = client.default_profile().await.ok();
        let loaded = |is_default| {
            move |profile: ProfileObject| Loaded { source: profile.source(), is_default, profile }
        };
        default.into_iter().map(loaded(true)).chain(named.into_iter().map(loaded(false))).collect()
    };
    timeout(SERVER_TIMEOUT, ask).await.unwrap_or_default()
}

async fn update(
    settings: &Settings,
    instance: &ConfiguredInstance,
    progress: watch::Sender<Progress>,
) -> Result<Catalogue, Failure> {
    let name = &instance.instance.name;
    // The selector's screen has no place for a question.
    if store::is_under_passphrase(&settings.config, name) && env::file_password()?.is_none() {
        let text = format!("a passphrase protects your sign-in to `{name}`");
        let flag = settings.flag_for(&instance.instance);
        return Err(Failure::new(Problem::SignInNeeded, text)
            .with_hint(format!("Update it with: aws-sso cache{flag}")));
    }
    let center = access::open_unattended(settings, instance, None)?;
    let file = access::catalogue_file(instance);
    let updated = center.update_catalogue(&file, false, &progress).await;
    updated.map_err(|error| explain(error, settings, instance))
}

/// The server is usually on this host.
const SERVER_TIMEOUT: Duration = Duration::from_secs(2);
