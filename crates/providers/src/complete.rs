//! From what a source gave to credentials that every SDK takes: with a session token and an expiration.

use aws_config::{BehaviorVersion, ConfigLoader};
use aws_credential_types::Credentials as SdkCredentials;
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::region::Region;
use aws_types::sdk_config::SharedHttpClient;
use credentials::{
    AccessKeyId, Credentials, Expiration, Failure, Fetched, Principal, Problem, Secret, Timestamp,
};

use crate::failure;
use crate::given::Given;
use crate::{Aws, http_client};

/// Where STS is asked when nobody names a region: the one behind its global endpoint.
pub(crate) const DEFAULT_REGION: Region = Region::from_static("us-east-1");
/// The expiration of a session whose source told none.
const ASSUMED_LIFE: i64 = 60 * 60;

impl Aws {
    /// Makes handed-in credentials whole.
    ///
    /// # Errors
    /// They have expired, or AWS gives no session for them.
    pub async fn complete(&self, given: Given) -> Result<Fetched, Failure> {
        let account_id = given.account_id.clone();
        let credentials = complete(self, given, None).await?;
        Ok(Fetched { principal: Principal { account_id, ..Principal::default() }, credentials })
    }
}

/// Long-term keys are exchanged for a session (STS GetSessionToken), so that a slot never holds them; a
/// session without an expiration gets one an hour ahead.
pub(crate) async fn complete(
    aws: &Aws,
    given: Given,
    profile: Option<(&str, &EnvConfigFiles)>,
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
        None => expiration_at(now.as_second().saturating_add(ASSUMED_LIFE))?,
    };
    Ok(Credentials {
        access_key_id: given.access_key_id,
        secret_access_key: given.secret_access_key,
        session_token,
        expiration,
    })
}

/// The SDK's configuration for a profile, or for none: region, endpoints, FIPS, retries, time limits.
pub(crate) fn loader(
    http_client: SharedHttpClient,
    profile: Option<(&str, &EnvConfigFiles)>,
) -> ConfigLoader {
    let loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http_client)
        .timeout_config(http_client::time_limits());
    match profile {
        Some((name, files)) => loader.profile_name(name).profile_files(files.clone()),
        None => loader,
    }
}

async fn exchange(
    aws: &Aws,
    given: &Given,
    profile: Option<(&str, &EnvConfigFiles)>,
) -> Result<Credentials, Failure> {
    let keys = SdkCredentials::new(
        given.access_key_id.as_str(),
        given.secret_access_key.expose(),
        None,
        None,
        "long-term access key",
    );
    let config = loader(http_client::http_client(aws.ca_bundle.as_deref())?, profile)
        .credentials_provider(keys)
        .load()
        .await;
    let region = config.region().cloned().unwrap_or(DEFAULT_REGION);
    let client = aws_sdk_sts::Client::new(&config.into_builder().region(region).build());
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

/// What STS answered with.
pub(crate) fn of_sts(
    answer: Option<aws_sdk_sts::types::Credentials>,
) -> Result<Credentials, Failure> {
    let session = answer.ok_or(Failure::failed("STS answered without keys"))?;
    let odd = |invalid| Failure::failed(format!("STS answered with a key that {invalid}"));
    Ok(Credentials {
        access_key_id: AccessKeyId::parse(&session.access_key_id).map_err(odd)?,
        secret_access_key: Secret::parse(session.secret_access_key).map_err(odd)?,
        session_token: Secret::parse(session.session_token).map_err(odd)?,
        expiration: expiration_at(session.expiration.secs())?,
    })
}

/// From Unix epoch seconds.
pub(crate) fn expiration_at(second: i64) -> Result<Expiration, Failure> {
    let at = Timestamp::from_second(second).ok();
    at.and_then(|at| Expiration::new(at).ok())
        .ok_or(Failure::failed("the credentials' expiration must be before 2101"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fakes::FakeClock;

    use super::*;

    fn given(json: &str) -> Given {
        Given::from_process_output(json.as_bytes()).unwrap()
    }

    fn aws() -> Aws {
        Aws::new(Arc::new(FakeClock::at("2026-11-22T20:16:31Z")), None)
    }

    const SESSION: &str = r#"{"Version":1,"AccessKeyId":"ASIA1","SecretAccessKey":"CANARY-s",
        "SessionToken":"CANARY-t"}"#;

    #[tokio::test]
    async fn a_session_without_an_expiration_gets_one_an_hour_ahead() {
        let credentials = complete(&aws(), given(SESSION), None).await.unwrap();
        assert_eq!(credentials.expiration.to_string(), "2026-11-22T21:16:31Z");
    }

    #[tokio::test]
    async fn a_session_that_has_expired_is_not_taken() {
        let expired = SESSION.replace("-t\"", "-t\",\"Expiration\":\"2026-11-22T20:16:31Z\"");
        let error = complete(&aws(), given(&expired), None).await.unwrap_err();
        assert_eq!(error.to_string(), "the credentials expired at 2026-11-22T20:16:31Z");
        assert_eq!(error.problem, Problem::Invalid);
    }
}
