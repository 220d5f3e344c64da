//! What crosses the socket: the JSON of docs/reference/api.md, written and read, for the server and its client.
//!
//! Domain types don't know JSON; these mirrors do.

use bytes::Bytes;
use credentials::{Expiration, Principal, ProfileName, Source, Timestamp, whole};
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
    /// The profile's name, which is also the slot's.
    pub profile_name: String,
    /// 12 digits; absent when it is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// Absent when it is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_name: Option<String>,
    /// Unix epoch seconds; 0 while there are no credentials yet.
    pub expiration: i64,
    /// The time left, for people: `2h 5m`, `59m`, `< 1m`, `Expired`.
    pub expires: String,
    /// How the slot stands.
    #[serde(default)]
    pub state: State,
    /// How the credentials are obtained again; absent when they were handed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceObject>,
    /// The same for people; nothing is ever read out of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_text: Option<String>,
    /// Why the slot is not ready: one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What to do about it: a sentence, with the command to type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The how-manieth load this is, on this server: another number, another load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// When the SSO session of the source's instance ends, in Unix epoch seconds; absent until that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_ends: Option<i64>,
}

impl ProfileObject {
    /// What is told of a profile at `now`: everything but its credentials.
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
            state: State::Ready,
            source: None,
            source_text: None,
            reason: None,
            hint: None,
            generation: None,
            session_ends: None,
        }
    }

    /// How the credentials are obtained again, if they can be; what can't be understood is no source.
    pub fn source(&self) -> Option<Source> {
        self.source.clone()?.parse().ok()
    }
}

/// The answer to `PUT`, to `DELETE` and to whatever fails, as our client reads it.
#[derive(Debug, Deserialize)]
pub struct Message {
    /// One line, with the hint at its end.
    message: String,
    /// Why a request was refused; absent in a success, and from other servers.
    #[serde(default)]
    pub reason: Option<Reason>,
    /// What to do about it.
    #[serde(default)]
    pub hint: Option<String>,
    /// Whether the slot that was loaded is refreshed.
    #[serde(default)]
    pub refreshes: bool,
    /// The profile that was in the slot before, if it was of another source.
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

/// The answer to `PUT`: `{"code":"200","message":"OK"}`, with `"refreshes":true` if the server will do so, and with the name
/// of the profile that was `"replaced"`, if it was of another source.
pub(crate) fn loaded(refreshes: bool, replaced: Option<&ProfileName>) -> Bytes {
    #[derive(Serialize)]
    struct Loaded<'a> {
        code: &'static str,
        message: &'static str,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        refreshes: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        replaced: Option<&'a str>,
    }
    let replaced = replaced.map(ProfileName::as_str);
    to_json(&Loaded { code: "200", message: "OK", refreshes, replaced })
}

/// The answer to `DELETE`: `{"code":"200","message":"OK"}`.
pub(crate) fn unloaded() -> Bytes {
    loaded(false, None)
}

/// `{"code":"404","message":"…"}` with the same two again in capitals, which some SDKs read, and the reason and the hint for
/// programs that know us. The message ends with the hint, because SDKs show nothing else.
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
    pub(crate) reason: Option<String>,
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
    serde_json::to_writer(&mut *room, value).ok();
    let mut exact = Vec::with_capacity(room.len());
    exact.extend_from_slice(&room);
    Zeroizing::new(exact)
}

/// The words in code quotes below a heading of docs/reference/api.md.
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
    fn a_client_reads_message_and_hint_apart_and_words_that_it_does_not_know() {
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
