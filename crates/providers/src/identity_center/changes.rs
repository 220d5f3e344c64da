//! Whether somebody may have signed in: the files that a sign-in writes are looked at once a second. They are opened
//! only when they have changed; and never on the thread that answers others, since a home folder may hang.

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
use super::access_token::State;
use super::item::{Item, blocking};

const POLL: Duration = Duration::from_secs(1);
/// All who wait share a look. It is younger than anybody's wait, because who waits begins with [`POLL`].
const SHARED_FOR: Duration = Duration::from_millis(500);

/// The files of an instance's sign-in, seen from outside; `None` for those that aren't there.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SignInFiles {
    item: Option<ChangeMark>,
    /// The item under other protections.
    elsewhere: Vec<Option<ChangeMark>>,
    aws_cli: Option<ChangeMark>,
}

/// What was seen of the files of a sign-in.
#[derive(Default)]
pub(crate) struct Looks {
    /// Just before the store was last read.
    last: Mutex<Option<SignInFiles>>,
    /// By all who wait.
    shared: tokio::sync::Mutex<Option<(Instant, SignInFiles)>>,
}

/// Where somebody may have signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInSeen {
    /// In this store, which has read it.
    Here,
    /// Elsewhere, or where this store can't read it: it is to be opened anew.
    Elsewhere,
}

/// The files in a folder, seen from outside: that of the AWS CLI's sign-ins, for those that the SDK reads by itself.
pub struct FolderLook {
    folder: PathBuf,
    files: BTreeMap<OsString, Option<ChangeMark>>,
}

impl IdentityCenter {
    /// Ready once somebody may have signed in since the last call that looked for a sign-in (if there was none: since
    /// this was first polled): here, under another protection, or with the AWS CLI. It takes a second at least.
    ///
    /// What this process itself writes is no news, nor is it if somebody signs out. If the store can't be read any
    /// more, it is ready too.
    pub fn sign_in_changes(&self) -> impl Future<Output = SignInSeen> + Send + use<> {
        let this = self.clone();
        let mut before = self.last_look().clone();
        async move {
            if before.is_none() {
                before = this.look_together().await;
            }
            loop {
                sleep(POLL).await;
                let now = this.look_together().await;
                if now != before
                    && let Some(seen) = this.sign_in_seen(&before, &now).await
                {
                    debug!(?seen, "somebody may have signed in");
                    return seen;
                }
                before = now.or(before);
            }
        }
    }

    /// To be called before the store is read: what changes from now on may change what is found. Waits for the disk.
    pub(crate) fn look_before_reading(&self) {
        let files = self.look();
        *self.last_look() = Some(files);
    }

    /// What this process has written since `before` is no news to it. Waits for the disk.
    pub(crate) fn has_written(&self, before: &SignInFiles) {
        let after = self.look();
        let mut last = self.last_look();
        if last.as_ref() == Some(before) {
            *last = Some(after);
        }
    }

    /// Waits for the disk.
    pub(crate) fn look(&self) -> SignInFiles {
        let store = &self.0.store;
        SignInFiles {
            item: ChangeMark::of(store.path()),
            elsewhere: store.other_paths().iter().map(|path| ChangeMark::of(path)).collect(),
            aws_cli: self.0.aws_cli_cache.as_ref().and_then(|cache| ChangeMark::of(cache.path())),
        }
    }

    fn last_look(&self) -> MutexGuard<'_, Option<SignInFiles>> {
        self.0.looks.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn look_together(&self) -> Option<SignInFiles> {
        let mut shared = self.0.looks.shared.lock().await;
        match &*shared {
            Some((at, files)) if at.elapsed() < SHARED_FOR => return Some(files.clone()),
            _ => {}
        }
        let this = self.clone();
        let files = blocking(move || Ok(this.look())).await.ok()?;
        *shared = Some((Instant::now(), files.clone()));
        Some(files)
    }

    /// Not if all that has changed is our own item, or the AWS CLI's, and nobody is signed in there.
    async fn sign_in_seen(
        &self,
        before: &Option<SignInFiles>,
        now: &Option<SignInFiles>,
    ) -> Option<SignInSeen> {
        let elsewhere = |files: &Option<SignInFiles>| files.as_ref().map(|f| f.elsewhere.clone());
        if elsewhere(before) != elsewhere(now) || self.token_of_aws_cli().await.is_some() {
            return Some(SignInSeen::Elsewhere);
        }
        let this = self.clone();
        let is_over = blocking(move || {
            let bytes = this.0.store.read()?;
            let item = Item::read(bytes.as_ref().map(|bytes| bytes.as_slice()), this.instance())?;
            Ok(matches!(State::of(item.session.as_ref(), this.now(), 0), State::Over))
        });
        match is_over.await {
            Ok(true) => None,
            Ok(false) => Some(SignInSeen::Here),
            Err(_) => Some(SignInSeen::Elsewhere),
        }
    }
}

impl FolderLook {
    /// Looks at a folder, which need not be there. To be called before what is in it is used.
    pub async fn at(folder: PathBuf) -> Self {
        let files = files_in(folder.clone()).await.unwrap_or_default();
        Self { folder, files }
    }

