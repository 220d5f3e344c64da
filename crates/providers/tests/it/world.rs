//! A world for tests: a fake IAM Identity Center, a home folder, a time, and processes.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use fakes::identity_center::{Operation, Options};
use fakes::{CANARY, FakeIdentityCenter};
use serde_json::Value;

use crate::browser;
use crate::process::{Process, Setup};

/// The first account of the fake, and a role in it.
pub(crate) const ACCOUNT: &str = "000001111111";
pub(crate) const ROLE: &str = "ReadOnlyAccess";
/// The instance of [`World::process`].
pub(crate) const INSTANCE: &str = "corp";
pub(crate) const HOUR: Duration = Duration::from_secs(60 * 60);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

pub(crate) struct World {
    pub(crate) fake: FakeIdentityCenter,
    /// The number of attempts of a call, for processes that start later.
    pub(crate) attempts: u32,
    /// The time that credentials are waited for, for processes that start later.
    pub(crate) patience: Duration,
    /// The passphrase of the stores, for processes that start later. `None`: a plain file.
    pub(crate) passphrase: Option<&'static str>,
    endpoint: String,
    home: tempfile::TempDir,
    ahead: Arc<AtomicI64>,
}

impl World {
    /// A world without a sign-in, in which a person has to approve one.
    pub(crate) fn new(options: Options) -> Self {
        let fake = FakeIdentityCenter::start(options);
        let (endpoint, ahead) = (fake.url().to_owned(), Arc::default());
        let home = tempfile::tempdir().unwrap();
        Self {
            fake,
            attempts: 1,
            patience: Duration::ZERO,
            passphrase: None,
            endpoint,
            home,
            ahead,
        }
    }

    /// A world with a sign-in, and no call since.
    pub(crate) fn signed_in(options: Options) -> Self {
        let world = Self::new(options);
        world.sign_in(INSTANCE);
        world.fake.forget_calls();
        world
    }

    /// Signs in with a browser that approves everything.
    pub(crate) fn sign_in(&self, instance: &str) {
        self.fake.set_auto_approve(true);
        let mut process = self.process_of(instance);
        let (url, _) = process.start_sign_in(false);
        let page = browser::open(&browser::open(&url).location.unwrap());
        assert_eq!(page.status, 200, "{}", page.body);
        process.done();
        self.fake.set_auto_approve(false);
    }

    pub(crate) fn process(&self) -> Process {
        self.process_of(INSTANCE)
    }

    pub(crate) fn process_of(&self, instance: &str) -> Process {
        self.process_at(instance, &self.endpoint)
    }

    /// A process that finds AWS at this URL.
    pub(crate) fn process_at(&self, instance: &str, endpoint: &str) -> Process {
        let setup = Setup {
            instance: instance.to_owned(),
            start_url: self.fake.start_url().to_owned(),
            region: self.fake.region().to_owned(),
            home: self.home().to_owned(),
            passphrase: self.passphrase.map(str::to_owned),
            attempts: self.attempts,
            patience: self.patience,
        };
        Process::start(&setup, endpoint, self.log_file(), self.ahead.clone())
    }

    /// Moves the clocks of AWS and of all processes ahead.
    pub(crate) fn later(&self, by: Duration) {
        self.fake.advance(by);
        self.ahead.fetch_add(by.as_secs().try_into().unwrap(), Ordering::Relaxed);
    }

    /// Stops AWS.
    pub(crate) fn cut_off(&mut self) {
        self.fake = FakeIdentityCenter::start(Options::default());
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn item_path(&self) -> PathBuf {
        self.home().join(format!("store/{INSTANCE}.json"))
    }

    /// The item in the secure store.
    pub(crate) fn item(&self, instance: &str) -> Value {
        let path = self.home().join(format!("store/{instance}.json"));
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    /// The log of all processes.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.home().join("log")).unwrap_or_default()
    }

    /// Waits until the fake has got this number of calls.
    pub(crate) fn wait_for_calls(&self, operation: Operation, count: usize) {
        let what = format!("{count} calls of {operation}");
        wait_until(&what, || self.fake.count(operation) >= count);
    }

    /// Waits until this text is in the log.
    pub(crate) fn wait_for_log(&self, text: &str) {
        wait_until(text, || self.log().contains(text));
    }

    fn log_file(&self) -> File {
        OpenOptions::new().append(true).create(true).open(self.home().join("log")).unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let log = self.log();
            assert!(!log.contains(CANARY) && !log.contains("panicked"), "{log}");
        }
    }
}

pub(crate) fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let patience = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < patience, "timed out: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
