//! The code that runs in the other process.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use credentials::{
    AccountId, Chain, Clock, Failure, Fetched, Instance, InstanceName, RegionName, RoleName,
    StartUrl, Timestamp,
};
use futures_util::future::join_all;
use providers::Aws;
use providers::identity_center::{
    AwsCliCache, Catalogue, CatalogueFile, IdentityCenter, Pending, Progress, Retries, SignIn,
    Workflow, wait_until_saved,
};
use providers::secure_store::{Passphrase, Protection, SecureStore};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, filter::Targets, fmt};

use super::{Answer, Failed, Line, Request, Session, Setup};
use crate::world::{ACCOUNT, ROLE};

/// The prefix of an answer.
pub(super) const PROMPT: &str = "answer: ";
/// The time limit of a request. Nothing takes this long unless it hangs.
const PATIENCE: Duration = Duration::from_secs(100);

/// The real time plus an offset.
struct AheadClock(AtomicI64);

impl Clock for AheadClock {
    #[expect(clippy::disallowed_methods, reason = "several processes share the time")]
    fn now(&self) -> Timestamp {
        let ahead = Duration::from_secs(self.0.load(Ordering::Relaxed).try_into().unwrap());
        Timestamp::now() + ahead
    }
}

#[test]
#[ignore = "a child of other tests"]
fn performs_requests() {
    let mut lines = BufReader::new(std::io::stdin()).lines().map_while(Result::ok);
    // Without a setup, a person runs the ignored tests.
    let Some(setup) = lines.next().and_then(|line| serde_json::from_str(&line).ok()) else {
        return;
    };
    // The most verbose log level of the binary.
    let ours = Targets::new().with_target("providers", LevelFilter::TRACE);
    let log = fmt::layer().with_writer(std::io::stderr).with_ansi(false).without_time();
    tracing_subscriber::registry().with(log.with_filter(ours)).init();
    let (sender, mut requests) = mpsc::unbounded_channel::<Line>();
    std::thread::spawn(move || {
        lines.map(|line| serde_json::from_str(&line).unwrap()).for_each(|line| {
            // At the end, nobody receives any more.
            drop(sender.send(line));
        });
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let user = User::new(&setup);
        while let Some(Line { ahead, request }) = requests.recv().await {
            user.clock.0.store(ahead, Ordering::Relaxed);
            let answer = tokio::select! {
                outcome = timeout(PATIENCE, user.perform(request)) => outcome.unwrap(),
                _ = requests.recv() => Ok(Answer::GaveUp),
            };
            print(&answer.unwrap_or_else(failed));
        }
    });
}

fn failed(error: Failure) -> Answer {
    let text = format!("{error} {}", error.hint.as_deref().unwrap_or_default()).trim().to_owned();
    Answer::Failed(Failed { problem: format!("{:?}", error.problem), text })
}

fn print(answer: &Answer) {
    // libtest may have written the start of a line.
    let line = format!("\n{PROMPT}{}\n", serde_json::to_string(answer).unwrap());
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}

struct User {
    center: IdentityCenter,
    catalogue: CatalogueFile,
    clock: Arc<AheadClock>,
}

impl User {
    fn new(setup: &Setup) -> Self {
        let instance = Instance {
            name: InstanceName::parse(&setup.instance).unwrap(),
            start_url: StartUrl::parse(&setup.start_url).unwrap(),
            region: RegionName::parse(&setup.region).unwrap(),
        };
        let folder = |name: &str| Path::new(&setup.home).join(name);
        let catalogue = CatalogueFile::new(&folder("catalogue"), &instance);
        let passphrase = setup.passphrase.clone().map(|text| Passphrase::parse(text).unwrap());
        let protection = passphrase.as_ref().map_or(Protection::Plain, |_| Protection::Passphrase);
        let store =
            SecureStore::open(&folder("store"), &instance.name, Some(protection), passphrase);
        let cache = AwsCliCache::new(folder("aws-cli"), &setup.start_url);
        let clock = Arc::new(AheadClock(AtomicI64::new(0)));
        let (max_attempts, max_backoff) = (Some(setup.attempts), Some(Duration::ZERO));
        let retries = Retries { max_attempts, max_backoff, patience: Some(setup.patience) };
        let aws = Aws::new(clock.clone(), None);
        let center = IdentityCenter::new(aws, instance, store.unwrap(), Some(cache), retries);
        Self { center, catalogue, clock }
    }

