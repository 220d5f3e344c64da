//! What crosses the socket: the JSON of docs/api.md, written and read, for the server and its client.
//!
//! Domain types don't know JSON; these mirrors do.

use bytes::Bytes;
use credentials::{Principal, Profile, ProfileName, Timestamp};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

mod upload;

pub(crate) use upload::read_upload;
pub use upload::write_upload;

/// The most that the tightest SDK takes: aws-c-auth, 10,000 bytes.
const LARGEST_CREDENTIALS: usize = 9_999;

/// `GET /profile`, and an element of `GET /slot`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProfileObject {
    /// The profile's name, which is also the slot's.
    pub profile_name: String,
    /// 12 digits; absent when it is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// Absent when it is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_name: Option<String>,
    /// Unix epoch seconds.
    pub expiration: i64,
    /// The time left, for people: `2h 5m`, `59m`, `< 1m`, `Expired`.
    pub expires: String,
}

impl ProfileObject {
    /// What is told of a profile at `now`: everything but its credentials.
    pub fn new(
        name: &ProfileName,
        principal: &Principal,
        expiration: credentials::Expiration,
        now: Timestamp,
    ) -> Self {
        Self {
            profile_name: name.as_str().to_owned(),
            account_id: principal.account_id.as_ref().map(|id| id.as_str().to_owned()),
            role_name: principal.role_name.as_ref().map(|name| name.as_str().to_owned()),
            expiration: expiration.epoch_seconds(),
            expires: expiration.remaining(now).to_string(),
        }
    }
}

/// The answer to `PUT`, to `DELETE` and to whatever fails, as our client reads it.
#[derive(Debug, Deserialize)]
pub struct Message {
    /// One line, with what mends it.
    pub message: String,
}

/// `GET /` and `GET /slot/NAME`. Wiped when the last answer that holds it is sent.
///
/// `None` when it would be larger than some SDK takes.
pub(crate) fn credentials(profile: &Profile) -> Option<Bytes> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Body<'a> {
        access_key_id: &'a str,
        secret_access_key: &'a str,
        token: &'a str,
        expiration: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        role_arn: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        account_id: Option<&'a str>,
    }
    let Profile { principal, credentials, .. } = profile;
    let body = Body {
        access_key_id: credentials.access_key_id.as_str(),
        secret_access_key: credentials.secret_access_key.expose(),
        token: credentials.session_token.expose(),
        expiration: credentials.expiration.to_string(),
        role_arn: principal.role_arn().map(|arn| arn.to_string()),
        account_id: principal.account_id.as_ref().map(|id| id.as_str()),
    };
    let json = secret_json(&body);
    (json.len() <= LARGEST_CREDENTIALS).then(|| Bytes::from_owner(json))
}

/// `{"code":"200","message":"OK"}`, and for errors the same two again with capitals (some SDKs read those).
pub(crate) fn message(status: StatusCode, text: &str) -> Bytes {
    #[derive(Serialize)]
    struct Success<'a> {
        code: &'a str,
        message: &'a str,
    }
    #[derive(Serialize)]
    struct Failure<'a> {
        code: &'a str,
        message: &'a str,
        #[serde(rename = "Code")]
        capital_code: &'a str,
        #[serde(rename = "Message")]
        capital_message: &'a str,
    }
    let code = status.as_str();
    if status.is_success() {
        to_json(&Success { code, message: text })
    } else {
        let (capital_code, capital_message) = (code, text);
        to_json(&Failure { code, message: text, capital_code, capital_message })
    }
}

/// `GET /healthcheck`: what anyone is told, and what a reader of the slot is told beside.
#[derive(Serialize)]
pub(crate) struct Health {
    pub(crate) status: &'static str,
    #[serde(flatten)]
    pub(crate) detail: Option<HealthDetail>,
}

/// What only a reader of the slot is told.
#[derive(Serialize)]
pub(crate) struct HealthDetail {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'static str>,
}

/// JSON without secrets.
pub(crate) fn to_json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).unwrap_or_default().into()
}

/// A response with the headers that every answer has. (`Date` and `Content-Length` come from hyper.)
pub(crate) fn json(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// JSON with secrets: written once into room that is large enough, so that growing leaves no copies behind.
fn secret_json(value: &impl Serialize) -> Zeroizing<Vec<u8>> {
    let mut room = Zeroizing::new(Vec::with_capacity(64 * 1024));
    // Nothing in these mirrors can fail to be written: no maps, no floats, no I/O.
    let _ = serde_json::to_writer(&mut *room, value);
    let mut exact = Vec::with_capacity(room.len());
    exact.extend_from_slice(&room);
    Zeroizing::new(exact)
}
