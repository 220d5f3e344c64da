//! Refreshing the catalogue: many calls under the portal's quota, saved as it goes, taken up again where it was.

use crate::failure;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use credentials::{AccountId, Failure, Problem, RoleName, Timestamp};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;
use tracing::{debug, warn};

use super::access_token::{AccessToken, wait_for};
use super::catalogue::{Account, Catalogue, CatalogueFile};
use super::portal::{AccountInfo, Page, Refused};
use super::{IdentityCenter, role_credentials};

/// Calls under way at a time: enough for the quota when an answer takes a second.
const IN_FLIGHT: usize = 24;
/// A refresh that was broken off is taken up again within this time, in seconds.
const RESUMABLE: i64 = 60 * 60;
const SAVE_EVERY: Duration = Duration::from_secs(1);
/// Another process's refresh is waited for this long.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
/// So often a call is tried that fails for another reason than throttling.
const ATTEMPTS: u32 = 5;

/// How far a refresh is, in accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Accounts whose roles are known.
    pub done: usize,
    /// Accounts in all; 0 while they are being listed.
    pub total: usize,
}

/// What the calls of a refresh share.
struct Calls {
    center: IdentityCenter,
    token: Mutex<AccessToken>,
}

impl IdentityCenter {
    /// Fetches all accounts and roles, and writes them to `file` once a second. With `only_new`, just the roles of
    /// accounts that are not in the catalogue yet. Waits for a refresh of another process, and takes its result.
    ///
    /// # Errors
    /// AWS can't be reached, or says no; what was fetched until then is kept, and the next refresh goes on from there.
    pub async fn refresh_catalogue(
        &self,
        file: &CatalogueFile,
        only_new: bool,
        progress: &watch::Sender<Progress>,
    ) -> Result<Catalogue, Failure> {
        let started_at = self.now();
        let lock = wait_for(&file.lock_path(), PATIENCE).await?.ok_or_else(|| {
            failure::unavailable("another aws-sso refreshes the catalogue without end")
        })?;
        let mut catalogue = file.read();
        if catalogue.refreshed_at.is_some_and(|at| at >= started_at) {
            debug!("another process has refreshed the catalogue");
            return Ok(catalogue);
        }
        let calls = Calls { center: self.clone(), token: Mutex::new(self.access_token().await?) };
        let listed = calls.accounts().await?;
        let resumable =
            |at: &Timestamp| (0..RESUMABLE).contains(&(started_at.as_second() - at.as_second()));
        let since = catalogue.refreshing_since.filter(resumable).unwrap_or(started_at);
        catalogue.accounts = merge(listed, std::mem::take(&mut catalogue.accounts));
        catalogue.refreshing_since = Some(since);
        let is_due = |account: &Account| match account.fetched_at {
            Some(at) => at < since && !only_new,
            None => true,
        };
        let due = catalogue.accounts.iter().filter(|account| is_due(account));
        let due: VecDeque<AccountId> = due.map(|account| account.id.clone()).collect();
        fetch(&calls, file, &mut catalogue, due, progress).await?;
        catalogue.refreshing_since = None;
        if !only_new || catalogue.refreshed_at.is_none() {
            catalogue.refreshed_at = Some(self.now());
        }
        file.write(&catalogue)?;
        drop(lock);
        Ok(catalogue)
    }
}

/// The accounts that are listed now, with the roles that are known of them.
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

/// Fetches the roles of the accounts that are due into the catalogue, and saves it now and then, and when it fails.
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
        while under_way.len() < IN_FLIGHT
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
                    place.fetched_at = Some(calls.center.now());
                }
            }
            Err(error) => {
                file.write(catalogue)?;
                return Err(error);
            }
        }
        remaining -= 1;
        if saved_at.elapsed() >= SAVE_EVERY {
            file.write(catalogue)?;
            saved_at = Instant::now();
        }
    }
}

impl Calls {
    async fn accounts(&self) -> Result<Vec<AccountInfo>, Failure> {
        let portal = self.center.portal_in_turn().await?;
        let call = async |token: AccessToken, page| portal.accounts(&token.secret, page).await;
        self.all(call).await
    }

    /// All roles in an account, sorted. An account that is listed and yet closed to us has none.
    async fn roles(&self, account: &AccountId) -> Result<Vec<RoleName>, Failure> {
        let portal = self.center.portal_in_turn().await?;
        let call =
            async |token: AccessToken, page| portal.roles(&token.secret, account, page).await;
        let mut roles = match self.all(call).await {
            Err(error) if error.problem == Problem::Denied => {
                warn!(account = account.as_str(), %error, "the roles of an account are not told");
                Vec::new()
            }
            outcome => outcome?,
        };
        roles.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        roles.dedup();
        Ok(roles)
    }

    /// All pages of a list.
    async fn all<T>(
        &self,
        call: impl AsyncFn(AccessToken, Option<String>) -> Result<Page<T>, Refused>,
    ) -> Result<Vec<T>, Failure> {
        let (mut items, mut next) = (Vec::new(), None);
        loop {
            let page = self.one(&call, next).await?;
            items.extend(page.items);
            next = page.next;
            if next.is_none() {
                return Ok(items);
            }
        }
    }

    /// One page, whatever it takes: throttled calls are made again, and a token that has ended is refreshed.
    async fn one<T>(
        &self,
        call: &impl AsyncFn(AccessToken, Option<String>) -> Result<Page<T>, Refused>,
        page: Option<String>,
    ) -> Result<Page<T>, Failure> {
        let pace = &self.center.0.pace;
        let mut failures = 0;
        loop {
            pace.turn().await;
            let token = self.token.lock().await.clone();
            let Refused { error, retry_after } = match call(token.clone(), page.clone()).await {
                Ok(page) => return Ok(page),
                Err(failure) => failure,
            };
            failures += 1;
            match error.problem {
                Problem::Throttled => {
                    failures -= 1;
                    pace.throttled(retry_after);
                }
                Problem::SignInNeeded if failures < ATTEMPTS => self.renew(token).await?,
                Problem::Unavailable if failures < ATTEMPTS => {
                    debug!(%error, failures, "asking again");
                    tokio::time::sleep(role_credentials::pause(failures)).await;
                }
                _ => {
                    let name = &self.center.instance().name;
                    let text = format!("the access portal of `{name}` lists no roles: {error}");
                    return Err(error.with_message(text));
                }
            }
        }
    }

    /// Another token for all, once, however many calls were refused with the old one.
    async fn renew(&self, refused: AccessToken) -> Result<(), Failure> {
        let mut token = self.token.lock().await;
        if token.secret.expose() == refused.secret.expose() {
            *token = self.center.access_token_after(refused).await?;
        }
        Ok(())
    }
}
