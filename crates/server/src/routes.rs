//! The routes: from a request's head through the gate to an action and an answer.
//!
//! Nothing here waits. A request whose body must be read becomes a [`Decision::ReadBody`].

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use credentials::{Clock, Failure, SlotName};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use tokio::time::timeout;

use crate::audit::{Audit, Record, Requester, Role};
use crate::gate::{Caller, Gate, Loader, Peer, ReadableSlot};
use crate::peer::Socket;
use crate::readers::Readers;
use crate::refusal::Refusal;
use crate::request::{Action, Request, Verb};
use crate::slot_list::Saved;
use crate::slots::{Loaded, Now, Served, Slots};
use crate::status::About;
use crate::wire::{self, Health, HealthDetail};

/// Decides about each request.
pub(crate) struct Router {
    gate: Gate,
    slots: Arc<Slots>,
    clock: Arc<dyn Clock>,
    /// `None`: no slot list is kept.
    saved: Option<Saved>,
    audit: Option<Audit>,
    about: About,
    readers: Readers,
}

/// The decision about a request's head.
pub(crate) enum Decision {
    /// Answer at once.
    Answer(Response<Bytes>),
    /// Answer after the change is saved.
    AnswerWhenSaved(Response<Bytes>),
    /// Read the body for this load.
    ReadBody(Load),
}

/// What a request says about its requester.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// May read or write some slots.
    Permitted,
    /// Asks whether this is the right server, before it shows what it may do.
    Asking,
    /// May do nothing.
    NotPermitted,
}

/// A load that the gate has allowed, and that waits for its body.
pub(crate) struct Load {
    loader: Loader,
    slot: SlotName,
    requester: Requester,
}

/// The outcome of a request that the gate has allowed.
enum Outcome {
    /// It is done. The role is the one that was served or unloaded.
    Done(Decision, Option<Arc<Role>>),
    /// It is done, and the audit log has no line for it.
    DoneUnlogged(Response<Bytes>),
    /// The body is needed to load this slot.
    Load(Loader, SlotName),
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

    /// Decides from the head. Also returns what that says about the requester.
    pub(crate) fn decide(&self, head: &Parts, peer: Peer) -> (Decision, Standing) {
        let now = self.now();
        let request = Request::parse(head);
        let caller = self.gate.check(head, peer, now.wall);
        let token = caller.as_ref().ok().and_then(|caller| caller.token);
        let requester = Requester { token, socket: peer.socket };
        let standing = match &caller {
            Ok(caller) if caller.may_do_something() => Standing::Permitted,
            Ok(_) if matches!(request.action, Action::Prove(..)) => Standing::Asking,
            Ok(_) | Err(_) => Standing::NotPermitted,
        };
        let outcome = caller.and_then(|caller| self.carry_out(&request, caller, peer.socket, now));
        let decision = match outcome {
            Ok(Outcome::Done(decision, role)) => {
                self.note(request.verb, request.into_slot(), Ok(role), requester, now);
                decision
            }
            Ok(Outcome::DoneUnlogged(response)) => Decision::Answer(response),
            Ok(Outcome::Load(loader, slot)) => Decision::ReadBody(Load { loader, slot, requester }),
            Err(refusal) => {
                if self.audit.is_some() {
                    let outcome = Err(refusal.clone());
                    self.note(request.verb, request.into_slot(), outcome, requester, now);
                }
                Decision::Answer(refusal.into_response(peer.port))
            }
        };
        (decision, standing)
    }

    /// Executes a load with its body, or with the reason why there is none.
    pub(crate) fn load(&self, load: Load, body: Result<&[u8], Refusal>) -> Result<Loaded, Refusal> {
        let now = self.now();
        let Load { loader, slot, requester } = load;
        let outcome = body.and_then(|body| self.try_load(&loader, &slot, body, now));
        let role = outcome.as_ref().map(|loaded| Some(Arc::clone(&loaded.role)));
        self.note(Verb::Load, Some(slot), role.map_err(Refusal::clone), requester, now);
        outcome
    }

    /// The answer to a load, which says whether the slot can be refreshed. It waits for the first check of the instance.
    pub(crate) async fn loaded(&self, loaded: Loaded) -> Response<Bytes> {
        let obstacle = match &loaded.instance {
            Some(instance) => timeout(CHECK_TIMEOUT, self.slots.obstacle(instance)).await.ok(),
            None => None,
        };
        loaded_answer(&loaded, obstacle.flatten().as_deref())
    }

    /// Records a connection that was refused before its request was read.
    pub(crate) fn refused(&self, peer: Peer, refusal: Refusal) {
        let requester = Requester { token: None, socket: peer.socket };
        self.note(Verb::None, None, Err(refusal), requester, self.now());
    }

    /// Waits until all changes are saved.
    pub(crate) async fn saved(&self) {
        if let Some(saved) = &self.saved {
            saved.clone().wait().await;
        }
    }

