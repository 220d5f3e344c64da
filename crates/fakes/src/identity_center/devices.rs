//! The device authorization grant (RFC 8628): user codes and the decisions about them.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::answer::{Answer, OidcError};
use super::random;

/// Increase of the polling interval after each `slow_down`, from RFC 8628.
const INTERVAL_INCREASE: Duration = Duration::from_secs(5);
/// How much too early a poll may come, because of timers and the network.
const POLL_TOLERANCE: Duration = Duration::from_millis(100);

enum Decision {
    Pending,
    /// By this user.
    Approved(String),
    Denied,
}

struct Device {
    client_id: String,
    user_code: String,
    decision: Decision,
    expires: Timestamp,
    interval: Duration,
    polled: Option<Timestamp>,
}

/// The device authorizations, by their device code.
#[derive(Default)]
pub(super) struct Devices(HashMap<String, Device>);

impl Devices {
    /// Starts an authorization. Returns its device code and its user code.
    pub(super) fn start(
        &mut self,
        client_id: &str,
        expires: Timestamp,
        interval: Duration,
    ) -> (String, String) {
        let (device_code, user_code) = (random::canary("device-code", 120), random::user_code());
        let device = Device {
            client_id: client_id.to_owned(),
            user_code: user_code.clone(),
            decision: Decision::Pending,
            expires,
            interval,
            polled: None,
        };
        self.0.insert(device_code.clone(), device);
        (device_code, user_code)
    }

    /// The client that waits for a decision about this user code, if there is one.
    pub(super) fn client_id(&mut self, user_code: &str, now: Timestamp) -> Option<&str> {
        self.pending(user_code, now).map(|device| device.client_id.as_str())
    }

    /// Approves a user code. `false` if no client waits for it.
    pub(super) fn approve(&mut self, user_code: &str, user: String, now: Timestamp) -> bool {
        self.decide(user_code, Decision::Approved(user), now)
    }

    /// Denies a user code. `false` if no client waits for it.
    pub(super) fn deny(&mut self, user_code: &str, now: Timestamp) -> bool {
        self.decide(user_code, Decision::Denied, now)
    }

    fn decide(&mut self, user_code: &str, decision: Decision, now: Timestamp) -> bool {
        let device = self.pending(user_code, now);
        device.map(|device| device.decision = decision).is_some()
    }

    fn pending(&mut self, user_code: &str, now: Timestamp) -> Option<&mut Device> {
        self.0.values_mut().find(|device| {
            device.user_code == user_code
                && matches!(device.decision, Decision::Pending)
                && now < device.expires
        })
    }

    /// The user who approved, for the first call. Otherwise, the error for the client.
    pub(super) fn redeem(
        &mut self,
        device_code: &str,
        client_id: &str,
        now: Timestamp,
    ) -> Result<String, Answer> {
        let device = self.0.get_mut(device_code).filter(|device| device.client_id == client_id);
        let Some(device) = device else {
            return Err(OidcError::InvalidGrant.because("Unknown device code"));
        };
        if device.expires <= now {
            return Err(OidcError::ExpiredToken.because("The device code has expired"));
        }
        match &device.decision {
            Decision::Denied => Err(OidcError::AccessDenied.because("The user denied it")),
            Decision::Approved(user) => {
                let user = user.clone();
                self.0.remove(device_code);
                Ok(user)
            }
            Decision::Pending => Err(device.poll(now).because("Nobody has approved yet")),
        }
    }
}

impl Device {
    /// The error for a client that polls before there is a decision.
    fn poll(&mut self, now: Timestamp) -> OidcError {
        let wait = self.interval.saturating_sub(POLL_TOLERANCE);
        let last = self.polled.replace(now);
        if last.is_some_and(|last| now < last + wait) {
            self.interval += INTERVAL_INCREASE;
            return OidcError::SlowDown;
        }
        OidcError::AuthorizationPending
    }
}
