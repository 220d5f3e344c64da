//! The AWS console with the permissions of a role: its credentials are exchanged for a URL that signs in a browser (IAM User
//! Guide, "Enable custom identity broker access to the AWS console").

pub(crate) mod pages;

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use credentials::{Credentials, Failure, Partition, Problem, Secret};
use http_body_util::{BodyExt, Limited};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;
use url::Url;
use url::form_urlencoded::Serializer;
use zeroize::Zeroizing;

use crate::failure;
use crate::{Aws, http_client};

/// The console session that a browser is signed in to.
#[derive(Debug)]
pub struct Console<'a> {
    /// The partition of the role.
    pub partition: &'a Partition,
    /// The credentials of the role.
    pub credentials: &'a Credentials,
    /// The URL that the console links to when its session has expired.
    pub issuer: &'a str,
    /// The URL of the page to show.
    pub destination: &'a str,
    /// The length of the session, 15 minutes to 12 hours. `None`: the rest of the credentials' life. AWS refuses a duration for a
    /// role that was assumed with another role.
    pub duration: Option<Duration>,
    /// The endpoint, if it is not AWS's own.
    pub endpoint: Option<&'a Url>,
}

/// The URL of the home page of the console, in a region if one is given.
///
/// # Errors
/// The address of the console in this partition is unknown.
pub fn console_home(partition: &Partition, region: Option<&str>) -> Result<String, Failure> {
    let host = hosts(partition)?.console;
    Ok(match region {
        Some(region) => format!("https://{host}/console/home?region={region}"),
        None => format!("https://{host}/"),
    })
}

impl Aws {
    /// A URL that signs in every browser that opens it within 15 minutes. It is a secret.
    ///
    /// # Errors
    /// AWS refuses these credentials, or cannot be reached.
    pub async fn console_url(&self, console: &Console<'_>) -> Result<Secret, Failure> {
        let endpoint = match console.endpoint {
            Some(endpoint) => endpoint.join("/federation"),
            None => {
                Url::parse(&format!("https://{}/federation", hosts(console.partition)?.sign_in))
            }
        };
        let endpoint = endpoint.map_err(|error| {
            Failure::failed(format!("AWS_ENDPOINT_URL_SIGNIN cannot be used: {error}"))
        })?;
        let token = timeout(TIME_LIMIT, self.sign_in_token(&endpoint, console)).await;
        let token = token.unwrap_or_else(|_| {
            let text = format!("no answer within {} seconds", TIME_LIMIT.as_secs());
            Err(unavailable(&endpoint, &text))
        })?;
        login_url(endpoint, console, &token)
    }

    async fn sign_in_token(
        &self,
        endpoint: &Url,
        console: &Console<'_>,
    ) -> Result<Zeroizing<String>, Failure> {
        let settings =
            HttpConnectorSettings::builder().connect_timeout(http_client::CONNECT_TIMEOUT).build();
        let connector = http_client::connector(self.ca_bundle.as_deref(), settings)?;
        let answer = connector.call(request(endpoint, console)?).await;
        let answer = answer.map_err(|error| {
            let failure = failure::of_connector(&error);
            let text = message(endpoint, &failure.message);
            failure.with_message(text)
        })?;
        read(endpoint, answer).await
    }
}

/// A POST request, as the AWS Toolkits make it: a URL would be in the logs of proxies.
fn request(endpoint: &Url, console: &Console<'_>) -> Result<HttpRequest, Failure> {
    let unusable = |error: &dyn std::fmt::Display| {
        Failure::failed(format!("a request to {endpoint} cannot be made: {error}"))
    };
    let body = SdkBody::from(Bytes::from_owner(form(console)));
    let mut request = HttpRequest::new(body);
    request.set_method("POST").map_err(|error| unusable(&error))?;
    request.set_uri(endpoint.as_str()).map_err(|error| unusable(&error))?;
    request.headers_mut().insert("content-type", "application/x-www-form-urlencoded");
    Ok(request)
}

/// The body of the request. It holds secrets, and is wiped when it was sent.
fn form(console: &Console<'_>) -> Zeroizing<Vec<u8>> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Session<'a> {
        session_id: &'a str,
        session_key: &'a str,
        session_token: &'a str,
    }
    let credentials = console.credentials;
    let session = Session {
        session_id: credentials.access_key_id.as_str(),
        session_key: credentials.secret_access_key.expose(),
        session_token: credentials.session_token.expose(),
    };
    let mut json = Zeroizing::new(Vec::with_capacity(FORM_CAPACITY));
    // Three texts can always be written to memory.
    drop(serde_json::to_writer(&mut *json, &session));
    let mut form = Serializer::new(String::with_capacity(3 * FORM_CAPACITY));
    form.append_pair("Action", "getSigninToken");
    if let Some(duration) = console.duration {
        form.append_pair("SessionDuration", &duration.as_secs().to_string());
    }
    form.append_pair("Session", std::str::from_utf8(&json).unwrap_or_default());
    Zeroizing::new(form.finish().into_bytes())
}

