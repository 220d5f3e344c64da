//! A request, parsed from its head once, for the routes and the audit log.
//!
//! This module decides only what the request is. The gate decides whether it is allowed.

use credentials::SlotName;
use hyper::Method;
use hyper::header::HOST;
use hyper::http::request::Parts;

use crate::path::Resource;
use crate::refusal::Refusal;
use crate::token::Question;

/// A parsed request.
#[derive(Debug)]
pub(crate) struct Request {
    /// The action.
    pub(crate) action: Action,
    /// Its word in the audit log.
    pub(crate) verb: Verb,
}

/// The action that a request asks for.
#[derive(Debug)]
pub(crate) enum Action {
    /// Answers with the credentials in a slot.
    Read(SlotName),
    /// Answers with the profile in a slot.
    Profile(SlotName),
    /// Answers with the profiles in all named slots.
    NamedProfiles,
    /// Answers with the server's status.
    Status,
    /// Answers whether a slot can serve.
    Health(SlotName),
    /// Proves to a client which server this is. With the `Host` that it asked for.
    Prove(Question, String),
    /// Loads a slot.
    Load(SlotName),
    /// Unloads a slot.
    Unload(SlotName),
    /// Unloads all named slots.
    UnloadNamed,
    /// Refuses: the path or the method is wrong. The slot is the one that the path names.
    Refuse(Refusal, Option<SlotName>),
}

/// The kinds of action that the audit log knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// The request could not be read, or its path does not take its method.
    None,
    /// Reads credentials.
    Read,
    /// Reads profiles or the server's status.
    List,
    /// Asks whether a slot can serve.
    Health,
    /// Loads a slot.
    Load,
    /// Unloads one slot, or all named slots.
    Unload,
}

/// The methods that at least one path takes.
enum Kind {
    Get,
    Put,
    Delete,
    Other,
}

impl Request {
    /// Parses the head of a request. An error becomes an [`Action::Refuse`].
    pub(crate) fn parse(head: &Parts) -> Self {
        let kind = Kind::of(&head.method);
        let (verb, action) = match Resource::parse(head.uri.path(), head.uri.query()) {
            Ok(Resource::Proof(question)) if matches!(kind, Kind::Get) => {
                (Verb::Health, Action::Prove(question, host(head)))
            }
            Ok(resource) => route(kind, resource),
            Err(refusal) => (Verb::None, Action::Refuse(refusal, None)),
        };
        Self { action, verb }
    }

    /// The slot that it names. `None`: all named slots, the server, or an unknown path.
    pub(crate) fn into_slot(self) -> Option<SlotName> {
        match self.action {
            Action::Read(slot)
            | Action::Profile(slot)
            | Action::Health(slot)
            | Action::Load(slot)
            | Action::Unload(slot) => Some(slot),
            Action::Refuse(_, slot) => slot,
            Action::NamedProfiles | Action::Status | Action::Prove(..) | Action::UnloadNamed => {
                None
            }
        }
    }
}

/// The table of routes.
fn route(kind: Kind, resource: Resource) -> (Verb, Action) {
    match (resource, kind) {
        (Resource::Slot(slot) | Resource::ReadOnlySlot(slot), Kind::Get) => {
            (Verb::Read, Action::Read(slot))
        }
        (Resource::Slot(slot), Kind::Put) => (Verb::Load, Action::Load(slot)),
        (Resource::Slot(slot), Kind::Delete) => (Verb::Unload, Action::Unload(slot)),
        (Resource::Profile(slot), Kind::Get) => (Verb::List, Action::Profile(slot)),
        (Resource::NamedSlots { .. }, Kind::Get) => (Verb::List, Action::NamedProfiles),
        (Resource::NamedSlots { to_the_letter: true }, Kind::Delete) => {
            (Verb::Unload, Action::UnloadNamed)
        }
        (Resource::Status, Kind::Get) => (Verb::List, Action::Status),
        (Resource::Health(slot), Kind::Get) => (Verb::Health, Action::Health(slot)),
        // A lost slot name must not unload all named slots.
        (Resource::NamedSlots { to_the_letter: false }, Kind::Delete) => {
            let why = Refusal::MalformedPath("DELETE /slot/ needs the slot's name after the slash");
            (Verb::Unload, Action::Refuse(why, None))
        }
        (Resource::Slot(slot), Kind::Other) => {
            wrong_method(Verb::None, "GET, HEAD, PUT, DELETE", Some(slot))
        }
        (Resource::NamedSlots { .. }, Kind::Put | Kind::Other) => {
            wrong_method(Verb::None, "GET, HEAD, DELETE", None)
        }
        (
            Resource::ReadOnlySlot(slot) | Resource::Profile(slot),
            Kind::Put | Kind::Delete | Kind::Other,
        ) => wrong_method(Verb::None, "GET, HEAD", Some(slot)),
        (Resource::Status, Kind::Put | Kind::Delete | Kind::Other) => {
            wrong_method(Verb::None, "GET, HEAD", None)
        }
        (Resource::Proof(_), _) => wrong_method(Verb::Health, "GET, HEAD", None),
        (Resource::Health(slot), Kind::Put | Kind::Delete | Kind::Other) => {
            wrong_method(Verb::Health, "GET, HEAD", Some(slot))
        }
    }
}

fn host(head: &Parts) -> String {
    let host = head.headers.get(HOST).and_then(|host| host.to_str().ok());
    host.unwrap_or_default().to_owned()
}

fn wrong_method(verb: Verb, allowed: &'static str, slot: Option<SlotName>) -> (Verb, Action) {
    (verb, Action::Refuse(Refusal::MethodNotAllowed(allowed), slot))
}

impl Kind {
    /// `HEAD` counts as `GET`: hyper omits the body of the answer.
    fn of(method: &Method) -> Self {
        match *method {
            Method::GET | Method::HEAD => Self::Get,
            Method::PUT => Self::Put,
            Method::DELETE => Self::Delete,
            _ => Self::Other,
        }
    }
}

impl Verb {
    /// The word in docs/reference/audit.md.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::List => "list",
            Self::Health => "health",
            Self::Load => "load",
            Self::Unload => "unload",
        }
    }
}
