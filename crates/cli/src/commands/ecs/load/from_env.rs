//! Credentials from the environment variables of AWS SDKs.

use credentials::{AccessKeyId, AccountId, Expiration, Failure, Secret};
use providers::PartialCredentials;

use crate::ground::env::{optional, text, wrong};

/// Reads the credentials from `AWS_ACCESS_KEY_ID` and the related variables.
pub(super) fn credentials() -> Result<PartialCredentials, Failure> {
    let required = |name: &str| {
        text(name).ok_or_else(|| {
            Failure::failed(format!("{name} is not set, so there is nothing to load")).with_hint(
                "Export AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, \
                     or load a profile: aws-sso ecs load",
            )
        })
    };
    Ok(PartialCredentials {
        access_key_id: AccessKeyId::parse(&required("AWS_ACCESS_KEY_ID")?)
            .map_err(wrong("AWS_ACCESS_KEY_ID"))?,
        secret_access_key: Secret::parse(required("AWS_SECRET_ACCESS_KEY")?)
            .map_err(wrong("AWS_SECRET_ACCESS_KEY"))?,
        session_token: optional("AWS_SESSION_TOKEN", Secret::parse)?,
        expiration: optional("AWS_CREDENTIAL_EXPIRATION", |text| Expiration::parse(&text))?,
        account_id: optional("AWS_ACCOUNT_ID", |text| AccountId::parse(&text))?,
    })
}
