//! A request as its head names it: parsed once, for the gate's caller, the routes and the audit log.
//!
//! Nothing is decided here but what is asked for: who asks is the gate's business.

use credentials::SlotName;
use hyper::Method;
use hyper::http::request::Parts;

use crate::path::Resource;
use crate::refusal::Refusal;

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Request {
    /// What is to be done.
    pub(crate) action: Action,
    /// The word for it in the audit log.
    pub(crate) verb: Verb,
}

/// What a request has the server do.
#[derive(Debug)]
pub(crate) enum Action {
    /// Answers with the credentials in a slot.
    Read(SlotName),
    /// Answers with the profile in a slot.
    Profile(SlotName),
    /// Answers with the profiles in all named slots.
    NamedProfiles,
    /// Answers with how the server stands.
    Status,
    /// Answers whether a slot can serve.
    Health(SlotName),
    /// Loads a slot.
    Load(SlotName),
    /// Unloads a slot.
    Unload(SlotName),
    /// Unloads all named slots.
    UnloadNamed,
    /// Nothing: the path or the method is wrong. The slot is the one that the path names.
    Refuse(Refusal, Option<SlotName>),
}

/// The kinds of action that the audit log knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// The request could not be read, or its path does not take its method.
    None,
    /// Reads credentials.
    Read,
    /// Reads what is loaded, or how the server stands.
    List,
    /// Asks whether a slot can serve.
    Health,
    /// Loads a slot.
    Load,
    /// Unloads one slot, or all named slots.
    Unload,
}

/// The methods that some path takes.
enum Kind {
    Get,
    Put,
    Delete,
    Other,
}

impl Request {
    /// Reads the head of a request. What is wrong with it is an [`Action::Refuse`].
    pub(crate) fn parse(head: &Parts) -> Self {
        let kind = Kind::of(&head.method);
        let (verb, action) = match Resource::parse(head.uri.path(), head.uri.query()) {
            Ok(resource) => route(kind, resource),
            Err(refusal) => (Verb::None, Action::Refuse(refusal, None)),
        };
        Self { action, verb }
    }

    /// The slot that it names; `None` for all named slots, the server, or a path that names nothing.
    pub(crate) fn into_slot(self) -> Option<SlotName> {
        match self.action {
            Action::Read(slot)
            | Action::Profile(slot)
            | Action::Health(slot)
            | Action::Load(slot)
            | Action::Unload(slot) => Some(slot),
            Action::Refuse(_, slot) => slot,
            Action::NamedProfiles | Action::Status | Action::UnloadNamed => None,
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
        // A slot's name that got lost on the way must not empty all of them.
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
        (Resource::Health(slot), Kind::Put | Kind::Delete | Kind::Other) => {
            wrong_method(Verb::Health, "GET, HEAD", Some(slot))
        }
    }
}

fn wrong_method(verb: Verb, allowed: &'static str, slot: Option<SlotName>) -> (Verb, Action) {
    (verb, Action::Refuse(Refusal::MethodNotAllowed(allowed), slot))
}

impl Kind {
    /// `HEAD` is a `GET` of whose answer hyper leaves out the body.
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
    /// As docs/reference/audit.md has it.
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
