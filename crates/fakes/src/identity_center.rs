//! An IAM Identity Center without AWS: OIDC, the browser's pages and the portal over HTTP, as AWS's service
//! models `sso-oidc` and `sso` have them. What it gives is made up, what it refuses is what AWS refuses.
//!
//! Secrets hold [`CANARY`](crate::CANARY). `GET /_calls` tells what the fake was asked.

mod answer;
mod calls;
mod clients;
mod codes;
mod devices;
mod directory;
mod fault;
mod form;
mod oidc;
mod operation;
mod options;
mod pages;
mod portal;
mod quota;
mod random;
mod server;
mod sessions;
mod state;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use credentials::{Clock, Timestamp};

pub use calls::Call;
pub use fault::Fault;
pub use operation::Operation;
pub use options::Options;
use server::Server;
pub use state::Issued;
use state::State;

/// A running IAM Identity Center; it stops when dropped.
pub struct FakeIdentityCenter {
    state: Arc<Mutex<State>>,
    url: String,
    start_url: String,
    region: String,
    _server: Server,
}

impl FakeIdentityCenter {
    /// Starts one with the real time.
    pub fn start(options: Options) -> Self {
        Self::start_at(options, Arc::new(SystemClock))
    }

    /// Starts one with the time of this clock.
    pub fn start_at(options: Options, clock: Arc<dyn Clock>) -> Self {
        Self::bind(options, clock).unwrap_or_else(|error| panic!("the fake can't listen: {error}"))
    }

    /// Starts one with the real time, on a port that may be taken.
    ///
    /// # Errors
    /// It can't listen there.
    pub fn try_start(options: Options) -> io::Result<Self> {
        Self::bind(options, Arc::new(SystemClock))
    }

    fn bind(options: Options, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let (listener, url) = server::listen(options.port)?;
        let (start_url, region) = (options.start_url.clone(), options.region.clone());
        let state = Arc::new(Mutex::new(State::new(options, clock, url.clone())));
        let server = Server::start(listener, Arc::clone(&state))?;
        Ok(Self { state, url, start_url, region, _server: server })
    }

    /// `http://127.0.0.1:PORT`: the endpoint of both services.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The start URL that clients must name.
    pub fn start_url(&self) -> &str {
        &self.start_url
    }

    /// The region that clients are to name.
    pub fn region(&self) -> &str {
        &self.region
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

/// The person at the browser.
impl FakeIdentityCenter {
    /// Who signs in from now on.
    pub fn set_user(&self, name: &str) {
        name.clone_into(&mut self.state().options.user);
    }

    /// Whether whoever signs in from now on approves at once.
    pub fn set_auto_approve(&self, auto_approve: bool) {
        self.state().options.auto_approve = auto_approve;
    }

    /// Approves a user code that a device waits for.
    pub fn approve_device(&self, user_code: &str) {
        let mut state = self.state();
        let (user, now) = (state.options.user.clone(), state.now());
        assert!(state.devices.approve(user_code, user, now), "nobody waits for {user_code}");
    }

    /// Denies a user code that a device waits for.
    pub fn deny_device(&self, user_code: &str) {
        let mut state = self.state();
        let now = state.now();
        assert!(state.devices.deny(user_code, now), "nobody waits for {user_code}");
    }
}

/// The administrator.
impl FakeIdentityCenter {
    /// Assigns an account, or puts another in the place of that id.
    pub fn add_account(&self, id: &str, name: &str, roles: &[&str]) {
        self.state().directory.add_account(id, name, roles);
    }

    /// Takes an account away.
    pub fn remove_account(&self, id: &str) {
        self.state().directory.remove_account(id);
    }

    /// Assigns a role in an account.
    pub fn add_role(&self, account_id: &str, role_name: &str) {
        self.state().directory.roles_mut(account_id).insert(role_name.to_owned());
    }

    /// Takes a role away.
    pub fn remove_role(&self, account_id: &str, role_name: &str) {
        let removed = self.state().directory.roles_mut(account_id).remove(role_name);
        assert!(removed, "there is no role {role_name}");
    }

    /// All access tokens are expired from now on; refresh tokens stay valid.
    pub fn expire_access_tokens(&self) {
        self.state().sessions.expire_access_tokens();
    }

    /// All are signed out: no access token and no refresh token is valid any more.
    pub fn end_sessions(&self) {
        self.state().sessions.end_all();
    }

    /// No client is registered any more.
    pub fn forget_clients(&self) {
        self.state().clients.forget();
    }
}

/// What goes wrong.
impl FakeIdentityCenter {
    /// This becomes of the next call, or of the one after those that faults wait for already.
    pub fn fault(&self, operation: Operation, fault: Fault) {
        self.state().faults.add(operation, fault);
    }

    /// This becomes of every call that no [`fault`](Self::fault) waits for.
    pub fn fault_always(&self, operation: Operation, fault: Fault) {
        self.state().faults.add_always(operation, fault);
    }

    /// All goes well again. Who hangs goes on to hang.
    pub fn clear_faults(&self) {
        self.state().faults = fault::Faults::default();
    }

    /// How many calls a second the portal answers from now on; none: all.
    pub fn quota(&self, calls_per_second: Option<f64>) {
        self.state().set_quota(calls_per_second);
    }

    /// How long every call takes from now on.
    pub fn latency(&self, latency: Duration) {
        self.state().options.latency = latency;
    }

    /// The fake's time leaps ahead: what lives shorter has expired then.
    pub fn advance(&self, by: Duration) {
        self.state().advance(by);
    }
}

/// What the fake has seen.
impl FakeIdentityCenter {
    /// The calls so far, in the order in which they came in.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.list().to_vec()
    }

    /// How many calls of an operation so far, whatever became of them.
    pub fn count(&self, operation: Operation) -> usize {
        self.state().calls.list().iter().filter(|call| call.operation == operation).count()
    }

    /// Counts anew.
    pub fn forget_calls(&self) {
        self.state().calls.forget();
    }

    /// Whom role credentials were given to and what for, by their access key id.
    pub fn issued(&self, access_key_id: &str) -> Option<Issued> {
        self.state().issued.get(access_key_id).cloned()
    }
}

struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "programs that know the real time only must be able to use the fake"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
