//! The server's provider of credentials: it gets them from AWS, with the settings of that moment.
//!
//! It never asks a person. It works on its own thread, so that no reader of a slot waits for a handshake, for
//! parsing, for a disk or for a keyring.

use credentials::{
    AwsConfigFiles, Chain, Failure, Fetched, InstanceId, InstanceName, Problem, ProfileSource,
    Source, Upstream, shell_word,
};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use config::aws_config::AwsConfig;
use providers::identity_center::{FolderSnapshot, IdentityCenter, SignInPlace};
use providers::secure_store::Passphrase;
use server::{Event, EventKind, Later, Provider, Session};
use tokio::runtime::{Builder, Handle};
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;
use tracing::debug;

use crate::ground::paths;
use crate::instance::access::{self, explain};
use crate::instance::arguments::InstanceArguments;
use crate::instance::settings::{ConfiguredInstance, Settings};

/// Settings are read again when they are older, or when an instance is missing in them.
const MAX_SETTINGS_AGE: Duration = Duration::from_secs(5);

/// Gives credentials for sources, from AWS. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct AwsProvider(Arc<Inner>);

struct Inner {
    arguments: InstanceArguments,
    /// The passphrases that the person typed when the server started.
    passphrases: HashMap<InstanceName, Passphrase>,
    events: Sender<Event>,
    settings: tokio::sync::Mutex<Option<(Instant, Arc<Settings>)>>,
    centers: Mutex<HashMap<InstanceId, Center>>,
    /// The sign-ins of the AWS CLI, as they were before a profile was last resolved.
    snapshots: Mutex<HashMap<ProfileSource, Arc<FolderSnapshot>>>,
    /// The last readings of the files of profiles.
    aws_configs: Mutex<HashMap<AwsConfigFiles, Arc<AwsConfig>>>,
    clock_is_off: AtomicBool,
    /// The runtime of the thread, started with the first work.
    runtime: OnceLock<Handle>,
}

/// A lock for each instance: one task opens it at a time, and tasks of other instances do not wait.
type Center = Arc<tokio::sync::Mutex<Option<IdentityCenter>>>;

impl AwsProvider {
    pub(crate) fn new(
        arguments: InstanceArguments,
        passphrases: HashMap<InstanceName, Passphrase>,
        events: Sender<Event>,
    ) -> Self {
        Self(Arc::new(Inner {
            arguments,
            passphrases,
            events,
            settings: tokio::sync::Mutex::default(),
            centers: Mutex::default(),
            snapshots: Mutex::default(),
            aws_configs: Mutex::default(),
            clock_is_off: AtomicBool::new(false),
            runtime: OnceLock::new(),
        }))
    }

    /// Runs the work on the thread. Dropping the future cancels it.
    fn on_thread<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Later<Result<T, Failure>> {
        let runtime =
            self.0.runtime.get_or_init(|| start_thread().unwrap_or_else(|_| Handle::current()));
        let mut task = JoinSet::new();
        task.spawn_on(work, runtime);
        Box::pin(async move {
            match task.join_next().await {
                Some(Ok(outcome)) => outcome,
                Some(Err(_)) | None => Err(interrupted()),
            }
        })
    }

    async fn fetch_role(&self, id: &InstanceId, chain: &Chain) -> Result<Fetched, Failure> {
        let outcome = self.with_center(id, async |center| center.new_credentials(chain).await);
        let outcome = outcome.await;
        self.watch_clock(id).await;
        outcome
    }

    /// Fetches from the files that the profile was loaded from. It fails if the profile was edited: it may be another
    /// role.
    async fn fetch_profile(&self, source: &ProfileSource) -> Result<Fetched, Failure> {
        let snapshot = Arc::new(FolderSnapshot::take(paths::aws_cli_sign_ins()).await);
        lock(&self.0.snapshots).insert(source.clone(), snapshot);
        let ProfileSource { files, name, .. } = source;
        let config = self.aws_config(files)?;
        if config.has(name) && config.source(name).as_ref() != Some(source) {
            let text = format!(
                "the profile `{name}` in {} was edited after it was loaded",
                config.files()
            );
            let name = shell_word(name.as_str());
            return Err(Failure::failed(text).with_hint(format!(
                "Load it again: aws-sso ecs load --profile {name} (add --slotted for a named slot)"
            )));
        }
        access::aws_with(&config).profile(&config, name, None).await
    }

    /// Reads the files of a profile. If one of them can't be read now, the last reading counts.
    fn aws_config(&self, files: &AwsConfigFiles) -> Result<Arc<AwsConfig>, Failure> {
        let read = AwsConfig::read(files.config().into(), files.credentials().into());
        let mut known = lock(&self.0.aws_configs);
        match (read.unreadable().first(), known.get(files)) {
            (Some(failure), Some(known)) => {
                debug!("{failure}");
                Ok(Arc::clone(known))
            }
            (Some(failure), None) => Err(failure.clone()),
            (None, _) => {
                let read = Arc::new(read);
                known.insert(files.clone(), Arc::clone(&read));
                Ok(read)
            }
        }
    }

    async fn look_at_session(&self, id: &InstanceId) -> Result<Session, Failure> {
        let session = self.with_center(id, async |center| center.keep_session().await).await?;
        Ok(Session { ends: session.ends_at, look_again: session.next_check })
    }

