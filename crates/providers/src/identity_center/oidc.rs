//! The OIDC service of IAM Identity Center: client registration, device authorization, tokens.
//!
//! IAM Identity Center OIDC API Reference: RegisterClient, StartDeviceAuthorization, CreateToken. The reference does not
//! mention the `/authorize` page; the AWS CLI opens it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_ssooidc::Client;
use aws_sdk_ssooidc::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ssooidc::operation::create_token::CreateTokenError;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use credentials::{Failure, Instance, Problem, Secret, Timestamp};
use jiff::SignedDuration;

use super::item::{RefreshGrant, Registration};
use crate::failure;
use crate::identity_center::{IdentityCenter, page};

/// The name of our client. A person sees it when they approve the sign-in.
const CLIENT_NAME: &str = "aws-sso";
/// The scope of the access portal. With it, AWS issues refresh tokens.
pub(crate) const SCOPE: &str = "sso:account:access";

/// The redirect URI of the registration. AWS ignores the port of a loopback address (RFC 8252, section 7.3).
const REDIRECT_URI_WITHOUT_PORT: &str = "http://127.0.0.1/oauth/callback";

/// The ways to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workflow {
    /// With a browser on this host that returns to a port of ours: authorization code with PKCE (RFC 7636, RFC 8252).
    Pkce,
    /// With a browser on any device, where the person compares a code: device authorization (RFC 8628).
    DeviceCode,
}

impl Workflow {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pkce => "pkce",
            Self::DeviceCode => "device_code",
        }
    }

    pub(crate) fn grant_type(self) -> &'static str {
        match self {
            Self::Pkce => "authorization_code",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
        }
    }
}

/// A client of the OIDC service.
#[derive(Debug)]
pub(crate) struct Oidc<'a> {
    client: Client,
    instance: &'a Instance,
    identity_center: &'a IdentityCenter,
}

/// The answer of CreateToken.
#[derive(Debug)]
pub(crate) struct Tokens {
    pub(crate) access_token: Secret,
    pub(crate) refresh_token: Option<Secret>,
    /// The life of the access token.
    pub(crate) life: SignedDuration,
}

/// The answer of StartDeviceAuthorization.
#[derive(Debug)]
pub(crate) struct DeviceAuthorization {
    pub(crate) device_code: Secret,
    pub(crate) user_code: String,
    pub(crate) url: String,
    pub(crate) url_with_code: String,
    /// The life of the device code.
    pub(crate) life: Duration,
    /// The time between two polls, if AWS gives one.
    pub(crate) interval: Option<Duration>,
}

/// The reason why CreateToken gave no tokens.
#[derive(Debug)]
pub(crate) enum TokenError {
    /// Nobody has approved yet.
    Pending,
    /// Nobody has approved yet, and we poll too often.
    SlowDown,
    /// A person denied the sign-in.
    Denied(Failure),
    /// The grant cannot be used any more: it has expired, was used, or belongs to a session that has ended.
    Ended(Failure),
    /// Anything else.
    Other(Failure),
}

impl IdentityCenter {
    pub(crate) async fn oidc(&self) -> Result<Oidc<'_>, Failure> {
        let client = Client::new(self.config().await?);
        Ok(Oidc { client, instance: self.instance(), identity_center: self })
    }
}

impl Oidc<'_> {
    /// Registers a client for one workflow. Some instances refuse a client for all grants.
    pub(crate) async fn register(&self, workflow: Workflow) -> Result<Registration, Failure> {
        let mut call = self
            .client
            .register_client()
            .client_name(CLIENT_NAME)
            .client_type("public")
            .scopes(SCOPE)
            .grant_types(workflow.grant_type())
            .grant_types("refresh_token")
            .issuer_url(self.identity_center.portal_url().await.as_str());
        if let Workflow::Pkce = workflow {
            call = call.redirect_uris(REDIRECT_URI_WITHOUT_PORT);
        }
        let answer = call.send().await.map_err(|error| self.explain(&error))?;
        Ok(Registration {
            workflow: workflow.as_str().to_owned(),
            client_id: present(answer.client_id)?,
            client_secret: secret(answer.client_secret)?,
            expires_at: Timestamp::from_second(answer.client_secret_expires_at).unwrap_or_default(),
        })
    }

    /// Starts a device authorization.
    pub(crate) async fn start_device_authorization(
        &self,
        client: &Registration,
    ) -> Result<DeviceAuthorization, Failure> {
        let answer = self
            .client
            .start_device_authorization()
            .client_id(&client.client_id)
            .client_secret(client.client_secret.expose())
            .start_url(self.identity_center.portal_url().await.as_str())
            .send()
            .await
            .map_err(|error| self.explain(&error))?;
        let url = page(answer.verification_uri)?;
        Ok(DeviceAuthorization {
            device_code: secret(answer.device_code)?,
            user_code: present(answer.user_code)?,
            url_with_code: page(answer.verification_uri_complete).unwrap_or_else(|_| url.clone()),
            url,
            life: seconds(answer.expires_in).unwrap_or_default(),
            interval: seconds(answer.interval),
        })
    }

    /// The authorization-code grant, with PKCE.
    pub(crate) async fn token_for_code(
        &self,
        client: &Registration,
        code: &str,
        verifier: &Secret,
        redirect_uri: &str,
    ) -> Result<Tokens, TokenError> {
        let call = self.create_token(&client.client_id, &client.client_secret);
        let call = call.grant_type("authorization_code").code(code).redirect_uri(redirect_uri);
        tokens(call.code_verifier(verifier.expose()).send().await)
    }

    /// One poll of the device-code grant.
    pub(crate) async fn token_for_device(
        &self,
        client: &Registration,
        device_code: &Secret,
    ) -> Result<Tokens, TokenError> {
        let call = self.create_token(&client.client_id, &client.client_secret);
        let call = call.grant_type(Workflow::DeviceCode.grant_type());
        tokens(call.device_code(device_code.expose()).send().await)
    }

    /// The refresh-token grant.
    pub(crate) async fn renew(&self, refresh: &RefreshGrant) -> Result<Tokens, TokenError> {
        let call = self.create_token(&refresh.client_id, &refresh.client_secret);
        let call = call.grant_type("refresh_token").refresh_token(refresh.token.expose());
        tokens(call.send().await)
    }

    /// The origin that the calls go to, by the environment and the AWS config (endpoints, FIPS, dual stack). To learn it, a
    /// call is prepared and then not sent.
    pub(crate) async fn endpoint(&self) -> Result<String, Failure> {
        let seen = Arc::new(SeenUri::default());
        let call = self.client.register_client().client_name(CLIENT_NAME).client_type("public");
        let outcome = call.customize().interceptor(StopBeforeSending(seen.clone())).send().await;
        let uri = seen.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (uri, outcome) {
            (Some(uri), _) => Ok(uri.trim_end_matches("/client/register").to_owned()),
            (None, Err(error)) => Err(failure::of_sdk(&error)),
            (None, Ok(_)) => Err(Failure::failed("the endpoint of the OIDC service is unknown")),
        }
    }

    fn create_token(
        &self,
        client_id: &str,
        client_secret: &Secret,
    ) -> aws_sdk_ssooidc::operation::create_token::builders::CreateTokenFluentBuilder {
        self.client.create_token().client_id(client_id).client_secret(client_secret.expose())
    }

    /// Only the start URL in such a request can be invalid; all else in it is fixed.
    fn explain<E>(&self, error: &SdkError<E, HttpResponse>) -> Failure
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        let Instance { name, start_url, region } = self.instance;
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
        if code == Some("InvalidRequestException") {
            return Failure::failed(format!(
                "IAM Identity Center in {region} knows no access portal {start_url}"
            ))
            .with_hint(format!("Check the start URL and the region of `{name}`."));
        }
        let error = failure::of_sdk(error);
        if error.problem != Problem::Unavailable {
            return error;
        }
        let text = format!("IAM Identity Center in {region} is not available: {error}");
        error.with_message(text)
    }
}