    async fn credentials(&self, new: bool) -> Result<Fetched, Failure> {
        let chain = chain(ACCOUNT, ROLE);
        match new {
            true => self.center.new_credentials(&chain).await,
            false => self.center.credentials(&chain).await,
        }
    }

    async fn perform(&self, request: Request) -> Result<Answer, Failure> {
        let center = &self.center;
        Ok(match request {
            Request::SignIn { device_code, after_others: true } => {
                sign_in(center.sign_in_after_others().await?, device_code).await?
            }
            Request::SignIn { device_code, after_others: false } => match center.try_sign_in()? {
                Some(right) => sign_in(right, device_code).await?,
                None => Answer::Busy,
            },
            Request::SignOut => Answer::SignedIn(center.sign_out().await?),
            Request::SignedIn => Answer::SignedIn(center.signed_in().await?.is_some()),
            Request::StillSignedIn => Answer::SignedIn(center.still_signed_in().await?.is_some()),
            Request::Credentials { account, role } => {
                given(&center.credentials(&chain(&account, &role)).await?)
            }
            Request::NewCredentials { account, role } => {
                given(&center.new_credentials(&chain(&account, &role)).await?)
            }
            Request::Many { new, count } => {
                let outcomes = join_all((0..count).map(|_| self.credentials(new))).await;
                let problems = outcomes.into_iter().filter_map(Result::err);
                Answer::Many(problems.map(|error| format!("{:?}", error.problem)).collect())
            }
            Request::Life { new } => {
                let expiration = self.credentials(new).await?.credentials.expiration;
                Answer::Life(expiration.epoch_seconds() - self.clock.now().as_second())
            }
            Request::KeepSession => {
                let session = center.keep_session().await?;
                let from_now = |at: Timestamp| at.as_second() - self.clock.now().as_second();
                Answer::Session(Session {
                    ends_in: session.ends_at.map(from_now),
                    next_check_in: from_now(session.next_check),
                })
            }
            Request::SignInChanges => {
                center.sign_in_changes().await;
                Answer::Done
            }
            Request::UpdateCatalogue { only_new } => {
                let (progress, _) = watch::channel(Progress::default());
                listed(&center.update_catalogue(&self.catalogue, only_new, &progress).await?)
            }
            Request::ClockOffset => Answer::ClockOffset(center.clock_offset().as_secs()),
            Request::WaitUntilSaved => {
                wait_until_saved().await;
                Answer::Done
            }
            Request::GiveUp => Answer::GaveUp,
        })
    }
}

fn chain(account: &str, role: &str) -> Chain {
    Chain {
        account_id: AccountId::parse(account).unwrap(),
        role_name: RoleName::parse(role).unwrap(),
        links: Vec::new(),
    }
}

fn given(fetched: &Fetched) -> Answer {
    Answer::Credentials(fetched.credentials.access_key_id.as_str().to_owned())
}

async fn sign_in(right: SignIn, device_code: bool) -> Result<Answer, Failure> {
    let workflow = if device_code { Workflow::DeviceCode } else { Workflow::Pkce };
    let shown = |url: &str, user_code: &str| {
        print(&Answer::Shown { url: url.to_owned(), user_code: user_code.to_owned() });
    };
    match right.start(workflow, false, None).await? {
        Pending::Pkce(pending) => {
            shown(pending.url(), "");
            pending.finish().await?;
        }
        Pending::DeviceCode(pending) => {
            shown(pending.url_with_code(), pending.user_code());
            pending.finish().await?;
        }
    }
    Ok(Answer::Done)
}

fn listed(catalogue: &Catalogue) -> Answer {
    let accounts = catalogue.accounts.iter().map(|account| {
        let roles = account.roles.iter().map(|role| role.as_str().to_owned()).collect();
        (account.id.as_str().to_owned(), roles)
    });
    Answer::Catalogue(accounts.collect())
}
