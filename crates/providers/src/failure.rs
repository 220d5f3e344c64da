//! Failures of the SDK in plain words. Its own words go into the log, as the cause.

#[cfg(test)]
mod tests;

use std::error::Error;
use std::fmt::{self, Display};

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use credentials::{Failure, Problem};
use http_body_util::LengthLimitError;

use crate::http_client::{CALL_TIMEOUT, MAX_ANSWER_BYTES};
use crate::unreachable::{CHECK_NETWORK, Unreachable, causes, find};

/// A failure that the network may explain.
pub(crate) fn unavailable(message: impl Display) -> Failure {
    Failure::new(Problem::Unavailable, message).with_hint(CHECK_NETWORK)
}

/// A failure of the SDK's provider for a profile.
pub(crate) fn of_credentials(error: &CredentialsError, profile: &str) -> Failure {
    let failure = match causes(error).find_map(of_call).or_else(|| of_unreachable(error)) {
        Some(failure) => {
            let message = format!("the profile `{profile}` gave no credentials: {failure}");
            failure.with_message(message)
        }
        None => of_profile(error, profile),
    };
    failure.caused_by(Cause::of(error))
}

/// A failure of a call that the SDK's provider made.
fn of_call(error: &(dyn Error + 'static)) -> Option<Failure> {
    fn of<E>(error: &(dyn Error + 'static)) -> Option<Failure>
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        error.downcast_ref::<SdkError<E, HttpResponse>>().map(of_sdk)
    }
    of::<AssumeRoleError>(error).or_else(|| of::<AssumeRoleWithWebIdentityError>(error))
}

/// A failure before any call: the profile's settings are wrong, or what they lead to is not there.
fn of_profile(error: &CredentialsError, profile: &str) -> Failure {
    if matches!(error, CredentialsError::ProviderTimedOut(_)) {
        return unavailable(format!("the profile `{profile}` gave no credentials in time"));
    }
    let reason = texts(causes(error).filter(|error| !error.is::<CredentialsError>()));
    let reason = reason.trim_start_matches("ProfileFile provider could not be built: ");
    let reason = if reason.is_empty() { "it has no credentials" } else { reason };
    Failure::failed(format!("the profile `{profile}` cannot be used: {reason}"))
}

/// A failure of a call to AWS.
pub(crate) fn of_sdk<E>(error: &SdkError<E, HttpResponse>) -> Failure
where
    E: Error + ProvideErrorMetadata + 'static,
{
    let message = error.as_service_error().and_then(ProvideErrorMetadata::message);
    of_sdk_with_message(error, message)
}

/// The same for a service that puts AWS's message elsewhere.
pub(crate) fn of_sdk_with_message<E>(
    error: &SdkError<E, HttpResponse>,
    message: Option<&str>,
) -> Failure
where
    E: Error + ProvideErrorMetadata + 'static,
{
    let failure = match error {
        SdkError::ServiceError(answer) => {
            of_answer(answer.err().code(), message, answer.raw().status().as_u16())
        }
        SdkError::TimeoutError(_) => {
            unavailable(format!("AWS did not answer within {} seconds", CALL_TIMEOUT.as_secs()))
        }
        SdkError::ResponseError(_) if find::<LengthLimitError>(error).is_some() => {
            let mebibytes = MAX_ANSWER_BYTES >> 20;
            unavailable(format!("the answer is longer than {mebibytes} MiB, so it is not from AWS"))
        }
        SdkError::ResponseError(_) => unavailable("AWS's answer broke off"),
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) | _ => {
            of_unreachable(error).unwrap_or_else(|| {
                Failure::failed("the request to AWS could not be made").with_hint(
                    "Check the AWS_ENDPOINT_URL variables and endpoint_url in the AWS config.",
                )
            })
        }
    };
    failure.caused_by(Cause::of(error))
}

/// A failure of a request that no SDK client makes.
pub(crate) fn of_connector(error: &ConnectorError) -> Failure {
    let failure = of_unreachable(error).unwrap_or_else(|| unavailable("the connection failed"));
    failure.caused_by(Cause::of(error))
}

fn of_unreachable(error: &(dyn Error + 'static)) -> Option<Failure> {
    let unreachable = find::<Unreachable>(error)?;
    Some(Failure::new(Problem::Unavailable, unreachable).with_hint(unreachable.hint()))
}

/// AWS's answer that it does not do what it was asked for.
fn of_answer(code: Option<&str>, message: Option<&str>, status: u16) -> Failure {
    let message = message.filter(|message| !message.trim().is_empty());
    let text = match (code, message) {
        (Some(code), Some(message)) => format!("AWS says: {} ({code})", one_line(message)),
        (Some(code), None) => format!("AWS says: {code}"),
        (None, _) => format!("got HTTP {status} instead of an answer from AWS"),
    };
    let failure = Failure::new(problem_of_answer(code, status), text);
    if failure.problem == Problem::Throttled {
        failure.with_hint("Wait a minute, then try again.")
    } else if failure.problem == Problem::Unavailable {
        failure.with_hint(CHECK_NETWORK)
    } else {
        failure
    }
}

fn problem_of_answer(code: Option<&str>, status: u16) -> Problem {
    match (code, status) {
        (_, 429) | (Some("Throttling" | "ThrottlingException" | "TooManyRequestsException"), _) => {
            Problem::Throttled
        }
        (Some("UnauthorizedException"), _) | (_, 401) => Problem::SignInNeeded,
        (Some(_), 400..500) => Problem::Denied,
        // AWS is out of order; or it is not AWS that answered, but a captive portal or a proxy.
        _ => Problem::Unavailable,
    }
}

/// What an error of the SDK says, and its causes. It holds texts only: the errors themselves own requests and answers, and
/// so access tokens and credentials.
#[derive(Debug)]
struct Cause {
    text: String,
    source: Option<Box<Self>>,
}

impl Cause {
    fn of(error: &(dyn Error + 'static)) -> Self {
        let mut texts: Vec<_> =
            causes(error).map(|error| public_part(&error.to_string())).collect();
        texts.dedup();
        let cause = |source: Option<Self>, text| Some(Self { text, source: source.map(Box::new) });
        texts
            .into_iter()
            .rev()
            .fold(None, cause)
            .unwrap_or(Self { text: String::new(), source: None })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// The text without a dump of the request, whose headers hold the access token.
fn public_part(text: &str) -> String {
    one_line(text.split('{').next().unwrap_or_default())
}

fn texts<'a>(errors: impl Iterator<Item = &'a (dyn Error + 'static)>) -> String {
    let mut texts: Vec<String> = Vec::new();
    for text in errors.map(ToString::to_string) {
        if !texts.iter().any(|said| said.contains(&text)) {
            texts.push(text);
        }
    }
    one_line(&texts.join(": "))
}

/// The text on one line of bounded length: errors can hold what another program printed.
pub(crate) fn one_line(text: &str) -> String {
    const MAX_CHARS: usize = 600;
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_CHARS) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}
