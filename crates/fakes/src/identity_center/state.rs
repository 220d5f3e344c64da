//! The state of the fake, behind one lock.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use credentials::Clock;
use hyper::Method;
use hyper::body::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::calls::Calls;
use super::clients::Clients;
use super::codes::Codes;
use super::devices::Devices;
use super::directory::Directory;
use super::fault::Faults;
use super::form::Form;
use super::options::Options;
use super::quota::Quota;
use super::sessions::Sessions;

/// The user and the role of issued credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The user who was signed in.
    pub user: String,
    /// The account's id, with 12 digits.
    pub account_id: String,
    /// The role's name.
    pub role_name: String,
}

/// A complete request.
pub(super) struct ApiRequest {
    pub(super) method: Method,
    pub(super) query: Form,
    /// `x-amz-sso_bearer_token`
    pub(super) bearer_token: Option<String>,
    pub(super) body: Bytes,
}

pub(super) struct State {
    pub(super) options: Options,
    /// `http://127.0.0.1:PORT`
    pub(super) url: String,
    pub(super) directory: Directory,
    pub(super) clients: Clients,
    pub(super) codes: Codes,
    pub(super) devices: Devices,
    pub(super) sessions: Sessions,
    pub(super) issued: HashMap<String, Issued>,
    pub(super) faults: Faults,
    pub(super) calls: Calls,
    quota: Option<Quota>,
    clock: Arc<dyn Clock>,
    ahead: SignedDuration,
}

impl State {
    pub(super) fn new(options: Options, clock: Arc<dyn Clock>, url: String) -> Self {
        let ahead = SignedDuration::from_secs(options.clock_offset_seconds);
        let mut state = Self {
            url,
            directory: Directory::new(options.accounts, options.roles),
            clients: Clients::default(),
            codes: Codes::default(),
            devices: Devices::default(),
            sessions: Sessions::default(),
            issued: HashMap::new(),
            faults: Faults::default(),
            calls: Calls::new(),
            quota: None,
            clock,
            ahead,
            options,
        };
        state.set_quota(state.options.quota);
        state
    }

    /// The fake's time: the time of its clock, plus `ahead`.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now() + self.ahead
    }

    pub(super) fn advance(&mut self, by: Duration) {
        self.ahead += SignedDuration::try_from(by).unwrap();
    }

    pub(super) fn set_quota(&mut self, calls_per_second: Option<f64>) {
        let now = self.now();
        self.quota = calls_per_second.map(|rate| Quota::new(rate, now));
    }

    /// Whether the quota lets the portal answer one more call.
    pub(super) fn takes_call(&mut self) -> bool {
        let now = self.now();
        self.quota.as_mut().is_none_or(|quota| quota.take(now))
    }
}
