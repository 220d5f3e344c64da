//! The access portal: accounts, roles, credentials, sign-out (IAM Identity Center Portal API Reference).

use std::fmt;
use std::sync::Arc;
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
    Timestamp,
};
use jiff::SignedDuration;
use tokio::time::timeout;

use super::{ClockOffset, IdentityCenter};
use crate::failure;

/// The number of entries in a page: the most that AWS allows.
const PAGE_SIZE: i32 = 100;
/// A longer name or address of an account is left out. AWS allows 50 and 64 characters.
const MAX_TEXT_BYTES: usize = 1024;
/// The time limit for the check that AWS answers at all.
const REACH_TIMEOUT: Duration = Duration::from_secs(3);

/// A client of the access portal.
#[derive(Debug)]
pub(crate) struct Portal {
    client: Client,
}

/// An account in the portal's list.
#[derive(Debug)]
pub(crate) struct AccountInfo {
    pub(crate) id: AccountId,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
}

/// One page of a list, and the token of the next page.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next: Option<String>,
}

/// A failed call of the portal.
#[derive(Debug)]
pub(crate) struct PortalError {
    pub(crate) error: Failure,
    /// The pause that AWS asks for (`Retry-After`, RFC 9110, section 10.2.3).
    pub(crate) retry_after: Option<Duration>,
}

impl IdentityCenter {
    pub(crate) async fn portal(&self) -> Result<Portal, Failure> {
        Ok(Portal { client: Client::from_conf(self.portal_config().await?.build()) })
    }

    /// The portal for calls in the background, which are limited in rate. The SDK does not retry them: see
    /// [`RateLimiter`](super::rate_limiter::RateLimiter). It is made once, as there may be a thousand calls.
    pub(crate) async fn background_portal(&self) -> Result<&Portal, Failure> {
        let make = async || {
            let config = self.portal_config().await?.retry_config(RetryConfig::disabled());
            Ok(Portal { client: Client::from_conf(config.build()) })
        };
        self.0.background_portal.get_or_try_init(make).await
    }

    /// Checks that AWS answers, with a call that AWS refuses because it has no valid token. Afterwards
    /// [`IdentityCenter::clock_offset`] is known. It takes 3 seconds at most.
    ///
    /// # Errors
    /// There is no answer, or the answer is not from AWS.
    pub async fn reach(&self) -> Result<(), Failure> {
        let call = self.background_portal().await?.client.list_accounts().access_token("none");
        let late = || {
            failure::unavailable(format!(
                "AWS did not answer within {} seconds",
                REACH_TIMEOUT.as_secs()
            ))
        };
        let answer =
            timeout(REACH_TIMEOUT, call.max_results(1).send()).await.map_err(|_| late())?;
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
    ) -> Result<Page<AccountInfo>, PortalError> {
        let call = self.client.list_accounts().access_token(token.expose()).max_results(PAGE_SIZE);
        let answer = call.set_next_token(page).send().await.map_err(|e| portal_error(&e))?;
        // An account whose id is not valid is left out: we could not ask for its roles.
        let account = |info: aws_sdk_sso::types::AccountInfo| {
            let id = AccountId::parse(info.account_id.as_deref()?).ok()?;
            let short = |text: &String| text.len() <= MAX_TEXT_BYTES;
            let (name, email) = (info.account_name.filter(short), info.email_address.filter(short));
            Some(AccountInfo { id, name, email })
        };
        let accounts = answer.account_list.unwrap_or_default().into_iter().filter_map(account);
        Ok(Page { items: accounts.collect(), next: next(answer.next_token) })
    }

    pub(crate) async fn roles(
        &self,
        token: &Secret,
        account: &AccountId,
        page: Option<String>,
    ) -> Result<Page<RoleName>, PortalError> {
        let call =
            self.client.list_account_roles().access_token(token.expose()).max_results(PAGE_SIZE);
        let call = call.account_id(account.as_str()).set_next_token(page);
        let answer = call.send().await.map_err(|e| portal_error(&e))?;
        let role = |info: aws_sdk_sso::types::RoleInfo| RoleName::parse(info.role_name()?).ok();
        let roles = answer.role_list.unwrap_or_default().into_iter().filter_map(role);
        Ok(Page { items: roles.collect(), next: next(answer.next_token) })
    }

    pub(crate) async fn role_credentials(
        &self,
        token: &Secret,
        account: &AccountId,
        role: &RoleName,
    ) -> Result<Credentials, PortalError> {
        let call = self.client.get_role_credentials().access_token(token.expose());
        let call = call.account_id(account.as_str()).role_name(role.as_str());
        let answer = call.send().await.map_err(|e| portal_error(&e))?;
        let given = answer
            .role_credentials
            .unwrap_or_else(|| aws_sdk_sso::types::RoleCredentials::builder().build());
        let unexpected = |what: &'static str| {
            move |invalid| {
                let text = format!("AWS returned credentials of which the {what} {invalid}");
                PortalError { error: failure::unavailable(text), retry_after: None }
            }
        };
        Ok(Credentials {
            access_key_id: AccessKeyId::parse(given.access_key_id().unwrap_or_default())
                .map_err(unexpected("access key id"))?,
            secret_access_key: Secret::parse(given.secret_access_key.unwrap_or_default())
                .map_err(unexpected("secret access key"))?,
            session_token: Secret::parse(given.session_token.unwrap_or_default())
                .map_err(unexpected("session token"))?,
            expiration: Expiration::from_epoch_milliseconds(given.expiration)
                .map_err(unexpected("expiration"))?,
        })
    }

    pub(crate) async fn logout(&self, token: &Secret) -> Result<(), Failure> {
        let outcome = self.client.logout().access_token(token.expose()).send().await;
        match outcome.map_err(|error| failure::of_sdk(&error)) {
            // AWS has already ended the session.
            Err(error) if error.problem == Problem::SignInNeeded => Ok(()),
            outcome => outcome.map(|_| ()),
        }
    }
}

fn next(token: Option<String>) -> Option<String> {
    token.filter(|token| !token.is_empty())
}

fn portal_error<E>(error: &SdkError<E, HttpResponse>) -> PortalError
where
    E: std::error::Error + aws_smithy_types::error::metadata::ProvideErrorMetadata + 'static,
{
    let answer = error.raw_response();
    let retry_after = answer.and_then(|answer| answer.headers().get("retry-after"));
    PortalError {
        error: failure::of_sdk(error),
        retry_after: retry_after
            .and_then(|seconds| seconds.trim().parse().ok())
            .map(Duration::from_secs),
    }
}

/// Compares AWS's clock, from the `Date` header of its answers, with ours.
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
        if let Some(date) = date.and_then(|date| Timestamp::from_second(date.secs()).ok()) {
            // The header has whole seconds.
            let seconds = date.as_second() - self.clock.now().as_second();
            self.offset.set(SignedDuration::from_secs(seconds));
        }
        Ok(())
    }
}
