//! The JSON of docs/reference/api.md, written and parsed, for the server and its client.
//!
//! The types of the crate `credentials` know no JSON. The types here mirror them.

use bytes::Bytes;
use credentials::{Expiration, Failure, Principal, ProfileName, Source, Timestamp, whole};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

mod reason;
mod served;
mod source;
mod state;
mod status;
mod upload;
mod value;

pub use reason::Reason;
pub(crate) use served::credentials;
pub use served::read_credentials;
pub use source::SourceObject;
pub use state::State;
pub use status::{ReaderObject, SessionObject, SlotObject, StatusObject};
pub(crate) use upload::{BadUpload, Upload, read_upload};
pub use upload::{Replace, write_upload};

/// `GET /profile`, and an element of `GET /slot`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProfileObject {
    /// The profile's name, which is also the name of a named slot.
    pub profile_name: String,
    /// 12 digits; absent if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// Absent if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_name: Option<String>,
    /// Unix epoch seconds; 0 while there are no credentials yet.
    pub expiration: i64,
    /// The time left, for people: `2h 5m`, `59m`, `< 1m`, `Expired`.
    pub expires: String,
    /// Whether the source gave no expiration, so that the server assumes 15 minutes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expiration_assumed: bool,
    /// The state of the slot.
    #[serde(default)]
    pub state: State,
    /// The source of the credentials; absent if they were handed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceObject>,
    /// The source as text for people. No program parses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_text: Option<String>,
    /// Why the slot is not ready, on one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A sentence with the command that helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The number of the load on this server. Each load has another number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// When the SSO session of the source's instance ends, in Unix epoch seconds; absent if not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_ends: Option<i64>,
}

impl ProfileObject {
    /// Describes a profile at `now`, without its credentials.
    pub fn new(
        name: &ProfileName,
        principal: &Principal,
        expiration: Option<Expiration>,
        now: Timestamp,
    ) -> Self {
        let expires = expiration.map(|expiration| expiration.remaining(now).to_string());
        Self {
            profile_name: name.as_str().to_owned(),
            account_id: principal.account_id.as_ref().map(|id| id.as_str().to_owned()),
            role_name: principal.role_name.as_ref().map(|name| name.as_str().to_owned()),
            expiration: expiration.map_or(0, Expiration::epoch_seconds),
            expires: expires.unwrap_or_else(|| "Expired".to_owned()),
            expiration_assumed: expiration.is_some_and(Expiration::is_assumed),
            state: State::Ready,
            source: None,
            source_text: None,
            reason: None,
            hint: None,
            generation: None,
            session_ends: None,
        }
    }

    /// The source of the credentials. `None`: there is none, or it cannot be parsed.
    pub fn source(&self) -> Option<Source> {
        self.source.clone()?.parse().ok()
    }
}

/// The answer to `PUT`, to `DELETE` and to every refused request, as our client parses it.
#[derive(Debug, Deserialize)]
pub struct Message {
    /// One line, with the hint at its end.
    message: String,
    /// Why a request was refused; absent in a success, and in answers of other servers.
    #[serde(default)]
    pub reason: Option<Reason>,
    /// A sentence with the command that helps.
    #[serde(default)]
    pub hint: Option<String>,
    /// Whether the slot that was loaded will be refreshed.
    #[serde(default)]
    pub refreshes: bool,
    /// Why its refresh cannot work, on one line.
    #[serde(default)]
    pub obstacle: Option<String>,
    /// The profile that was in the slot before, if it had another source.
    #[serde(default)]
    pub replaced: Option<String>,
}

impl Message {
    /// The message without the hint.
    pub fn text(&self) -> &str {
        let hint = self.hint.as_deref();
        let text = hint.and_then(|hint| self.message.strip_suffix(hint)?.strip_suffix(". "));
        text.unwrap_or(&self.message)
    }
}

