//! What goes on while a person chooses, and is never waited for: the server is asked what it holds, AWS is asked for its
//! roles anew. Both are told as news.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use providers::identity_center::{Catalogue, Progress, saved};
use server::wire::ProfileObject;
use tokio::sync::watch;
use tokio::time::timeout;

use super::told::{Loaded, Told};
use crate::client::Client;
use crate::ground::env;
use crate::instance::access::{self, explain};
use crate::instance::settings::{ConfiguredInstance, Settings};
use crate::instance::store;
use credentials::{Failure, Problem};

type Going<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

pub(super) struct Background<'a> {
    settings: &'a Settings,
    asking: Option<Going<'a, Vec<Loaded>>>,
    refreshing: Option<Refreshing<'a>>,
}

struct Refreshing<'a> {
    instance: &'a ConfiguredInstance,
    work: Going<'a, Result<Catalogue, Failure>>,
    progress: watch::Receiver<Progress>,
}

/// Something to tell.
pub(super) enum News {
    Loaded(Vec<Loaded>),
    Progress(String),
    /// Well or not: the catalogue may be another.
    Refreshed(String),
}

impl<'a> Background<'a> {
    /// Begins to ask the server, if there is one to ask.
    pub(super) fn new(settings: &'a Settings, client: Option<&'a Client>) -> Self {
        let asking = client.map(|client| Box::pin(loaded(client)) as Going<'a, Vec<Loaded>>);
        Self { settings, asking, refreshing: None }
    }

    /// Begins to ask AWS, unless that is going on.
    pub(super) fn refresh(&mut self, instance: &'a ConfiguredInstance) {
        if self.refreshing.is_some() {
            return;
        }
        let (sender, progress) = watch::channel(Progress::default());
        let work = Box::pin(refresh(self.settings, instance, sender));
        self.refreshing = Some(Refreshing { instance, work, progress });
    }

    pub(super) fn is_refreshing(&self) -> bool {
        self.refreshing.is_some()
    }

    /// What is news. May be dropped and called again.
    pub(super) async fn news(&mut self) -> News {
        let asked = async {
            match &mut self.asking {
                Some(asking) => asking.await,
                None => pending().await,
            }
        };
        let refreshed = async {
            match &mut self.refreshing {
                Some(refreshing) => refreshing.news().await,
                None => pending().await,
            }
        };
        tokio::select! {
            loaded = asked => {
                self.asking = None;
                News::Loaded(loaded)
            }
            news = refreshed => {
                if matches!(news, News::Refreshed(_)) {
                    self.refreshing = None;
                }
                news
            }
        }
    }

    /// Ends it, but nothing that must not be cut off.
    pub(super) async fn end(self) {
        if self.refreshing.is_some() {
            saved().await;
        }
    }
}

impl News {
    pub(super) fn tell(self, told: &mut Told) {
        match self {
            Self::Loaded(loaded) => told.loaded = Some(loaded),
            Self::Progress(text) | Self::Refreshed(text) => told.news = Some(text),
        }
    }
}

impl Refreshing<'_> {
    async fn news(&mut self) -> News {
        let name = &self.instance.instance.name;
        tokio::select! {
            outcome = &mut self.work => News::Refreshed(match outcome {
                Ok(catalogue) => {
                    let (accounts, roles) = (catalogue.accounts.len(), catalogue.role_count());
                    format!("`{name}` is refreshed: {accounts} accounts, {roles} roles")
                }
                Err(Failure { message: text, hint, .. }) => match hint {
                    Some(hint) => format!("Not refreshed: {text}. {hint}"),
                    None => format!("Not refreshed: {text}"),
                },
            }),
            Ok(()) = self.progress.changed() => {
                let Progress { done, total } = *self.progress.borrow_and_update();
                News::Progress(format!("Refreshing `{name}`: {done} of {total} accounts"))
            }
        }
    }
}

/// What the server holds; nothing if it doesn't say so soon.
async fn loaded(client: &Client) -> Vec<Loaded> {
    let ask = async {
        let named = client.named_profiles().await.unwrap_or_default();
        let default = client.default_profile().await.ok();
        let loaded = |is_default| {
            move |profile: ProfileObject| Loaded { source: profile.source(), is_default, profile }
        };
        default.into_iter().map(loaded(true)).chain(named.into_iter().map(loaded(false))).collect()
    };
    timeout(PATIENCE, ask).await.unwrap_or_default()
}

async fn refresh(
    settings: &Settings,
    instance: &ConfiguredInstance,
    progress: watch::Sender<Progress>,
) -> Result<Catalogue, Failure> {
    let name = &instance.instance.name;
    // A person can't be asked on this screen.
    if store::is_under_passphrase(&settings.config, name) && env::file_password()?.is_none() {
        let text = format!("a passphrase protects your sign-in to `{name}`");
        let flag = settings.flag_for(&instance.instance);
        return Err(Failure::new(Problem::SignInNeeded, text)
            .with_hint(format!("Type: aws-sso cache{flag}")));
    }
    let center = access::open_unattended(settings, instance, None)?;
    let file = access::catalogue_file(instance);
    let refreshed = center.refresh_catalogue(&file, false, &progress).await;
    refreshed.map_err(|error| explain(error, settings, instance))
}

/// The server is on this host as a rule.
const PATIENCE: Duration = Duration::from_secs(2);