fn tokens(
    answer: Result<
        aws_sdk_ssooidc::operation::create_token::CreateTokenOutput,
        SdkError<CreateTokenError, HttpResponse>,
    >,
) -> Result<Tokens, TokenError> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let description = error.as_service_error().and_then(description);
            let failure = failure::of_sdk_with_message(&error, description);
            return Err(match error.as_service_error() {
                Some(CreateTokenError::AuthorizationPendingException(_)) => TokenError::Pending,
                Some(CreateTokenError::SlowDownException(_)) => TokenError::SlowDown,
                Some(CreateTokenError::AccessDeniedException(_)) => TokenError::Denied(failure),
                Some(
                    CreateTokenError::ExpiredTokenException(_)
                    | CreateTokenError::InvalidGrantException(_)
                    | CreateTokenError::InvalidClientException(_)
                    | CreateTokenError::UnauthorizedClientException(_),
                ) => TokenError::Ended(failure),
                _ => TokenError::Other(failure),
            });
        }
    };
    // The tokens are moved: copies would not be wiped.
    let read = move || {
        let refresh_token = answer.refresh_token.filter(|token| !token.is_empty());
        Ok(Tokens {
            access_token: secret(answer.access_token)?,
            refresh_token: refresh_token.map(|token| secret(Some(token))).transpose()?,
            life: SignedDuration::from_secs(answer.expires_in.into()),
        })
    };
    read().map_err(TokenError::Other)
}

/// AWS's message. OIDC puts it into `error_description`, where the SDK does not look for it.
#[expect(clippy::wildcard_enum_match_arm, reason = "the SDK's enum, of which AWS adds variants")]
fn description(error: &CreateTokenError) -> Option<&str> {
    match error {
        CreateTokenError::AccessDeniedException(error) => error.error_description(),
        CreateTokenError::ExpiredTokenException(error) => error.error_description(),
        CreateTokenError::InvalidClientException(error) => error.error_description(),
        CreateTokenError::InvalidGrantException(error) => error.error_description(),
        CreateTokenError::UnauthorizedClientException(error) => error.error_description(),
        _ => error.message(),
    }
}

/// A positive number of seconds.
fn seconds(seconds: i32) -> Option<Duration> {
    u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs)
}

fn present(text: Option<String>) -> Result<String, Failure> {
    text.filter(|text| !text.is_empty()).ok_or_else(unexpected_answer)
}

fn page(url: Option<String>) -> Result<String, Failure> {
    page::url(&present(url)?).ok_or_else(unexpected_answer)
}

fn secret(text: Option<String>) -> Result<Secret, Failure> {
    Secret::parse(present(text)?).map_err(|_| unexpected_answer())
}

fn unexpected_answer() -> Failure {
    failure::unavailable("the answer is not one of the OIDC service of IAM Identity Center")
}

/// The URI of the request that is not sent.
#[derive(Debug, Default)]
struct SeenUri(Mutex<Option<String>>);

/// Records the URI of a request, and stops the request.
#[derive(Debug)]
struct StopBeforeSending(Arc<SeenUri>);

impl Intercept for StopBeforeSending {
    fn name(&self) -> &'static str {
        "StopBeforeSending"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let uri = context.request().uri().to_owned();
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(uri);
        Err("only the endpoint is needed".into())
    }
}
