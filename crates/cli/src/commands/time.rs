//! `aws-sso time`

use credentials::{Clock, Expiration, Failure};

use crate::ground::clock::SystemClock;
use crate::ground::{env, ui};

/// Prints how long the credentials in the environment are valid; nothing without credentials, because prompts run it.
pub(crate) fn run() -> Result<(), Failure> {
    for name in VARIABLES {
        if let Some(expiration) = env::optional(name, |text| Expiration::parse(&text))? {
            ui::data(&expiration.remaining(SystemClock.now()).to_string());
            return Ok(());
        }
    }
    Ok(())
}

/// The one of aws-sso-cli, and the one that the AWS CLI and `aws-sso exec --static` set.
const VARIABLES: [&str; 2] = ["AWS_SSO_SESSION_EXPIRATION", "AWS_CREDENTIAL_EXPIRATION"];
