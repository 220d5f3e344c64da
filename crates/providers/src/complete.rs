//! Session credentials, which every SDK accepts: with a session token and an expiration. Also the configuration of the SDK.

use credentials::{
    AccessKeyId, Credentials, Expiration, Failure, Fetched, Principal, Problem, Secret, Timestamp,
};

use crate::failure;
use crate::partial_credentials::PartialCredentials;
use crate::sdk_config::{self, SdkProfile};
use crate::{Aws, http_client};

impl Aws {
    /// Session credentials for credentials that were passed in.
    ///
    /// # Errors
    /// The credentials have expired, or AWS gives no session for them.
    pub async fn ensure_session(&self, given: PartialCredentials) -> Result<Fetched, Failure> {
        let account_id = given.account_id.clone();
        let credentials = ensure_session(self, given, None).await?;
        Ok(Fetched { principal: Principal { account_id, ..Principal::default() }, credentials })
    }
}

/// Session credentials from partial ones. Long-term access keys are exchanged for a session (STS GetSessionToken), so that a slot
/// never holds them. A session without an expiration gets an assumed one.
pub(crate) async fn ensure_session(
    aws: &Aws,
    given: PartialCredentials,
    profile: Option<&SdkProfile>,
) -> Result<Credentials, Failure> {
    let now = aws.clock.now();
    let Some(session_token) = given.session_token else {
        return exchange(aws, &given, profile).await;
    };
    let expiration = match given.expiration {
        Some(expiration) if expiration.has_passed(now) => {
            return Err(Failure::failed(format!("the credentials expired at {expiration}")));
        }
        Some(expiration) => expiration,
        None => expiration_at((now + Expiration::ASSUMED_LIFE).as_second())?.assumed(),
    };
    Ok(Credentials {
        access_key_id: given.access_key_id,
        secret_access_key: given.secret_access_key,
        session_token,
        expiration,
    })
}

async fn exchange(
    aws: &Aws,
    given: &PartialCredentials,
    profile: Option<&SdkProfile>,
) -> Result<Credentials, Failure> {
    let http_client = http_client::http_client(aws.ca_bundle())?;
    let loader = match profile {
        Some(profile) => profile.loader(http_client),
        None => aws.loader(http_client),
    };
    let config = sdk_config::with_region(loader.no_credentials().load().await);
    let client = sdk_config::sts(&config, sdk_config::of_partial(given));
    let answer = client.get_session_token().send().await.map_err(|error| {
        let error = failure::of_sdk(&error);
        if error.problem != Problem::Denied {
            return error;
        }
        let text = format!("STS gives no session for the long-term access key: {error}");
        error.with_message(text)
    })?;
    of_sts(answer.credentials)
}

/// The credentials in an answer of STS.
pub(crate) fn of_sts(
    answer: Option<aws_sdk_sts::types::Credentials>,
) -> Result<Credentials, Failure> {
    let session = answer.ok_or(Failure::failed("the answer of STS has no credentials"))?;
    let unexpected = |what| {
        move |invalid| {
            Failure::failed(format!("STS returned credentials of which the {what} {invalid}"))
        }
    };
    Ok(Credentials {
        access_key_id: AccessKeyId::parse(&session.access_key_id)
            .map_err(unexpected("access key id"))?,
        secret_access_key: Secret::parse(session.secret_access_key)
            .map_err(unexpected("secret access key"))?,
        session_token: Secret::parse(session.session_token).map_err(unexpected("session token"))?,
        expiration: expiration_at(session.expiration.secs())?,
    })
}

/// An expiration from Unix epoch seconds.
pub(crate) fn expiration_at(second: i64) -> Result<Expiration, Failure> {
    let at = Timestamp::from_second(second).ok();
    at.and_then(|at| Expiration::new(at).ok())
        .ok_or(Failure::failed("the expiration of the credentials must be before 2101"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fakes::FakeClock;

    use super::*;

    fn given(json: &str) -> PartialCredentials {
        PartialCredentials::from_process_output(json.as_bytes()).unwrap()
    }

    fn aws() -> Aws {
        Aws::new(Arc::new(FakeClock::at("2026-11-22T20:16:31Z")), None)
    }

    const SESSION: &str = r#"{"Version":1,"AccessKeyId":"ASIA1","SecretAccessKey":"CANARY-s",
        "SessionToken":"CANARY-t"}"#;

    #[tokio::test]
    async fn a_session_without_an_expiration_gets_an_assumed_one() {
        let expiration = ensure_session(&aws(), given(SESSION), None).await.unwrap().expiration;
        assert_eq!(expiration.to_string(), "2026-11-22T20:31:31Z");
        assert!(expiration.is_assumed());
    }

    #[tokio::test]
    async fn an_expired_session_is_refused() {
        let expired = SESSION.replace("-t\"", "-t\",\"Expiration\":\"2026-11-22T20:16:31Z\"");
        let error = ensure_session(&aws(), given(&expired), None).await.unwrap_err();
        assert_eq!(error.to_string(), "the credentials expired at 2026-11-22T20:16:31Z");
        assert_eq!(error.problem, Problem::Invalid);
    }
}
