//! The access portal: accounts, roles, credentials, sign-out (IAM Identity Center Portal API Reference).

use crate::failure;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aws_sdk_sso::Client;
use aws_sdk_sso::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::date_time::Format;
use aws_smithy_types::retry::RetryConfig;
use credentials::{
    AccessKeyId, AccountId, Clock, Credentials, Expiration, Failure, Problem, RoleName, Secret,
};
use tokio::time::timeout;

use super::{ClockOffset, IdentityCenter};

/// The most that a page may have.
const PAGE: i32 = 100;
/// How long is waited for an answer that only shows that there is one.
const REACHING: Duration = Duration::from_secs(3);

pub(crate) struct Portal {
    client: Client,
}

/// An account, as the portal tells it.
pub(crate) struct AccountInfo {
    pub(crate) id: AccountId,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
}

/// Some of a list, and what to ask for to get the next of it.
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

/// Why the portal did not give what it was asked for.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) error: Failure,
    /// Seconds to wait, if AWS said (RFC 9110, section 10.2.3).
    pub(crate) retry_after: Option<u64>,
}

impl IdentityCenter {
    pub(crate) async fn portal(&self) -> Result<Portal, Failure> {
        Ok(Portal { client: Client::from_conf(self.portal_config().await?.build()) })
    }

    /// The portal without the SDK's own retries, for who takes turns: see [`Pace`](super::pace::Pace). Made once, as
    /// it may be asked a thousand times.
    pub(crate) async fn portal_in_turn(&self) -> Result<&Portal, Failure> {
        let make = async || {
            let config = self.portal_config().await?.retry_config(RetryConfig::disabled());
            Ok(Portal { client: Client::from_conf(config.build()) })
        };
        self.0.portal_in_turn.get_or_try_init(make).await
    }

    /// Whether AWS answers at all: by a call that it refuses, for nobody is said to make it. Afterwards
    /// [`IdentityCenter::clock_offset`] is known. Waits for 3 seconds at most.
    ///
    /// # Errors
    /// Nothing answers, or something that is not AWS.
    pub async fn reach(&self) -> Result<(), Failure> {
        let call = self.portal_in_turn().await?.client.list_accounts().access_token("none");
        let late = || failure::unavailable("AWS did not answer within 3 seconds");
        let answer = timeout(REACHING, call.max_results(1).send()).await.map_err(|_| late())?;
        match answer.map_err(|error| failure::of_sdk(&error)) {
            Err(error) if matches!(error.problem, Problem::Unavailable | Problem::Invalid) => {
                Err(error)
            }
            _ => Ok(()),
        }
    }

    async fn portal_config(&self) -> Result<aws_sdk_sso::config::Builder, Failure> {
        let watch =
            WatchClock { clock: self.0.aws.clock.clone(), offset: self.0.clock_offset.clone() };
        Ok(aws_sdk_sso::config::Builder::from(self.config().await?).interceptor(watch))
    }
}

impl Portal {
    pub(crate) async fn accounts(
        &self,
        token: &Secret,
        page: Option<String>,
    ) -> Result<Page<AccountInfo>, Refused> {
        let call = self.client.list_accounts().access_token(token.expose()).max_results(PAGE);
        let answer = call.set_next_token(page).send().await.map_err(|e| refused(&e))?;
        // What no account id is can't be asked about: an account of a kind that we don't know is left out.
        let account = |info: aws_sdk_sso::types::AccountInfo| {
            let id = AccountId::parse(info.account_id.as_deref()?).ok()?;
            Some(AccountInfo { id, name: info.account_name, email: info.email_address })
        };
        let accounts = answer.account_list.unwrap_or_default().into_iter().filter_map(account);
        Ok(Page { items: accounts.collect(), next: next(answer.next_token) })
    }

    pub(crate) async fn roles(
        &self,
        token: &Secret,
        account: &AccountId,
        page: Option<String>,
    ) -> Result<Page<RoleName>, Refused> {
        let call = self.client.list_account_roles().access_token(token.expose()).max_results(PAGE);
        let call = call.account_id(account.as_str()).set_next_token(page);
        let answer = call.send().await.map_err(|e| refused(&e))?;
        let role = |info: aws_sdk_sso::types::RoleInfo| RoleName::parse(info.role_name()?).ok();
        let roles = answer.role_list.unwrap_or_default().into_iter().filter_map(role);
        Ok(Page { items: roles.collect(), next: next(answer.next_token) })
    }

    pub(crate) async fn role_credentials(
        &self,
        token: &Secret,
        account: &AccountId,
        role: &RoleName,
    ) -> Result<Credentials, Refused> {
        let call = self.client.get_role_credentials().access_token(token.expose());
        let call = call.account_id(account.as_str()).role_name(role.as_str());
        let answer = call.send().await.map_err(|e| refused(&e))?;
        let given = answer
            .role_credentials
            .unwrap_or_else(|| aws_sdk_sso::types::RoleCredentials::builder().build());
        let odd = |what: &'static str| {
            move |invalid| {
                let text = format!("AWS gave credentials whose {what} {invalid}");
                Refused { error: failure::unavailable(text), retry_after: None }
            }
        };
        Ok(Credentials {
            access_key_id: AccessKeyId::parse(given.access_key_id().unwrap_or_default())
                .map_err(odd("access key id"))?,
            secret_access_key: Secret::parse(given.secret_access_key.unwrap_or_default())
                .map_err(odd("secret access key"))?,
            session_token: Secret::parse(given.session_token.unwrap_or_default())
                .map_err(odd("session token"))?,
            expiration: Expiration::from_epoch_milliseconds(given.expiration)
                .map_err(odd("expiration"))?,
        })
    }

    pub(crate) async fn logout(&self, token: &Secret) -> Result<(), Failure> {
        let outcome = self.client.logout().access_token(token.expose()).send().await;
        match outcome.map_err(|error| failure::of_sdk(&error)) {
            // AWS has ended it already.
            Err(error) if error.problem == Problem::SignInNeeded => Ok(()),
            outcome => outcome.map(|_| ()),
        }
    }
}

fn next(token: Option<String>) -> Option<String> {
    token.filter(|token| !token.is_empty())
}

fn refused<E>(error: &SdkError<E, HttpResponse>) -> Refused
where
    E: std::error::Error + aws_smithy_types::error::metadata::ProvideErrorMetadata + 'static,
{
    let answer = error.raw_response();
    let retry_after = answer.and_then(|answer| answer.headers().get("retry-after"));
    Refused {
        error: failure::of_sdk(error),
        retry_after: retry_after.and_then(|seconds| seconds.trim().parse().ok()),
    }
}

/// Compares AWS's clock, as its `Date` header tells it, with ours.
struct WatchClock {
    clock: Arc<dyn Clock>,
    offset: Arc<ClockOffset>,
}

impl fmt::Debug for WatchClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WatchClock")
    }
}

impl Intercept for WatchClock {
    fn name(&self) -> &'static str {
        "WatchClock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let date =
            date.and_then(|date| aws_smithy_types::DateTime::from_str(date, Format::HttpDate).ok());
        if let Some(date) = date {
            self.offset.0.store(date.secs() - self.clock.now().as_second(), Ordering::Relaxed);
        }
        Ok(())
    }
}
