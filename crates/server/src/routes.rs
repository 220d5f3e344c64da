//! From a request's head to what is done about it: the gate, the table of routes, and the answers.
//!
//! Nothing here waits. A request with a body to read comes back as [`Decision::ReadBody`].

use std::sync::Arc;

use bytes::Bytes;
use credentials::{Clock, SlotName};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};

use crate::audit::{Asker, Audit, Record, Role, Verb};
use crate::gate::{Caller, Gate, Peer, ReadableSlot, Writer};
use crate::path::Resource;
use crate::readers::Readers;
use crate::refusal::Refusal;
use crate::slot_list::Saved;
use crate::slots::{Loaded, Now, Served, Slots};
use crate::status::About;
use crate::wire::{self, Health, HealthDetail};

/// Decides about requests.
pub(crate) struct Router {
    gate: Gate,
    slots: Arc<Slots>,
    clock: Arc<dyn Clock>,
    /// `None`: nothing outlives the server.
    saved: Option<Saved>,
    audit: Option<Audit>,
    about: About,
    readers: Readers,
}

/// What comes of a request's head.
pub(crate) enum Decision {
    /// This, at once.
    Answer(Response<Bytes>),
    /// This, once what was changed is saved.
    AnswerWhenSaved(Response<Bytes>),
    /// The body is wanted for this.
    ReadBody(Load),
}

/// A load that the gate has let in, and that waits for its body.
pub(crate) struct Load {
    writer: Writer,
    slot: SlotName,
    asker: Asker,
}

/// What a request asks for.
enum Action {
    Credentials(SlotName),
    DefaultProfile,
    NamedProfiles,
    Status,
    Load(SlotName),
    Unload(SlotName),
    UnloadNamed,
}

impl Router {
    pub(crate) fn new(
        gate: Gate,
        slots: Arc<Slots>,
        clock: Arc<dyn Clock>,
        saved: Option<Saved>,
        audit: Option<Audit>,
        about: About,
    ) -> Self {
        let readers = Readers::new(Arc::clone(&slots));
        Self { gate, slots, clock, saved, audit, about, readers }
    }

    /// Decides by the head alone.
    pub(crate) fn decide(&self, head: &Parts, peer: Peer) -> Decision {
        let now = self.now();
        let caller = self.gate.check(head, peer, now.wall);
        let token = caller.as_ref().ok().and_then(|caller| caller.token);
        let asker = Asker { token, socket: peer.socket };
        let decided = caller.and_then(|caller| self.try_decide(head, caller, asker, now));
        decided.unwrap_or_else(|refusal| {
            if self.audit.is_some() {
                let (verb, slot) = wanted(head);
                self.note(verb, slot, Err(refusal.clone()), asker, now);
            }
            Decision::Answer(refusal.into_response())
        })
    }

    /// Carries out a load, now that its body is there, or is known not to come.
    pub(crate) fn load(&self, load: Load, body: Result<&[u8], Refusal>) -> Response<Bytes> {
        let now = self.now();
        let Load { writer, slot, asker } = load;
        let outcome = body.and_then(|body| self.try_load(&writer, &slot, body, now));
        let role = outcome.as_ref().map(|loaded| Some(Arc::clone(&loaded.role)));
        self.note(Verb::Load, Some(slot), role.map_err(Refusal::clone), asker, now);
        match outcome {
            Ok(Loaded { refreshes, .. }) => wire::json(StatusCode::OK, wire::loaded(refreshes)),
            Err(refusal) => refusal.into_response(),
        }
    }

    /// Notes that a connection was refused before anything could be read of what it wants.
    pub(crate) fn refused(&self, peer: Peer, refusal: Refusal) {
        let asker = Asker { token: None, socket: peer.socket };
        self.note(Verb::None, None, Err(refusal), asker, self.now());
    }

    /// Ready when everything that was changed is saved.
    pub(crate) async fn saved(&self) {
        if let Some(saved) = &self.saved {
            saved.clone().wait().await;
        }
    }

    fn now(&self) -> Now {
        Now::by(&*self.clock)
    }

    fn try_decide(
        &self,
        head: &Parts,
        caller: Caller,
        asker: Asker,
        now: Now,
    ) -> Result<Decision, Refusal> {
        let note = |verb, slot, role| self.note(verb, slot, Ok(role), asker, now);
        let resource = Resource::parse(head.uri.path(), head.uri.query());
        if let Ok(Resource::Health(slot)) = &resource {
            return self.health(slot, &head.method, &caller, now).map(Decision::Answer);
        }
        let reader = caller.reader()?;
        Ok(Decision::Answer(match action(&head.method, resource?)? {
            Action::Credentials(slot) => {
                let served = self.slots.credentials(reader.slot(&slot)?, asker.socket, now)?;
                let Served { answer, role, newcomer } = served;
                if let Some(newcomer) = newcomer {
                    self.readers.look_for(slot.clone(), newcomer);
                }
                note(Verb::Read, Some(slot), Some(role));
                wire::json(StatusCode::OK, answer)
            }
            Action::DefaultProfile => {
                let profile = self.slots.profile(reader.slot(&SlotName::Default)?, now)?;
                note(Verb::List, Some(SlotName::Default), None);
                ok(&profile)
            }
            Action::NamedProfiles => {
                note(Verb::List, None, None);
                ok(&self.slots.named(reader, now))
            }
            // Not noted: who watches it would fill the log, and it hands out nothing.
            Action::Status => {
                let statuses = self.slots.statuses(&caller.into_writer()?, now);
                ok(&self.about.status(statuses, now))
            }
            Action::Load(slot) => {
                let writer = caller.into_writer()?;
                return Ok(Decision::ReadBody(Load { writer, slot, asker }));
            }
            Action::Unload(slot) => {
                let role = self.slots.unload(&caller.into_writer()?, &slot)?;
                note(Verb::Unload, Some(slot), Some(role));
                return Ok(Decision::AnswerWhenSaved(done()));
            }
            Action::UnloadNamed => {
                self.slots.unload_named(&caller.into_writer()?);
                note(Verb::Unload, None, None);
                return Ok(Decision::AnswerWhenSaved(done()));
            }
        }))
    }