/// The answer to `PUT`: `{"code":"200","message":"OK"}`, with `"refreshes":true` if the server will refresh the slot, or
/// with the `"obstacle"` (one line, and its `"hint"`) if it has a source, but its refresh cannot work; and with the name of
/// the `"replaced"` profile if it had another source.
pub(crate) fn loaded(
    refreshes: bool,
    obstacle: Option<&Failure>,
    replaced: Option<&ProfileName>,
) -> Bytes {
    #[derive(Serialize)]
    struct Loaded<'a> {
        code: &'static str,
        message: &'static str,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        refreshes: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        obstacle: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        replaced: Option<&'a str>,
    }
    to_json(&Loaded {
        code: "200",
        message: "OK",
        refreshes: refreshes && obstacle.is_none(),
        obstacle: obstacle.map(|failure| failure.message.as_str()),
        hint: obstacle.and_then(|failure| failure.hint.as_deref()),
        replaced: replaced.map(ProfileName::as_str),
    })
}

/// The answer to `DELETE`: `{"code":"200","message":"OK"}`.
pub(crate) fn unloaded() -> Bytes {
    loaded(false, None, None)
}

/// The answer to a refused request: `{"code":"404","message":"…"}`, the same two with capitals, which some SDKs read,
/// and the reason and the hint for our own programs. The message ends with the hint, because SDKs show nothing else.
pub(crate) fn refused(
    status: StatusCode,
    reason: Reason,
    message: &str,
    hint: Option<&str>,
) -> Bytes {
    #[derive(Serialize)]
    struct Refused<'a> {
        code: &'a str,
        message: &'a str,
        #[serde(rename = "Code")]
        capital_code: &'a str,
        #[serde(rename = "Message")]
        capital_message: &'a str,
        reason: Reason,
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<&'a str>,
    }
    let (code, message) = (status.as_str(), &*whole(message, hint));
    let (capital_code, capital_message) = (code, message);
    to_json(&Refused { code, message, capital_code, capital_message, reason, hint })
}

/// `GET /healthcheck`: the part for anyone, and the part for a reader of the slot.
#[derive(Serialize)]
pub(crate) struct Health {
    pub(crate) status: &'static str,
    #[serde(flatten)]
    pub(crate) detail: Option<HealthDetail>,
}

/// The part of a health check that only a reader of the slot gets.
#[derive(Serialize)]
pub(crate) struct HealthDetail {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

/// Writes JSON without secrets.
pub(crate) fn to_json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).unwrap_or_default().into()
}

/// Builds a response with the headers of every answer. (hyper adds `Date` and `Content-Length`.)
pub(crate) fn json(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Writes JSON with secrets into a buffer that never grows, because growing would leave copies behind.
fn secret_json(value: &impl Serialize) -> Zeroizing<Vec<u8>> {
    let mut room = Zeroizing::new(Vec::with_capacity(64 * 1024));
    // These types always serialize: no maps, no floats, no I/O.
    serde_json::to_writer(&mut *room, value).ok();
    let mut exact = Vec::with_capacity(room.len());
    exact.extend_from_slice(&room);
    Zeroizing::new(exact)
}

/// The words in code quotes under a heading of docs/reference/api.md.
#[cfg(test)]
fn documented(heading: &str) -> Vec<String> {
    let page = include_str!("../../../docs/reference/api.md");
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    section.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_separates_message_and_hint_and_accepts_unknown_words() {
        let refused = |hint| {
            let body = refused(StatusCode::NOT_FOUND, Reason::NoSuchPath, "nothing. is here", hint);
            serde_json::from_slice::<Message>(&body).unwrap()
        };
        for hint in [None, Some("Look elsewhere: cd /")] {
            let message = refused(hint);
            assert_eq!((message.text(), message.hint.as_deref()), ("nothing. is here", hint));
            assert_eq!(message.reason, Some(Reason::NoSuchPath));
        }
        let newer = r#"{"message":"no","reason":"not-in-this-version"}"#;
        assert_eq!(serde_json::from_str::<Message>(newer).unwrap().reason, Some(Reason::Unknown));
    }
}
