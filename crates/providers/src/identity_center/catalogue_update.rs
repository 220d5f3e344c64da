//! The update of the catalogue: many calls within the portal's quota. It is saved while it runs, and resumed after an
//! interruption.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use credentials::{AccountId, Failure, Problem, RoleName, Timestamp};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::SignedDuration;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;
use tracing::{debug, warn};

use super::access_token::{AccessToken, wait_for};
use super::catalogue::{Account, Catalogue, CatalogueFile};
use super::portal::{AccountInfo, Page, PortalError};
use super::{IdentityCenter, role_credentials};
use crate::failure;

/// The number of calls at the same time: enough for the quota when an answer takes a second.
const MAX_IN_FLIGHT: usize = 24;
/// An interrupted update is resumed within this time. Later a new one begins.
const RESUME_WITHIN: SignedDuration = SignedDuration::from_hours(1);
const SAVE_INTERVAL: Duration = Duration::from_secs(1);
/// The time limit for the update of another process.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30 * 60);
/// The number of pages in a list, and of entries in them all. An organization has 10,000 accounts at most, unless AWS allows
/// more, and a page has 100 entries.
const MAX_PAGES: usize = 1000;
const MAX_ENTRIES: usize = 100_000;
/// The number of attempts of a call. Throttled ones do not count.
const MAX_ATTEMPTS: u32 = 5;

/// The progress of an update, in accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Accounts whose roles are known.
    pub done: usize,
    /// Accounts in all; 0 while they are being listed.
    pub total: usize,
}

/// The state that all calls of an update share.
struct Calls {
    identity_center: IdentityCenter,
    token: Mutex<AccessToken>,
}

impl IdentityCenter {
    /// Fetches all accounts and roles, and saves them to `file` once a second. `only_new`: fetches the roles only of accounts that
    /// are not yet in the catalogue. It waits for an update of another process, and returns its result.
    ///
    /// # Errors
    /// AWS cannot be reached or refuses a call. What was fetched until then is kept, and the next update resumes there.
    pub async fn update_catalogue(
        &self,
        file: &CatalogueFile,
        only_new: bool,
        progress: &watch::Sender<Progress>,
    ) -> Result<Catalogue, Failure> {
        let started_at = self.now();
        let lock = wait_for(&file.lock_path(), LOCK_TIMEOUT).await?.ok_or_else(|| {
            failure::unavailable(format!(
                "another aws-sso process has been updating the catalogue for more than {} minutes",
                LOCK_TIMEOUT.as_secs() / 60
            ))
        })?;
        let mut catalogue = file.read();
        if catalogue.updated_at.is_some_and(|at| at >= started_at) {
            debug!("another process has updated the catalogue");
            return Ok(catalogue);
        }
        let calls =
            Calls { identity_center: self.clone(), token: Mutex::new(self.access_token().await?) };
        let listed = calls.accounts().await?;
        let age = |at: &Timestamp| started_at.duration_since(*at);
        let is_resumable =
            |at: &Timestamp| (SignedDuration::ZERO..RESUME_WITHIN).contains(&age(at));
        let since = catalogue.updating_since.filter(is_resumable).unwrap_or(started_at);
        catalogue.accounts = merge(listed, std::mem::take(&mut catalogue.accounts));
        catalogue.updating_since = Some(since);
        let is_due = |account: &Account| match account.fetched_at {
            Some(at) => at < since && !only_new,
            None => true,
        };
        let due = catalogue.accounts.iter().filter(|account| is_due(account));
        let due: VecDeque<AccountId> = due.map(|account| account.id.clone()).collect();
        fetch(&calls, file, &mut catalogue, due, progress).await?;
        catalogue.updating_since = None;
        if !only_new || catalogue.updated_at.is_none() {
            catalogue.updated_at = Some(self.now());
        }
        file.write(&catalogue)?;
        drop(lock);
        Ok(catalogue)
    }
}

/// The listed accounts, with the roles that the catalogue has for them.
fn merge(listed: Vec<AccountInfo>, known: Vec<Account>) -> Vec<Account> {
    let mut known: HashMap<AccountId, Account> =
        known.into_iter().map(|account| (account.id.clone(), account)).collect();
    let account = |info: AccountInfo| {
        let known = known.remove(&info.id);
        let (roles, fetched_at) =
            known.map_or_else(Default::default, |known| (known.roles, known.fetched_at));
        Account { id: info.id, name: info.name, email: info.email, roles, fetched_at }
    };
    let mut accounts: Vec<_> = listed.into_iter().map(account).collect();
    accounts.sort_by(|a, b| a.id.cmp(&b.id));
    accounts.dedup_by(|a, b| a.id == b.id);
    accounts
}

/// Fetches the roles of the accounts that are due. It saves the catalogue in between, and when a call fails.
async fn fetch(
    calls: &Calls,
    file: &CatalogueFile,
    catalogue: &mut Catalogue,
    mut due: VecDeque<AccountId>,
    progress: &watch::Sender<Progress>,
) -> Result<(), Failure> {
    let total = catalogue.accounts.len();
    let places: HashMap<AccountId, usize> = catalogue
        .accounts
        .iter()
        .enumerate()
        .map(|(at, account)| (account.id.clone(), at))
        .collect();
    let mut under_way = FuturesUnordered::new();
    let mut remaining = due.len();
    let mut saved_at = Instant::now();
    loop {
        progress.send_replace(Progress { done: total - remaining, total });
        while under_way.len() < MAX_IN_FLIGHT
            && let Some(account) = due.pop_front()
        {
            under_way.push(async move {
                let roles = calls.roles(&account).await;
                (account, roles)
            });
        }
        let Some((account, roles)) = under_way.next().await else { return Ok(()) };
        match roles {
            Ok(roles) => {
                let place = places.get(&account).and_then(|at| catalogue.accounts.get_mut(*at));
                if let Some(place) = place {
                    place.roles = roles;
                    place.fetched_at = Some(calls.identity_center.now());
                }
            }
            Err(error) => {
                file.write(catalogue)?;
                return Err(error);
            }
        }
        remaining -= 1;
        if saved_at.elapsed() >= SAVE_INTERVAL {
            file.write(catalogue)?;
            saved_at = Instant::now();
        }
    }
}

