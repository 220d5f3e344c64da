//! Notices a sign-in of another process: polls the files that a sign-in writes, once a second.
//!
//! A file is opened only when it has changed. All of it happens off the threads of the runtime, since a home folder may hang.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use files::ChangeMark;
use tokio::time::{Instant, sleep};
use tracing::debug;

use super::IdentityCenter;
use super::access_token::TokenState;
use super::item::{Item, blocking};

const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// All waiting tasks share an observation for this time. It is shorter than [`POLL_INTERVAL`], with which each wait begins: so no
/// task gets an observation that is older than its wait.
const SHARE_TIME: Duration = Duration::from_millis(500);

/// The marks of the files of an instance's sign-in; `None` for files that are not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignInFiles {
    item: Option<ChangeMark>,
    /// The item under other protections.
    elsewhere: Vec<Option<ChangeMark>>,
    aws_cli: Option<ChangeMark>,
}

/// The last observations of the files of a sign-in.
#[derive(Debug, Default)]
pub(crate) struct Observations {
    /// Just before the store was last read.
    last: Mutex<Option<SignInFiles>>,
    /// By all waiting tasks.
    shared: tokio::sync::Mutex<Option<(Instant, SignInFiles)>>,
}

/// The place of a new sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInPlace {
    /// In this store, which can read it.
    Here,
    /// In another place, or where this store cannot read it: the store must be opened again.
    Elsewhere,
}

/// The state of the files in a folder, to notice changes: in the folder of the AWS CLI's sign-ins, which the SDK reads itself.
#[derive(Debug)]
pub struct FolderSnapshot {
    folder: PathBuf,
    files: BTreeMap<OsString, Option<ChangeMark>>,
}

impl IdentityCenter {
    /// Waits until somebody may have signed in: in this store, under another protection, or with the AWS CLI. It reports what
    /// has changed since the last read of the store, or since its first poll if there was no read. It takes at least a second.
    ///
    /// It ignores what this process writes, and sign-outs. It is also ready when the store can no longer be read.
    pub fn sign_in_changes(&self) -> impl Future<Output = SignInPlace> + Send + use<> {
        let this = self.clone();
        let mut before = self.last_observation().clone();
        async move {
            if before.is_none() {
                before = this.observe_together().await;
            }
            loop {
                sleep(POLL_INTERVAL).await;
                let now = this.observe_together().await;
                if now != before
                    && let Some(place) = this.new_sign_in(&before, &now).await
                {
                    debug!(?place, "somebody may have signed in");
                    return place;
                }
                before = now.or(before);
            }
        }
    }

    /// Must be called before the store is read, so that a change during the read is noticed. Blocks.
    pub(crate) fn observe_before_reading(&self) {
        let files = self.observe();
        *self.last_observation() = Some(files);
    }

    /// Notes that this process has changed the files since `before`. Blocks.
    pub(crate) fn note_own_write(&self, before: &SignInFiles) {
        let after = self.observe();
        let mut last = self.last_observation();
        if last.as_ref() == Some(before) {
            *last = Some(after);
        }
    }

    /// Blocks.
    pub(crate) fn observe(&self) -> SignInFiles {
        let store = &self.0.store;
        SignInFiles {
            item: ChangeMark::of(store.path()),
            elsewhere: store.other_paths().iter().map(|path| ChangeMark::of(path)).collect(),
            aws_cli: self.0.aws_cli_cache.as_ref().and_then(|cache| ChangeMark::of(cache.path())),
        }
    }

    fn last_observation(&self) -> MutexGuard<'_, Option<SignInFiles>> {
        self.0.observations.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn observe_together(&self) -> Option<SignInFiles> {
        let mut shared = self.0.observations.shared.lock().await;
        match &*shared {
            Some((at, files)) if at.elapsed() < SHARE_TIME => return Some(files.clone()),
            _ => {}
        }
        let this = self.clone();
        let files = blocking(move || Ok(this.observe())).await.ok()?;
        *shared = Some((Instant::now(), files.clone()));
        Some(files)
    }