    /// Ready once a file in the folder is new, written to or gone since then.
    pub async fn changes(&self) {
        while files_in(self.folder.clone()).await.is_none_or(|files| files == self.files) {
            sleep(POLL).await;
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

    fn center(home: &Path) -> IdentityCenter {
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
    async fn save(center: &IdentityCenter, access_token: Option<&str>) {
        let session = access_token.map(|token| crate::identity_center::item::Session {
            access_token: credentials::Secret::parse(token.to_owned()).unwrap(),
            expires_at: "2026-11-22T21:00:00Z"
                .parse::<credentials::Timestamp>()
                .unwrap()
                .as_second(),
            refresh: None,
            is_last: false,
            user_name: None,
            credentials: Vec::new(),
        });
        center.update_item(|item| item.session = session).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_change_nobody_has_signed_in() {
        let home = tempfile::tempdir().unwrap();
        let center = center(home.path());
        assert!(timeout(HOUR, center.sign_in_changes()).await.is_err(), "without a store");
        save(&center, Some("CANARY")).await;
        assert!(center.keep_session().await.is_ok());
        assert!(timeout(HOUR, center.sign_in_changes()).await.is_err(), "as it was read");
    }

    #[tokio::test(start_paused = true)]
    async fn a_sign_in_since_the_last_call_is_noticed() {
        let home = tempfile::tempdir().unwrap();
        let (center, other) = (center(home.path()), center(home.path()));
        assert!(center.keep_session().await.is_err());
        save(&other, Some("CANARY")).await;
        assert_eq!(timeout(HOUR, center.sign_in_changes()).await.unwrap(), SignInSeen::Here);
        assert!(center.keep_session().await.is_ok());
        assert!(timeout(HOUR, center.sign_in_changes()).await.is_err(), "it is known now");
        let waiting = center.sign_in_changes();
        save(&other, Some("CANARY-other")).await;
        timeout(HOUR, waiting).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_sign_out_and_what_is_written_here_are_no_sign_ins() {
        let home = tempfile::tempdir().unwrap();
        let (center, other) = (center(home.path()), center(home.path()));
        save(&other, Some("CANARY")).await;
        assert!(center.keep_session().await.is_ok());
        save(&center, Some("CANARY-refreshed")).await;
        assert!(timeout(HOUR, center.sign_in_changes()).await.is_err(), "written here");
        save(&other, None).await;
        let mut waiting = std::pin::pin!(center.sign_in_changes());
        assert!(timeout(HOUR, &mut waiting).await.is_err(), "signed out");
        save(&other, Some("CANARY")).await;
        timeout(HOUR, waiting).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_sign_in_under_another_protection_is_noticed() {
        let home = tempfile::tempdir().unwrap();
        let center = center(home.path());
        assert!(center.keep_session().await.is_err());
        std::fs::write(home.path().join("corp.file"), "sealed").unwrap();
        assert_eq!(timeout(HOUR, center.sign_in_changes()).await.unwrap(), SignInSeen::Elsewhere);
    }

    #[tokio::test(start_paused = true)]
    async fn the_aws_clis_sign_in_is_noticed_once_it_is_whole() {
        let home = tempfile::tempdir().unwrap();
        let center = center(home.path());
        assert!(center.keep_session().await.is_err());
        let cache = AwsCliCache::new(home.path().join("aws-cli"), "corp");
        std::fs::create_dir(home.path().join("aws-cli")).unwrap();
        std::fs::write(cache.path(), "{").unwrap();
        let mut waiting = std::pin::pin!(center.sign_in_changes());
        assert!(timeout(HOUR, &mut waiting).await.is_err());
        let cached = r#"{"startUrl": "https://corp.awsapps.com/start", "region": "eu-central-1",
            "accessToken": "CANARY", "expiresAt": "2026-11-22T21:00:00Z"}"#;
        std::fs::write(cache.path(), cached).unwrap();
        timeout(HOUR, waiting).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_wait_share_a_look_and_are_told() {
        let home = tempfile::tempdir().unwrap();
        let (center, other) = (center(home.path()), center(home.path()));
        assert!(center.keep_session().await.is_err());
        let waiting: Vec<_> = (0..100).map(|_| center.sign_in_changes()).collect();
        let look = center.look_together().await;
        save(&other, Some("CANARY")).await;
        assert!(center.look_together().await == look, "another one was just made");
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
            let look = FolderLook::at(folder.clone()).await;
            assert!(timeout(HOUR, look.changes()).await.is_err());
            step();
            // An empty folder is as good as none.
            assert_eq!(timeout(HOUR, look.changes()).await.is_ok(), number > 0, "step {number}");
        }
    }

    #[test]
    fn what_waits_can_be_sent_to_another_thread() {
        fn assert_send<T: Send + 'static>(_: &T) {}
        let home = tempfile::tempdir().unwrap();
        let center = center(home.path());
        assert_send(&center.sign_in_changes());
        let again = center.clone();
        assert_send(&async move { again.keep_session().await });
        let chain = credentials::Chain {
            account_id: credentials::AccountId::parse("1").unwrap(),
            role_name: credentials::RoleName::parse("Admin").unwrap(),
            links: Vec::new(),
        };
        assert_send(&async move { center.new_credentials(&chain).await });
    }
}
