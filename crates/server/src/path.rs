//! Paths and queries: parses the resource of a request, and writes the path of a slot.
//!
//! Parsing and writing are inverse and pure. Names are percent-decoded once.

use std::borrow::Cow;

use credentials::{ProfileName, SlotName};
use data_encoding::BASE64URL_NOPAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::refusal::Refusal;
use crate::token::Question;

/// Everything but the unreserved characters of RFC 3986, section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a request is about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    /// `/` and `/slot/NAME`: credentials that can be read, loaded and unloaded.
    Slot(SlotName),
    /// `/creds`, `/s/ID`: another way to name a slot, for reading.
    ReadOnlySlot(SlotName),
    /// `/profile`: the profile in a slot.
    Profile(SlotName),
    /// `/slot` or `/slot/`: all named slots.
    NamedSlots { to_the_letter: bool },
    /// `/status`: the server and all slots.
    Status,
    /// `/proof`: whether this is the server that a client means.
    Proof(Question),
    /// `/healthcheck`, `/healthcheck/slot/NAME`.
    Health(SlotName),
}

impl Resource {
    /// Parses a request's path and query.
    ///
    /// # Errors
    /// [`Refusal::NoSuchPath`], or [`Refusal::MalformedPath`] if a name cannot be decoded.
    pub(crate) fn parse(path: &str, query: Option<&str>) -> Result<Self, Refusal> {
        match path {
            "/" => slot_by_query(query).map(Self::Slot),
            "/creds" => slot_by_query(query).map(Self::ReadOnlySlot),
            "/profile" => slot_by_query(query).map(Self::Profile),
            "/slot" | "/slot/" => match slot_by_query(query)? {
                SlotName::Default => Ok(Self::NamedSlots { to_the_letter: path == "/slot" }),
                SlotName::Named(_) => Err(Refusal::MalformedPath(
                    "/slot takes no profile in its query; use /slot/NAME for one slot",
                )),
            },
            "/status" => Ok(Self::Status),
            "/proof" => proof(query).map(Self::Proof),
            // The client of aws-sso-cli asks with a slash.
            "/healthcheck" | "/healthcheck/" => Ok(Self::Health(SlotName::Default)),
            _ => {
                if let Some(name) = path.strip_prefix("/slot/") {
                    named(&decoded(name)?).map(Self::Slot)
                } else if let Some(id) = path.strip_prefix("/s/") {
                    by_id(id).map(Self::ReadOnlySlot)
                } else if let Some(name) = path.strip_prefix("/healthcheck/slot/") {
                    named(&decoded(name)?).map(Self::Health)
                } else {
                    Err(Refusal::NoSuchPath)
                }
            }
        }
    }
}

/// The path that our client uses to load and unload a slot.
pub fn path_of(slot: &SlotName) -> String {
    match slot {
        SlotName::Default => "/".to_owned(),
        // URL libraries remove dot segments. Ours does not, but a proxy might.
        SlotName::Named(name) if is_dots(name) => {
            format!("/slot/{}", name.as_str().replace('.', "%2E"))
        }
        SlotName::Named(name) => {
            format!("/slot/{}", utf8_percent_encode(name.as_str(), RESERVED))
        }
    }
}

/// The path that a person exports for SDKs. It works with all SDKs: a name with characters that are not unreserved is
/// written as an id, because some SDKs encode a path twice or truncate it.
pub fn path_for_sdks(slot: &SlotName) -> String {
    match slot {
        SlotName::Default => "/creds".to_owned(),
        SlotName::Named(name) if path_of(slot).contains('%') || is_dots(name) => {
            format!("/s/{}", BASE64URL_NOPAD.encode(name.as_str().as_bytes()))
        }
        SlotName::Named(_) => path_of(slot),
    }
}

/// The slot whose credentials are at this path and query. `None`: no credentials are served there.
pub fn slot_at(path: &str, query: Option<&str>) -> Option<SlotName> {
    match Resource::parse(path, query) {
        Ok(Resource::Slot(slot) | Resource::ReadOnlySlot(slot)) => Some(slot),
        _ => None,
    }
}

fn is_dots(name: &ProfileName) -> bool {
    matches!(name.as_str(), "." | "..")
}

fn slot_by_query(query: Option<&str>) -> Result<SlotName, Refusal> {
    let Some(query) = query else { return Ok(SlotName::Default) };
    let mut found = None;
    for pair in query.split('&') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        if decoded(key)? != "profile" {
            continue;
        }
        if found.replace(named(&decoded(value)?)?).is_some() {
            return Err(Refusal::MalformedPath("the query has profile twice"));
        }
    }
    Ok(found.unwrap_or(SlotName::Default))
}