    /// The port that it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.about.addresses.first().map_or(0, SocketAddr::port)
    }

    fn now(&self) -> Now {
        Now::by(&*self.clock)
    }

    /// Executes an action that needs no body.
    fn carry_out(
        &self,
        request: &Request,
        caller: Caller,
        socket: Option<Socket>,
        now: Now,
    ) -> Result<Outcome, Refusal> {
        let reader = caller.reader();
        Ok(match &request.action {
            Action::Read(slot) => {
                let served = self.slots.credentials(reader?.slot(slot)?, socket, now)?;
                let Served { answer, role, new_reader } = served;
                if let Some(new_reader) = new_reader {
                    self.readers.find_reader(slot.clone(), new_reader);
                }
                let response = wire::json(StatusCode::OK, answer);
                Outcome::Done(Decision::Answer(response), Some(role))
            }
            Action::Profile(slot) => {
                let profile = self.slots.profile(reader?.slot(slot)?, now)?;
                Outcome::Done(Decision::Answer(ok(&profile)), None)
            }
            Action::NamedProfiles => {
                let profiles = self.slots.named(reader?, now);
                Outcome::Done(Decision::Answer(ok(&profiles)), None)
            }
            // Not recorded: programs that poll it would fill the log, and it serves no credentials.
            Action::Status => {
                let statuses = self.slots.statuses(&caller.into_writer()?, now);
                Outcome::DoneUnlogged(ok(&self.about.status(statuses, now)))
            }
            // Anyone may ask for the default slot, which is always there. Only a reader of the slot gets the details.
            Action::Health(slot) => {
                let readable = match slot {
                    SlotName::Default => reader.and_then(|reader| reader.slot(slot)).ok(),
                    SlotName::Named(_) => Some(reader?.slot(slot)?),
                };
                Outcome::DoneUnlogged(self.health(slot, readable, now))
            }
            // Anyone may ask: a client that asks does not know yet whether it may send its token.
            Action::Prove(question, host) => {
                let proof = self.gate.tokens.as_ref().and_then(|it| it.prove(question, host));
                Outcome::DoneUnlogged(ok(&proof.ok_or(Refusal::NoSuchPath)?))
            }
            Action::Load(slot) => Outcome::Load(caller.into_loader(slot)?, slot.clone()),
            Action::Unload(slot) => {
                let role = self.slots.unload(&caller.into_writer()?, slot)?;
                Outcome::Done(Decision::AnswerWhenSaved(done()), Some(role))
            }
            Action::UnloadNamed => {
                self.slots.unload_named(&caller.into_writer()?);
                Outcome::Done(Decision::AnswerWhenSaved(done()), None)
            }
            Action::Refuse(refusal, _) => {
                // A requester without any permission must not learn which paths exist.
                if request.verb != Verb::Health {
                    reader?;
                }
                return Err(refusal.clone());
            }
        })
    }

    fn try_load(
        &self,
        loader: &Loader,
        slot: &SlotName,
        body: &[u8],
        now: Now,
    ) -> Result<Loaded, Refusal> {
        let (upload, replace) = wire::read_upload(body, now.wall)?;
        if matches!(slot, SlotName::Named(name) if name != upload.name()) {
            return Err(Refusal::NamesDiffer);
        }
        let writer = loader.writer_for(&upload)?;
        self.slots.load(writer, slot.clone(), upload, replace, now)
    }

    /// Records a decision in the audit log, if there is one.
    fn note(
        &self,
        verb: Verb,
        slot: Option<SlotName>,
        outcome: Result<Option<Arc<Role>>, Refusal>,
        requester: Requester,
        now: Now,
    ) {
        if let Some(audit) = &self.audit {
            audit.note(Record { at: now.wall, verb, slot, outcome, requester });
        }
    }

    fn health(
        &self,
        slot: &SlotName,
        readable: Option<ReadableSlot<'_>>,
        now: Now,
    ) -> Response<Bytes> {
        let verdict = self.slots.health(slot, now);
        let (code, status) = match verdict {
            Ok(()) => (StatusCode::OK, "ok"),
            Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        };
        let detail = readable.map(|slot| self.detail(slot, verdict));
        wire::json(code, wire::to_json(&Health { status, detail }))
    }

    fn detail(&self, slot: ReadableSlot<'_>, verdict: Result<(), Refusal>) -> HealthDetail {
        let (profile, expiration) = self.slots.loaded(slot).unzip();
        HealthDetail {
            profile: profile.map(|name| name.as_str().to_owned()),
            expires: expiration.flatten().map(|at| at.to_string()),
            reason: verdict.err().map(|refusal| refusal.text().message.into_owned()),
        }
    }
}

/// Opening a store with a passphrase takes half a second.
const CHECK_TIMEOUT: Duration = Duration::from_millis(1500);

fn loaded_answer(loaded: &Loaded, obstacle: Option<&Failure>) -> Response<Bytes> {
    let Loaded { refreshes, replaced, .. } = loaded;
    wire::json(StatusCode::OK, wire::loaded(*refreshes, obstacle, replaced.as_ref()))
}

fn ok(value: &impl serde::Serialize) -> Response<Bytes> {
    wire::json(StatusCode::OK, wire::to_json(value))
}

/// Always 200, never 201 or 204, because the reference client accepts nothing else.
fn done() -> Response<Bytes> {
    wire::json(StatusCode::OK, wire::unloaded())
}

#[cfg(test)]
mod tests;