    fn try_load(
        &self,
        writer: &Writer,
        slot: &SlotName,
        body: &[u8],
        now: Now,
    ) -> Result<Loaded, Refusal> {
        let upload = wire::read_upload(body, now.wall)?;
        if matches!(slot, SlotName::Named(name) if name != upload.name()) {
            return Err(Refusal::NamesDiffer);
        }
        self.slots.load(writer, slot.clone(), upload, now)
    }

    /// Notes a decision in the audit log, if there is one.
    fn note(
        &self,
        verb: Verb,
        slot: Option<SlotName>,
        outcome: Result<Option<Arc<Role>>, Refusal>,
        asker: Asker,
        now: Now,
    ) {
        if let Some(audit) = &self.audit {
            audit.note(Record { at: now.wall, verb, slot, outcome, asker });
        }
    }

    fn health(
        &self,
        slot: &SlotName,
        method: &Method,
        caller: &Caller,
        now: Now,
    ) -> Result<Response<Bytes>, Refusal> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return Err(Refusal::MethodNotAllowed("GET, HEAD"));
        }
        let verdict = self.slots.health(slot, now);
        let (code, status) = match verdict {
            Ok(()) => (StatusCode::OK, "ok"),
            Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        };
        // Who may not read the slot is told no more than anybody.
        let readable = caller.reader().and_then(|reader| reader.slot(slot));
        let detail = readable.ok().map(|slot| self.detail(slot, verdict));
        Ok(wire::json(code, wire::to_json(&Health { status, detail })))
    }

    fn detail(&self, slot: ReadableSlot<'_>, verdict: Result<(), Refusal>) -> HealthDetail {
        let (profile, expiration) = self.slots.loaded(slot).unzip();
        HealthDetail {
            profile: profile.map(|name| name.as_str().to_owned()),
            expires: expiration.flatten().map(|at| at.to_string()),
            reason: verdict.err().map(|refusal| match refusal {
                Refusal::Expired => "the credentials have expired".to_owned(),
                Refusal::NotRefreshed(_) | Refusal::Refreshing(_) => refusal.message(),
                _ => "nothing is loaded in this slot".to_owned(),
            }),
        }
    }
}

/// The table of routes.
fn action(method: &Method, resource: Resource) -> Result<Action, Refusal> {
    let read = matches!(*method, Method::GET | Method::HEAD);
    let (write, delete) = (method == Method::PUT, method == Method::DELETE);
    match resource {
        Resource::Slot(slot) if read => Ok(Action::Credentials(slot)),
        Resource::Slot(slot) if write => Ok(Action::Load(slot)),
        Resource::Slot(slot) if delete => Ok(Action::Unload(slot)),
        Resource::Slot(_) => Err(Refusal::MethodNotAllowed("GET, HEAD, PUT, DELETE")),
        Resource::ReadOnlySlot(slot) if read => Ok(Action::Credentials(slot)),
        Resource::DefaultProfile if read => Ok(Action::DefaultProfile),
        Resource::NamedSlots if read => Ok(Action::NamedProfiles),
        Resource::Status if read => Ok(Action::Status),
        Resource::NamedSlots if delete => Ok(Action::UnloadNamed),
        Resource::NamedSlots => Err(Refusal::MethodNotAllowed("GET, HEAD, DELETE")),
        _ => Err(Refusal::MethodNotAllowed("GET, HEAD")),
    }
}

/// What a request that was refused is for, as far as it says so.
fn wanted(head: &Parts) -> (Verb, Option<SlotName>) {
    let Ok(resource) = Resource::parse(head.uri.path(), head.uri.query()) else {
        return (Verb::None, None);
    };
    let verb = match (&head.method, &resource) {
        (&Method::GET | &Method::HEAD, Resource::Slot(_) | Resource::ReadOnlySlot(_)) => Verb::Read,
        (&Method::GET | &Method::HEAD, Resource::Health(_)) => Verb::Health,
        (&Method::GET | &Method::HEAD, _) => Verb::List,
        (&Method::PUT, _) => Verb::Load,
        (&Method::DELETE, _) => Verb::Unload,
        _ => Verb::None,
    };
    let slot = match resource {
        Resource::Slot(slot) | Resource::ReadOnlySlot(slot) | Resource::Health(slot) => Some(slot),
        Resource::DefaultProfile => Some(SlotName::Default),
        Resource::NamedSlots | Resource::Status => None,
    };
    (verb, slot)
}

fn ok(value: &impl serde::Serialize) -> Response<Bytes> {
    wire::json(StatusCode::OK, wire::to_json(value))
}

/// 200, never 201 or 204: the reference client takes nothing else.
fn done() -> Response<Bytes> {
    wire::json(StatusCode::OK, wire::message(StatusCode::OK, "OK"))
}

#[cfg(test)]
mod tests;