fn proof(query: Option<&str>) -> Result<Question, Refusal> {
    let (mut nonce, mut claims) = (None, None);
    for (key, value) in query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='))
    {
        match key {
            "nonce" => nonce = Some(value),
            "token" => claims = Some(value),
            _ => {}
        }
    }
    nonce.and_then(|nonce| Question::parse(nonce, claims)).ok_or(Refusal::MalformedPath(
        "/proof needs nonce=NONCE, 32 random bytes in base64url without padding",
    ))
}

fn by_id(id: &str) -> Result<SlotName, Refusal> {
    const MALFORMED: Refusal = Refusal::MalformedPath(
        "the id after /s/ must be a slot's name in base64url without padding",
    );
    let bytes = BASE64URL_NOPAD.decode(id.as_bytes()).map_err(|_| MALFORMED)?;
    named(std::str::from_utf8(&bytes).map_err(|_| MALFORMED)?)
}

fn named(name: &str) -> Result<SlotName, Refusal> {
    ProfileName::parse(name)
        .map(SlotName::Named)
        .map_err(|invalid| Refusal::Field("the slot's name", invalid))
}

fn decoded(text: &str) -> Result<Cow<'_, str>, Refusal> {
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next(), rest.next()];
            if !digits.iter().all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit())) {
                return Err(Refusal::MalformedPath(
                    "a % in a path or query must be followed by two hexadecimal digits",
                ));
            }
        }
    }
    percent_decode_str(text)
        .decode_utf8()
        .map_err(|_| Refusal::MalformedPath("a path or query must be UTF-8, percent-encoded"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(name: &str) -> SlotName {
        SlotName::Named(ProfileName::parse(name).unwrap())
    }

    #[test]
    fn a_slot_name_is_everything_after_slot_decoded_once() {
        for (path, name) in [
            ("/slot/dev", "dev"),
            ("/slot/a%2Fb", "a/b"),
            ("/slot/a/b", "a/b"),
            ("/slot/a//b", "a//b"),
            ("/slot/x/", "x/"),
            ("/slot/a%3Ab", "a:b"),
            ("/slot/a:b", "a:b"),
            ("/slot/a+b", "a+b"),
            ("/slot/100%25", "100%"),
            ("/slot/%2525", "%25"),
            ("/slot/.", "."),
            ("/slot/..", ".."),
            ("/slot/../profile", "../profile"),
            ("/slot/caf%C3%A9", "café"),
            ("/slot/café", "café"),
        ] {
            assert_eq!(Resource::parse(path, None), Ok(Resource::Slot(slot(name))), "{path}");
        }
    }

    #[test]
    fn every_name_survives_both_kinds_of_path() {
        let longest = "✓".repeat(170);
        for name in
            ["dev", "..", ".", "team/dev:Read Only ✓", "%", "a+b;c?d#e&f=g", "-_~", &longest]
        {
            let slot = slot(name);
            let path = path_of(&slot);
            assert_eq!(Resource::parse(&path, None), Ok(Resource::Slot(slot.clone())), "{path}");
            let for_sdks = path_for_sdks(&slot);
            let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
            assert!(for_sdks.bytes().all(unreserved), "{for_sdks}");
            assert_eq!(slot_at(&for_sdks, None), Some(slot));
        }
    }

    #[test]
    fn the_profile_query_names_a_slot_once() {
        let default = Ok(Resource::Slot(SlotName::Default));
        for query in [None, Some(""), Some("x=1"), Some("flag&y=%20"), Some("Profile=x")] {
            assert_eq!(Resource::parse("/", query), default, "{query:?}");
        }
        let query = Some("x=1&profile=a%2Fb+c&y");
        let named = || slot("a/b+c");
        assert_eq!(Resource::parse("/", query), Ok(Resource::Slot(named())));
        assert_eq!(Resource::parse("/creds", query), Ok(Resource::ReadOnlySlot(named())));
        for query in ["profile=a&profile=a", "profile=", "profile", "profile=%zz", "%=1"] {
            assert!(Resource::parse("/", Some(query)).is_err(), "{query}");
        }
    }

    #[test]
    fn impossible_names_are_malformed() {
        for path in [
            "/slot/%",
            "/slot/%4",
            "/slot/%zz",
            "/slot/%ff",
            "/slot/%00",
            "/slot/a%0Ab",
            "/s/",
            "/s/a",
            "/s/ZGV2=",
            "/s/_w",
            "/healthcheck/slot/",
            &format!("/slot/{}", "x".repeat(4096)),
        ] {
            let refusal = Resource::parse(path, None).unwrap_err();
            let malformed = matches!(refusal, Refusal::MalformedPath(_) | Refusal::Field(..));
            assert!(malformed, "{path}: {refusal:?}");
        }
    }

    #[test]
    fn other_paths_do_not_exist() {
        for path in ["", "*", "//", "/Slot", "/slotx", "/creds/", "/profile/", "/s", "/status/"] {
            assert_eq!(Resource::parse(path, None), Err(Refusal::NoSuchPath), "{path}");
        }
    }
}