/// The sign-in token in an answer. Nothing else of the answer is used in messages, as it may hold anything.
async fn read(endpoint: &Url, answer: HttpResponse) -> Result<Zeroizing<String>, Failure> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(rename = "SigninToken")]
        token: Zeroizing<String>,
    }
    match answer.status().as_u16() {
        200 => {}
        status @ 400..500 => {
            let text = format!("AWS refuses these credentials for the console (HTTP {status})");
            return Err(Failure::new(Problem::Denied, text));
        }
        status => return Err(unavailable(endpoint, &format!("HTTP {status}"))),
    }
    let not_aws = || unavailable(endpoint, "the answer is not from AWS");
    let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await;
    let body = body.map_err(|_| not_aws())?.to_bytes();
    let answer: Answer = serde_json::from_slice(&body).map_err(|_| not_aws())?;
    Ok(answer.token)
}

fn login_url(mut endpoint: Url, console: &Console<'_>, token: &str) -> Result<Secret, Failure> {
    endpoint
        .query_pairs_mut()
        .append_pair("Action", "login")
        .append_pair("Issuer", console.issuer)
        .append_pair("Destination", console.destination)
        .append_pair("SigninToken", token);
    Secret::parse(endpoint.into())
        .map_err(|invalid| Failure::failed(format!("the sign-in URL {invalid}")))
}

fn unavailable(endpoint: &Url, reason: &str) -> Failure {
    failure::unavailable(message(endpoint, reason))
}

fn message(endpoint: &Url, reason: &str) -> String {
    let host = endpoint.host_str().unwrap_or_default();
    format!("the sign-in to the AWS console at {host} is not available: {reason}")
}

struct Hosts {
    sign_in: &'static str,
    console: &'static str,
}

/// The host names of a partition. Those of the secret regions are not public.
fn hosts(partition: &Partition) -> Result<Hosts, Failure> {
    let (sign_in, console) = match partition.as_str() {
        "aws" => ("signin.aws.amazon.com", "console.aws.amazon.com"),
        "aws-cn" => ("signin.amazonaws.cn", "console.amazonaws.cn"),
        "aws-us-gov" => ("signin.amazonaws-us-gov.com", "console.amazonaws-us-gov.com"),
        "aws-eusc" => ("eusc-de-east-1.signin.amazonaws-eusc.eu", "console.amazonaws-eusc.eu"),
        other => {
            let text = format!("the address of the console in the partition {other} is unknown");
            return Err(Failure::failed(text));
        }
    };
    Ok(Hosts { sign_in, console })
}

/// The time limit of a whole call.
const TIME_LIMIT: Duration = Duration::from_secs(20);
/// A longer answer is refused. Sign-in tokens have about 1 KB.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// More bytes than credentials need: a buffer that grows leaves copies of secrets behind.
const FORM_CAPACITY: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn console<'a>(credentials: &'a Credentials, partition: &'a Partition) -> Console<'a> {
        Console {
            partition,
            credentials,
            issuer: "https://corp.awsapps.com/start",
            destination: "https://console.aws.amazon.com/s3/home?region=eu-central-1#a&b",
            duration: None,
            endpoint: None,
        }
    }

    #[test]
    fn every_partition_has_its_own_console() {
        for (region, home) in [
            ("eu-central-1", "https://console.aws.amazon.com/console/home?region=eu-central-1"),
            ("cn-north-1", "https://console.amazonaws.cn/console/home?region=cn-north-1"),
            (
                "us-gov-west-1",
                "https://console.amazonaws-us-gov.com/console/home?region=us-gov-west-1",
            ),
            (
                "eusc-de-east-1",
                "https://console.amazonaws-eusc.eu/console/home?region=eusc-de-east-1",
            ),
        ] {
            assert_eq!(console_home(&Partition::of_region(region), Some(region)).unwrap(), home);
        }
        let home = console_home(&Partition::default(), None).unwrap();
        assert_eq!(home, "https://console.aws.amazon.com/");
        assert!(console_home(&Partition::of_region("us-iso-east-1"), None).is_err());
    }

    #[test]
    fn nothing_in_a_destination_becomes_a_part_of_the_sign_in_url() {
        let credentials = fakes::profile("dev", "2026-11-22T21:16:31Z").credentials;
        let partition = Partition::default();
        let endpoint = Url::parse("https://signin.aws.amazon.com/federation").unwrap();
        let url = login_url(endpoint, &console(&credentials, &partition), "a+b/c=&d").unwrap();
        assert_eq!(
            url.expose(),
            "https://signin.aws.amazon.com/federation?Action=login\
             &Issuer=https%3A%2F%2Fcorp.awsapps.com%2Fstart\
             &Destination=https%3A%2F%2Fconsole.aws.amazon.com%2Fs3%2Fhome%3Fregion%3Deu-central-1%23a%26b\
             &SigninToken=a%2Bb%2Fc%3D%26d"
        );
    }

    #[test]
    fn a_duration_is_sent_only_if_one_is_given() {
        let credentials = fakes::profile("dev", "2026-11-22T21:16:31Z").credentials;
        let partition = Partition::default();
        let mut console = console(&credentials, &partition);
        let text = |console: &Console<'_>| String::from_utf8(form(console).to_vec()).unwrap();
        let start =
            "Action=getSigninToken&Session=%7B%22sessionId%22%3A%22ASIAFAKE%22%2C%22sessionKey";
        assert!(text(&console).starts_with(start), "{}", text(&console));
        console.duration = Some(Duration::from_secs(5400));
        assert!(text(&console).starts_with("Action=getSigninToken&SessionDuration=5400&Session="));
    }
}
