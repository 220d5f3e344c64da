//! Why there are no credentials, told by what to do next.

use std::error::Error;
use std::fmt::Display;

use aws_config::profile::ProfileFileLoadError;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sso::operation::get_role_credentials::GetRoleCredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use credentials::{Failure, Problem};

/// A failure that a look at the network may explain.
pub(crate) fn unavailable(message: impl Display) -> Failure {
    Failure::new(Problem::Unavailable, message).with_hint(LOOK_AT_NETWORK)
}

/// A file of profiles that the SDK can't read.
pub(crate) fn of_profile_file(error: &ProfileFileLoadError) -> Failure {
    Failure::failed(texts(error))
}

/// A failure of one of the SDK's providers. `uses_sso`: what isn't an answer from AWS is then about the cached sign-in.
pub(crate) fn of_credentials(error: &CredentialsError, uses_sso: bool) -> Failure {
    let problem = causes(error).find_map(problem_of).unwrap_or(match error {
        CredentialsError::ProviderTimedOut(_) => Problem::Unavailable,
        CredentialsError::ProviderError(_) if uses_sso => Problem::SignInNeeded,
        _ => Problem::Invalid,
    });
    with_usual_hint(Failure::new(problem, texts(error)))
}

/// A failure of a call to AWS.
pub(crate) fn of_sdk<E>(error: &SdkError<E, HttpResponse>) -> Failure
where
    E: Error + ProvideErrorMetadata + 'static,
{
    with_usual_hint(Failure::new(problem_of_sdk(error), texts(error)))
}

fn with_usual_hint(failure: Failure) -> Failure {
    match failure.problem {
        Problem::Throttled => failure.with_hint("Wait a minute, then try again."),
        Problem::Unavailable => failure.with_hint(LOOK_AT_NETWORK),
        _ => failure,
    }
}

const LOOK_AT_NETWORK: &str =
    "Look at the network, HTTPS_PROXY and the AWS_ENDPOINT_URL variables.";

/// The error and what lies under it.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| Error::source(*error))
}

/// The texts of all causes. (The SDK's own show only the outermost, "service error".)
pub(crate) fn texts(error: &(dyn Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    for text in causes(error).map(ToString::to_string) {
        if !texts.iter().any(|said| said.contains(&text)) {
            texts.push(text);
        }
    }
    one_line(&texts.join(": "))
}

/// Errors can hold what another program printed: lines and control characters become blanks.
pub(crate) fn one_line(text: &str) -> String {
    const LONGEST: usize = 600;
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}

fn problem_of(error: &(dyn Error + 'static)) -> Option<Problem> {
    problem_if::<AssumeRoleError>(error)
        .or_else(|| problem_if::<AssumeRoleWithWebIdentityError>(error))
        .or_else(|| problem_if::<GetRoleCredentialsError>(error))
}

fn problem_if<E>(error: &(dyn Error + 'static)) -> Option<Problem>
where
    E: Error + ProvideErrorMetadata + 'static,
{
    error.downcast_ref::<SdkError<E, HttpResponse>>().map(problem_of_sdk)
}

fn problem_of_sdk<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Problem {
    let SdkError::ServiceError(answer) = error else {
        return Problem::Unavailable;
    };
    let code = answer.err().code().unwrap_or_default();
    let status = answer.raw().status().as_u16();
    match (code, status) {
        (_, 429) | ("Throttling" | "ThrottlingException" | "TooManyRequestsException", _) => {
            Problem::Throttled
        }
        ("UnauthorizedException", _) | (_, 401) => Problem::SignInNeeded,
        (_, 400..500) => Problem::Denied,
        // Errors of AWS's; and what is no answer of AWS's at all, as captive portals and proxies send it.
        _ => Problem::Unavailable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_of_bounded_length() {
        let text = one_line(&"first\n\tsecond\u{1b}[31m\r\n".repeat(100));
        assert!(text.starts_with("first second [31m first"), "{text}");
        assert!(text.chars().count() <= 601 && text.ends_with('…'));
    }
}
