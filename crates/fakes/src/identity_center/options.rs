//! What a fake is like when it starts.

use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// What a fake is like. The defaults are AWS's, with a few accounts.
#[derive(Clone, Debug)]
pub struct Options {
    /// The port on 127.0.0.1; 0 finds a free one.
    pub port: u16,
    /// How many accounts the user is assigned to.
    pub accounts: usize,
    /// How many roles the user may take in each of them.
    pub roles: usize,
    /// Who signs in, in the browser.
    pub user: String,
    /// The start URL of the AWS access portal. Nothing listens there: it is a name.
    pub start_url: String,
    /// The region that the instance says it is in. Requests are not held to it.
    pub region: String,
    /// Whether whoever signs in approves at once, without a page.
    pub auto_approve: bool,
    /// Whether RegisterClient names the endpoints for the authorization code grant. AWS mostly doesn't.
    pub names_endpoints: bool,
    /// How long a client stays registered.
    pub registration_life: Duration,
    /// How long a user code can be approved.
    pub device_code_life: Duration,
    /// How long a client must wait between two polls, in whole seconds. Zero: it may poll as it likes.
    pub device_interval: Duration,
    /// How long an access token is valid, if its session lives as long.
    pub access_token_life: Duration,
    /// How long a refresh token is still accepted after a newer one was given for it.
    pub refresh_grace: Duration,
    /// How long one stays signed in; refreshing doesn't prolong it.
    pub session_life: Duration,
    /// How long role credentials are valid.
    pub credentials_life: Duration,
    /// How far the fake's clock is ahead of the one it is given.
    pub clock_offset_seconds: i64,
    /// How many calls a second the portal answers; a burst may be a quarter of that. None: all.
    pub quota: Option<f64>,
    /// What `Retry-After` says, in seconds, when the quota is used up. None: there is no such header.
    pub retry_after: Option<u32>,
    /// How long every call takes, as if AWS were that far away.
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