    async fn sign_in_changes(&self, upstream: &Upstream) {
        match upstream {
            Upstream::Instance(id) => {
                let center = self.place(id).lock().await.clone();
                match center {
                    // Opening it again with a passphrase takes half a second.
                    Some(center) if center.sign_in_changes().await == SignInPlace::Here => return,
                    Some(_) => {}
                    // It could not be opened.
                    None => FolderSnapshot::take(paths::sign_ins()).await.changes().await,
                }
                // A new sign-in may have another key or another protection.
                *self.place(id).lock().await = None;
            }
            Upstream::Profile(profile) => {
                let snapshot = lock(&self.0.snapshots).get(profile).cloned();
                match snapshot {
                    Some(snapshot) => snapshot.changes().await,
                    None => FolderSnapshot::take(paths::aws_cli_sign_ins()).await.changes().await,
                }
            }
        }
    }

    /// Asks an instance. If it turns out to be unusable, the next call opens it again.
    async fn with_center<T>(
        &self,
        id: &InstanceId,
        ask: impl AsyncFnOnce(&IdentityCenter) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let (settings, instance) = self.configured(id).await?;
        let center = self.center(&settings, &instance).await?;
        let error = match ask(&center).await {
            Ok(outcome) => return Ok(outcome),
            Err(error) => error,
        };
        if matches!(error.problem, Problem::Invalid) {
            *self.place(id).lock().await = None;
        }
        Err(explain(error, &settings, &instance))
    }

    /// The instance as it is configured now.
    async fn configured(
        &self,
        id: &InstanceId,
    ) -> Result<(Arc<Settings>, ConfiguredInstance), Failure> {
        for age in [MAX_SETTINGS_AGE, Duration::ZERO] {
            let settings = self.settings(age).await?;
            if let Some(instance) = settings.with_id(id) {
                let instance = instance.clone();
                return Ok((settings, instance));
            }
        }
        let message = format!(
            "no instance `{}` with the start URL {} is in the configuration of the server",
            id.name, id.start_url
        );
        Err(Failure::failed(message).with_hint("Show the configured instances: aws-sso doctor"))
    }

    async fn settings(&self, age: Duration) -> Result<Arc<Settings>, Failure> {
        let mut known = self.0.settings.lock().await;
        match &*known {
            Some((read_at, settings)) if read_at.elapsed() < age => {
                return Ok(Arc::clone(settings));
            }
            _ => {}
        }
        let arguments = self.0.arguments.clone();
        let read = move || Settings::read(&arguments);
        let settings = match (run_blocking(read).await, &*known) {
            (Ok(settings), _) => Arc::new(settings),
            // A running server goes on with what it read before.
            (Err(failure), Some((_, settings))) => {
                debug!("{failure}");
                Arc::clone(settings)
            }
            (Err(failure), None) => return Err(failure),
        };
        *known = Some((Instant::now(), Arc::clone(&settings)));
        Ok(settings)
    }

    async fn center(
        &self,
        settings: &Arc<Settings>,
        instance: &ConfiguredInstance,
    ) -> Result<IdentityCenter, Failure> {
        let place = self.place(&instance.instance.id());
        let mut place = place.lock().await;
        match &*place {
            Some(center) if *center.instance() == instance.instance => return Ok(center.clone()),
            _ => {}
        }
        let passphrase = self.0.passphrases.get(&instance.instance.name).cloned();
        let (settings, instance) = (Arc::clone(settings), instance.clone());
        let open = move || access::open_unattended(&settings, &instance, passphrase);
        let center = run_blocking(open).await?;
        *place = Some(center.clone());
        Ok(center)
    }

    fn place(&self, id: &InstanceId) -> Center {
        Arc::clone(lock(&self.0.centers).entry(id.clone()).or_default())
    }

    /// Reports a wrong clock once, and again only after it was right.
    async fn watch_clock(&self, id: &InstanceId) {
        let center = self.place(id).lock().await.clone();
        let warning = center.and_then(|center| access::clock_warning(&center));
        let was_off = self.0.clock_is_off.swap(warning.is_some(), Ordering::Relaxed);
        if let (Some(Failure { message, hint, .. }), false) = (warning, was_off) {
            let (kind, instance, slots) = (EventKind::ClockOff, None, Vec::new());
            // With a full channel there are more important events.
            self.0.events.try_send(Event { kind, instance, slots, message, hint }).ok();
        }
    }
}

impl Provider for AwsProvider {
    fn fetch(&self, source: &Source) -> Later<Result<Fetched, Failure>> {
        let (this, source) = (self.clone(), source.clone());
        self.on_thread(async move {
            match &source {
                Source::Role { instance, chain } => this.fetch_role(instance, chain).await,
                Source::Profile(profile) => this.fetch_profile(profile).await,
            }
        })
    }

    fn session(&self, instance: &InstanceId) -> Later<Result<Session, Failure>> {
        let (this, instance) = (self.clone(), instance.clone());
        self.on_thread(async move { this.look_at_session(&instance).await })
    }

    fn signed_in(&self, upstream: &Upstream) -> Later<()> {
        let (this, upstream) = (self.clone(), upstream.clone());
        let signed_in = self.on_thread(async move {
            this.sign_in_changes(&upstream).await;
            Ok(())
        });
        Box::pin(async move {
            // After an interruption, the next request to AWS shows whether the sign-in works.
            signed_in.await.ok();
        })
    }
}

/// Some number, another one for each process: it spreads refreshes.
pub(crate) fn seed() -> u64 {
    RandomState::new().hash_one(())
}

fn start_thread() -> std::io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    let work = move || runtime.block_on(std::future::pending::<()>());
    thread::Builder::new().name("refresher".to_owned()).spawn(work)?;
    Ok(handle)
}

fn interrupted() -> Failure {
    Failure::new(Problem::Unavailable, "the request to AWS was interrupted")
}

/// Runs work that may wait for a disk, a keyring or the derivation of a key.
async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let outcome = tokio::task::spawn_blocking(work).await;
    outcome.unwrap_or_else(|error| Err(Failure::failed(error)))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