impl Calls {
    async fn accounts(&self) -> Result<Vec<AccountInfo>, Failure> {
        let portal = self.identity_center.background_portal().await?;
        let call = async |token: AccessToken, page| portal.accounts(&token.secret, page).await;
        self.all(call).await
    }

    /// All roles in an account, sorted. An account that AWS lists but does not let us look into has none.
    async fn roles(&self, account: &AccountId) -> Result<Vec<RoleName>, Failure> {
        let portal = self.identity_center.background_portal().await?;
        let call =
            async |token: AccessToken, page| portal.roles(&token.secret, account, page).await;
        let mut roles = match self.all(call).await {
            Err(error) if error.problem == Problem::Denied => {
                warn!(account = account.as_str(), %error, "AWS does not list the roles of an account");
                Vec::new()
            }
            outcome => outcome?,
        };
        roles.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        roles.dedup();
        Ok(roles)
    }

    /// The entries of all pages of a list. A list without an end is an error.
    async fn all<T>(
        &self,
        call: impl AsyncFn(AccessToken, Option<String>) -> Result<Page<T>, PortalError>,
    ) -> Result<Vec<T>, Failure> {
        let (mut items, mut next) = (Vec::new(), None);
        for _ in 0..MAX_PAGES {
            let page = self.one(&call, next).await?;
            items.extend(page.items);
            next = page.next;
            if items.len() > MAX_ENTRIES {
                break;
            }
            if next.is_none() {
                return Ok(items);
            }
        }
        let name = &self.identity_center.instance().name;
        Err(failure::unavailable(format!("the lists of the access portal of `{name}` have no end")))
    }

    /// One page. Throttled and failed calls are retried, and a refused access token is renewed.
    async fn one<T>(
        &self,
        call: &impl AsyncFn(AccessToken, Option<String>) -> Result<Page<T>, PortalError>,
        page: Option<String>,
    ) -> Result<Page<T>, Failure> {
        let rate_limiter = &self.identity_center.0.rate_limiter;
        let mut failures = 0;
        loop {
            rate_limiter.wait_for_turn().await;
            let token = self.token.lock().await.clone();
            let PortalError { error, retry_after } = match call(token.clone(), page.clone()).await {
                Ok(page) => return Ok(page),
                Err(failure) => failure,
            };
            if error.problem == Problem::Throttled {
                rate_limiter.throttled(retry_after);
                continue;
            }
            failures += 1;
            let may_retry = failures < MAX_ATTEMPTS;
            if may_retry && error.problem == Problem::SignInNeeded {
                self.renew(token).await?;
            } else if may_retry && error.problem == Problem::Unavailable {
                debug!(%error, failures, "trying again");
                tokio::time::sleep(role_credentials::pause(failures)).await;
            } else {
                let name = &self.identity_center.instance().name;
                let text = format!("the access portal of `{name}` does not list roles: {error}");
                return Err(error.with_message(text));
            }
        }
    }

    /// Renews the token for all calls, once for all that were refused with the old one.
    async fn renew(&self, refused: AccessToken) -> Result<(), Failure> {
        let mut token = self.token.lock().await;
        if token.secret.expose() == refused.secret.expose() {
            *token = self.identity_center.access_token_after(refused).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use credentials::{Instance, InstanceId, RegionName, Secret};
    use fakes::FakeClock;

    use super::*;
    use crate::Aws;
    use crate::identity_center::Retries;
    use crate::secure_store::{Protection, SecureStore};

    /// The number of pages that are asked for, of a list whose pages have this many entries and never end.
    async fn pages(entries: usize) -> usize {
        let folder = tempfile::tempdir().unwrap();
        let InstanceId { name, start_url } = fakes::instance("corp");
        let region = RegionName::parse("eu-central-1").unwrap();
        let instance = Instance { name, start_url, region };
        let plain = Some(Protection::Plain);
        let store = SecureStore::open(folder.path(), &instance.name, plain, None).unwrap();
        let aws = Aws::new(Arc::new(FakeClock::at("2026-11-22T20:16:31Z")), None);
        let secret = Secret::parse("CANARY".to_owned()).unwrap();
        let calls = Calls {
            identity_center: IdentityCenter::new(aws, instance, store, None, Retries::default()),
            token: Mutex::new(AccessToken { secret, from_aws_cli: false }),
        };
        let asked = std::cell::Cell::new(0);
        let outcome = calls.all(async |_, _| {
            asked.set(asked.get() + 1);
            Ok(Page { items: vec![(); entries], next: Some("more".to_owned()) })
        });
        let error = outcome.await.unwrap_err();
        assert_eq!(error.to_string(), "the lists of the access portal of `corp` have no end");
        asked.get()
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_without_an_end_is_given_up() {
        assert_eq!(pages(0).await, MAX_PAGES);
        assert_eq!(pages(MAX_ENTRIES / 10).await, 11);
    }
}