    /// `None` if only our own item or the AWS CLI's has changed, and nobody is signed in there.
    async fn new_sign_in(
        &self,
        before: &Option<SignInFiles>,
        now: &Option<SignInFiles>,
    ) -> Option<SignInPlace> {
        let elsewhere = |files: &Option<SignInFiles>| files.as_ref().map(|f| f.elsewhere.clone());
        if elsewhere(before) != elsewhere(now) || self.token_of_aws_cli().await.is_some() {
            return Some(SignInPlace::Elsewhere);
        }
        let this = self.clone();
        let is_signed_out = blocking(move || {
            let bytes = this.0.store.read()?;
            let item = Item::read(bytes.as_ref().map(|bytes| bytes.as_slice()), this.instance())?;
            let session = item.session;
            Ok(session.is_none_or(|session| TokenState::is_signed_out(&session, this.now())))
        });
        match is_signed_out.await {
            Ok(true) => None,
            Ok(false) => Some(SignInPlace::Here),
            Err(_) => Some(SignInPlace::Elsewhere),
        }
    }
}

impl FolderSnapshot {
    /// Takes a snapshot. The folder need not exist. Must be called before the files are used.
    pub async fn take(folder: PathBuf) -> Self {
        let files = files_in(folder.clone()).await.unwrap_or_default();
        Self { folder, files }
    }

    /// Waits until a file in the folder is added, changed or removed.
    pub async fn changes(&self) {
        while files_in(self.folder.clone()).await.is_none_or(|files| files == self.files) {
            sleep(POLL_INTERVAL).await;
        }
    }
}

