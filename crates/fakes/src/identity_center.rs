//! A fake IAM Identity Center: OIDC, the pages for the browser and the portal over HTTP, by AWS's service models `sso-oidc` and
//! `sso`. It answers with made-up values, and refuses what AWS refuses.
//!
//! Secrets contain [`CANARY`](crate::CANARY). `GET /_calls` shows the calls that the fake has received.

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

use std::fmt;
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

/// A running fake IAM Identity Center. It stops when it is dropped.
pub struct FakeIdentityCenter {
    state: Arc<Mutex<State>>,
    url: String,
    start_url: String,
    region: String,
    _server: Server,
}

impl fmt::Debug for FakeIdentityCenter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeIdentityCenter").field("url", &self.url).finish_non_exhaustive()
    }
}

impl FakeIdentityCenter {
    /// Starts one with the system's clock.
    pub fn start(options: Options) -> Self {
        Self::start_at(options, Arc::new(SystemClock))
    }

    /// Starts one with the given clock.
    pub fn start_at(options: Options, clock: Arc<dyn Clock>) -> Self {
        Self::bind(options, clock).unwrap_or_else(|error| panic!("the fake cannot listen: {error}"))
    }

    /// Starts one with the system's clock, on a port that may be in use.
    ///
    /// # Errors
    /// It cannot listen on the port.
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

    /// The region of the instance.
    pub fn region(&self) -> &str {
        &self.region
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

/// Actions of the person at the browser.
impl FakeIdentityCenter {
    /// Sets the user of later sign-ins.
    pub fn set_user(&self, name: &str) {
        name.clone_into(&mut self.state().options.user);
    }

    /// Sets whether later sign-ins are approved at once.
    pub fn set_auto_approve(&self, auto_approve: bool) {
        self.state().options.auto_approve = auto_approve;
    }

    /// Approves the user code of a waiting device.
    pub fn approve_device(&self, user_code: &str) {
        let mut state = self.state();
        let (user, now) = (state.options.user.clone(), state.now());
        assert!(state.devices.approve(user_code, user, now), "nobody waits for {user_code}");
    }

    /// Denies the user code of a waiting device.
    pub fn deny_device(&self, user_code: &str) {
        let mut state = self.state();
        let now = state.now();
        assert!(state.devices.deny(user_code, now), "nobody waits for {user_code}");
    }
}

/// Actions of the administrator.
impl FakeIdentityCenter {
    /// Assigns an account. Replaces an account with the same id.
    pub fn add_account(&self, id: &str, name: &str, roles: &[&str]) {
        self.state().directory.add_account(id, name, roles);
    }

    /// Removes an account.
    pub fn remove_account(&self, id: &str) {
        self.state().directory.remove_account(id);
    }

    /// Assigns a role in an account.
    pub fn add_role(&self, account_id: &str, role_name: &str) {
        self.state().directory.roles_mut(account_id).insert(role_name.to_owned());
    }

    /// Removes a role from an account.
    pub fn remove_role(&self, account_id: &str, role_name: &str) {
        let removed = self.state().directory.roles_mut(account_id).remove(role_name);
        assert!(removed, "there is no role {role_name}");
    }

    /// Expires all access tokens. Refresh tokens stay valid.
    pub fn expire_access_tokens(&self) {
        self.state().sessions.expire_access_tokens();
    }

    /// Ends all sessions: their access tokens and refresh tokens become invalid.
    pub fn end_sessions(&self) {
        self.state().sessions.end_all();
    }

    /// Removes all registered clients.
    pub fn forget_clients(&self) {
        self.state().clients.forget();
    }
}

/// Faults, speed and time.
impl FakeIdentityCenter {
    /// Adds a fault for one call of the operation. Each call takes the oldest fault.
    pub fn fault(&self, operation: Operation, fault: Fault) {
        self.state().faults.add(operation, fault);
    }

    /// Sets the fault for every call of the operation for which [`fault`](Self::fault) has none.
    pub fn fault_always(&self, operation: Operation, fault: Fault) {
        self.state().faults.add_always(operation, fault);
    }

    /// Removes all faults. A call that hangs does not continue.
    pub fn clear_faults(&self) {
        self.state().faults = fault::Faults::default();
    }

    /// Sets the maximum number of calls to the portal per second. `None` means no limit.
    pub fn quota(&self, calls_per_second: Option<f64>) {
        self.state().set_quota(calls_per_second);
    }

    /// Sets the duration of each call.
    pub fn latency(&self, latency: Duration) {
        self.state().options.latency = latency;
    }

    /// Moves the fake's time forward.
    pub fn advance(&self, by: Duration) {
        self.state().advance(by);
    }
}

/// What the fake has received and given.
impl FakeIdentityCenter {
    /// The calls so far, in the order of their arrival.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.list().to_vec()
    }

    /// The number of calls of an operation so far, with any outcome.
    pub fn count(&self, operation: Operation) -> usize {
        self.state().calls.list().iter().filter(|call| call.operation == operation).count()
    }

    /// Removes all calls from the list.
    pub fn forget_calls(&self) {
        self.state().calls.forget();
    }

    /// The user and the role of issued credentials, by their access key id.
    pub fn issued(&self, access_key_id: &str) -> Option<Issued> {
        self.state().issued.get(access_key_id).cloned()
    }
}

struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "clients outside of tests use the real time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
