//! From a request's head to what is done about it: the gate, the table of routes, and the answers.
//!
//! Nothing here waits. A request with a body to read comes back as [`Decision::ReadBody`].

use std::sync::Arc;

use bytes::Bytes;
use credentials::{Clock, SlotName};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};

use crate::gate::{Caller, Gate, Peer, ReadableSlot, Writer};
use crate::path::Resource;
use crate::refusal::Refusal;
use crate::slot_list::Saved;
use crate::slots::{Now, Slots};
use crate::wire::{self, Health, HealthDetail};

/// Decides about requests.
pub(crate) struct Router {
    gate: Gate,
    slots: Arc<Slots>,
    clock: Arc<dyn Clock>,
    /// `None`: nothing outlives the server.
    saved: Option<Saved>,
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
}

/// What a request asks for.
enum Action {
    Credentials(SlotName),
    DefaultProfile,
    NamedProfiles,
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
    ) -> Self {
        Self { gate, slots, clock, saved }
    }

    /// Decides by the head alone.
    pub(crate) fn decide(&self, head: &Parts, peer: Peer) -> Decision {
        self.try_decide(head, peer)
            .unwrap_or_else(|refusal| Decision::Answer(refusal.into_response()))
    }

    /// Carries out a load, now that its body is there.
    pub(crate) fn load(&self, load: Load, body: &[u8]) -> Response<Bytes> {
        self.try_load(load, body).unwrap_or_else(Refusal::into_response)
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

    fn try_decide(&self, head: &Parts, peer: Peer) -> Result<Decision, Refusal> {
        let now = self.now();
        let caller = self.gate.check(head, peer, now.wall)?;
        let resource = Resource::parse(head.uri.path(), head.uri.query());
        if let Ok(Resource::Health(slot)) = &resource {
            return self.health(slot, &head.method, &caller, now).map(Decision::Answer);
        }
        let reader = caller.reader()?;
        Ok(Decision::Answer(match action(&head.method, resource?)? {
            Action::Credentials(slot) => {
                wire::json(StatusCode::OK, self.slots.credentials(reader.slot(&slot)?, now)?)
            }
            Action::DefaultProfile => {
                ok(&self.slots.profile(reader.slot(&SlotName::Default)?, now)?)
            }
            Action::NamedProfiles => ok(&self.slots.named(reader, now)),
            Action::Load(slot) => {
                let writer = caller.into_writer()?;
                return Ok(Decision::ReadBody(Load { writer, slot }));
            }
            Action::Unload(slot) => {
                self.slots.unload(&caller.into_writer()?, &slot)?;
                return Ok(Decision::AnswerWhenSaved(done()));
            }
            Action::UnloadNamed => {
                self.slots.unload_named(&caller.into_writer()?);
                return Ok(Decision::AnswerWhenSaved(done()));
            }
        }))
    }

    fn try_load(&self, load: Load, body: &[u8]) -> Result<Response<Bytes>, Refusal> {
        let now = self.now();
        let upload = wire::read_upload(body, now.wall)?;
        if matches!(&load.slot, SlotName::Named(name) if name != upload.name()) {
            return Err(Refusal::NamesDiffer);
        }
        let refreshes = self.slots.load(&load.writer, load.slot, upload, now)?;
        Ok(wire::json(StatusCode::OK, wire::loaded(refreshes)))
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
        Resource::NamedSlots if delete => Ok(Action::UnloadNamed),
        Resource::NamedSlots => Err(Refusal::MethodNotAllowed("GET, HEAD, DELETE")),
        _ => Err(Refusal::MethodNotAllowed("GET, HEAD")),
    }
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