async fn files_in(folder: PathBuf) -> Option<BTreeMap<OsString, Option<ChangeMark>>> {
    let look = move || {
        let Ok(entries) = fs::read_dir(folder) else { return Ok(BTreeMap::new()) };
        let file = |entry: fs::DirEntry| (entry.file_name(), ChangeMark::of(&entry.path()));
        Ok(entries.filter_map(Result::ok).map(file).collect())
    };
    blocking(look).await.ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use credentials::{Instance, InstanceName, RegionName, StartUrl};
    use fakes::FakeClock;
    use futures_util::future::join_all;
    use tokio::time::timeout;

    use super::*;
    use crate::Aws;
    use crate::identity_center::{AwsCliCache, Retries};
    use crate::secure_store::{Protection, SecureStore};

    const MINUTE: Duration = Duration::from_secs(60);
    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn identity_center(home: &Path) -> IdentityCenter {
        let instance = Instance {
            name: InstanceName::parse("corp").unwrap(),
            start_url: StartUrl::parse("https://corp.awsapps.com/start").unwrap(),
            region: RegionName::parse("eu-central-1").unwrap(),
        };
        let aws = Aws::new(Arc::new(FakeClock::at("2026-11-22T20:00:00Z")), None);
        let store = SecureStore::open(home, &instance.name, Some(Protection::Plain), None);
        let cache = AwsCliCache::new(home.join("aws-cli"), "corp");
        IdentityCenter::new(aws, instance, store.unwrap(), Some(cache), Retries::default())
    }

    /// Saves a sign-in, or that there is none.
    async fn save(identity_center: &IdentityCenter, access_token: Option<&str>) {
        let session = access_token.map(|token| crate::identity_center::item::Session {
            access_token: credentials::Secret::parse(token.to_owned()).unwrap(),
            expires_at: "2026-11-22T21:00:00Z".parse().unwrap(),
            refresh: None,
            is_last: false,
            user_name: None,
            credentials: Vec::new(),
        });
        identity_center.update_item(|item| item.session = session).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_change_nobody_has_signed_in() {
        let home = tempfile::tempdir().unwrap();
        let identity_center = identity_center(home.path());
        assert!(timeout(HOUR, identity_center.sign_in_changes()).await.is_err(), "without a store");
        save(&identity_center, Some("CANARY")).await;
        assert!(identity_center.keep_session().await.is_ok());
        assert!(timeout(HOUR, identity_center.sign_in_changes()).await.is_err(), "as it was read");
    }

    #[tokio::test(start_paused = true)]
    async fn a_sign_in_since_the_last_call_is_noticed() {
        let home = tempfile::tempdir().unwrap();
        let (identity_center, other) = (identity_center(home.path()), identity_center(home.path()));
        assert!(identity_center.keep_session().await.is_err());
        save(&other, Some("CANARY")).await;
        assert_eq!(
            timeout(HOUR, identity_center.sign_in_changes()).await.unwrap(),
            SignInPlace::Here
        );
        assert!(identity_center.keep_session().await.is_ok());
        assert!(timeout(HOUR, identity_center.sign_in_changes()).await.is_err(), "it is known now");
        let waiting = identity_center.sign_in_changes();
        save(&other, Some("CANARY-other")).await;
        timeout(HOUR, waiting).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_sign_out_and_what_is_written_here_are_no_sign_ins() {
        let home = tempfile::tempdir().unwrap();
        let (identity_center, other) = (identity_center(home.path()), identity_center(home.path()));
        save(&other, Some("CANARY")).await;
        assert!(identity_center.keep_session().await.is_ok());
        save(&identity_center, Some("CANARY-refreshed")).await;
        assert!(timeout(HOUR, identity_center.sign_in_changes()).await.is_err(), "written here");
        save(&other, None).await;
        let mut waiting = std::pin::pin!(identity_center.sign_in_changes());
        assert!(timeout(HOUR, &mut waiting).await.is_err(), "signed out");
        save(&other, Some("CANARY")).await;
        timeout(HOUR, waiting).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_sign_in_under_another_protection_is_noticed() {
        let home = tempfile::tempdir().unwrap();
        let identity_center = identity_center(home.path());
        assert!(identity_center.keep_session().await.is_err());
        std::fs::write(home.path().join("corp.file"), "sealed").unwrap();
        assert_eq!(
            timeout(HOUR, identity_center.sign_in_changes()).await.unwrap(),
            SignInPlace::Elsewhere
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_aws_clis_sign_in_is_noticed_once_it_is_whole() {
        let home = tempfile::tempdir().unwrap();
        let identity_center = identity_center(home.path());
        assert!(identity_center.keep_session().await.is_err());
        let cache = AwsCliCache::new(home.path().join("aws-cli"), "corp");
        std::fs::create_dir(home.path().join("aws-cli")).unwrap();
        std::fs::write(cache.path(), "{").unwrap();
        let mut waiting = std::pin::pin!(identity_center.sign_in_changes());
        assert!(timeout(HOUR, &mut waiting).await.is_err());
        let cached = r#"{"startUrl": "https://corp.awsapps.com/start", "region": "eu-central-1",
            "accessToken": "CANARY", "expiresAt": "2026-11-22T21:00:00Z"}"#;
        std::fs::write(cache.path(), cached).unwrap();
        timeout(HOUR, waiting).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_wait_share_a_look_and_are_told() {
        let home = tempfile::tempdir().unwrap();
        let (identity_center, other) = (identity_center(home.path()), identity_center(home.path()));
        assert!(identity_center.keep_session().await.is_err());
        let waiting: Vec<_> = (0..100).map(|_| identity_center.sign_in_changes()).collect();
        let observation = identity_center.observe_together().await;
        save(&other, Some("CANARY")).await;
        assert!(
            identity_center.observe_together().await == observation,
            "another one was just made"
        );
        timeout(MINUTE, join_all(waiting)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_folders_files_are_noticed_when_they_come_change_or_go() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("cache");
        let file = folder.join("a.json");
        let steps: [&dyn Fn(); 4] = [
            &|| std::fs::create_dir(&folder).unwrap(),
            &|| std::fs::write(&file, "1").unwrap(),
            &|| std::fs::write(&file, "12").unwrap(),
            &|| std::fs::remove_file(&file).unwrap(),
        ];
        for (number, step) in steps.iter().enumerate() {
            let snapshot = FolderSnapshot::take(folder.clone()).await;
            assert!(timeout(HOUR, snapshot.changes()).await.is_err());
            step();
            // An empty folder is as good as none.
            assert_eq!(
                timeout(HOUR, snapshot.changes()).await.is_ok(),
                number > 0,
                "step {number}"
            );
        }
    }

    #[test]
    fn what_waits_can_be_sent_to_another_thread() {
        fn assert_send<T: Send + 'static>(_: &T) {}
        let home = tempfile::tempdir().unwrap();
        let identity_center = identity_center(home.path());
        assert_send(&identity_center.sign_in_changes());
        let again = identity_center.clone();
        assert_send(&async move { again.keep_session().await });
        let chain = credentials::Chain {
            account_id: credentials::AccountId::parse("1").unwrap(),
            role_name: credentials::RoleName::parse("Admin").unwrap(),
            links: Vec::new(),
        };
        assert_send(&async move { identity_center.new_credentials(&chain).await });
    }
}
