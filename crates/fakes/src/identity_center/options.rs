//! The options of a fake.

use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// The options of a fake. The defaults are those of AWS, with a few accounts.
#[derive(Clone, Debug)]
pub struct Options {
    /// Port on 127.0.0.1. 0 takes a free one.
    pub port: u16,
    /// Number of accounts that are assigned to the user.
    pub accounts: usize,
    /// Number of the user's roles in each account.
    pub roles: usize,
    /// Name of the user who signs in.
    pub user: String,
    /// The start URL of the AWS access portal. It is only a name: no server listens there.
    pub start_url: String,
    /// The region of the instance. Requests for another region are accepted.
    pub region: String,
    /// Whether each sign-in is approved at once, without a page.
    pub auto_approve: bool,
    /// Whether RegisterClient returns the endpoints of the authorization code grant. AWS mostly does not.
    pub names_endpoints: bool,
    /// Lifetime of a client's registration.
    pub registration_life: Duration,
    /// Time in which a user code can be approved.
    pub device_code_life: Duration,
    /// Minimum time between two polls of a client, in whole seconds. Zero means no limit.
    pub device_interval: Duration,
    /// Lifetime of an access token. The end of its session may come earlier.
    pub access_token_life: Duration,
    /// Time in which a refresh token is still accepted after it was replaced.
    pub refresh_grace: Duration,
    /// Lifetime of a session. Refresh tokens do not extend it.
    pub session_life: Duration,
    /// Lifetime of role credentials.
    pub credentials_life: Duration,
    /// How far the fake's time is ahead of its clock. Negative if it is behind.
    pub clock_offset_seconds: i64,
    /// Maximum number of calls to the portal per second, with bursts of a quarter of it. `None` means no limit.
    pub quota: Option<f64>,
    /// Value of `Retry-After`, in seconds, when the quota is used up. `None` means no such header.
    pub retry_after: Option<u32>,
    /// Duration of each call, for AWS's distance.
    pub latency: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            accounts: 3,
            roles: 2,
            user: "alice".to_owned(),
            start_url: "https://corp.awsapps.com/start".to_owned(),
            region: "eu-central-1".to_owned(),
            auto_approve: false,
            names_endpoints: false,
            registration_life: 90 * 24 * HOUR,
            device_code_life: 10 * MINUTE,
            device_interval: Duration::from_secs(1),
            access_token_life: HOUR,
            refresh_grace: Duration::from_secs(30),
            session_life: 8 * HOUR,
            credentials_life: HOUR,
            clock_offset_seconds: 0,
            quota: None,
            retry_after: None,
            latency: Duration::ZERO,
        }
    }
}
