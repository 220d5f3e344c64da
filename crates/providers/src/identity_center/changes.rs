//! Notices a sign-in of another process: polls the files that a sign-in writes, once a second.
//!
//! A file is opened only when it has changed. All of it happens off the threads of the runtime, since a home folder may hang.

#[cfg(test)]
mod tests;

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
