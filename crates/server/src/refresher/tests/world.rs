//! Two instances with the simulation's model of AWS, the real slots and the real refresher.

use credentials::{AccountId, Chain, Expiration, Profile, ProfileName, RoleName, Source, whole};
use tokio::sync::mpsc::Receiver;

use super::super::simulation::model::{Model, Site, credentials_of, seconds};
use super::super::*;
use crate::gate::{ReadableSlot, Writer};
use crate::refusal::Refusal;
use crate::wire::{Replace, State, Upload};

pub(super) struct World {
    pub(super) model: Arc<Model>,
    pub(super) slots: Arc<Slots>,
    pub(super) events: Receiver<Event>,
    pub(super) writer: Writer,
    _refresher: tokio::task::JoinHandle<()>,
}

impl World {
    /// Two instances, `corp` and `other`, both signed in for eight hours, and no slots.
    pub(super) fn new() -> Self {
        let upstreams = ["corp", "other"].map(corp_or_other);
        let model = Model::new(7, &upstreams);
        let slots = Arc::new(Slots::new(true, 7));
        let (sender, events) = mpsc::channel(10_000);
        let provider = Arc::new(Arc::clone(&model));
        let refresher = Refresher::new(Arc::clone(&slots), provider, model.clock.clone(), sender);
        let refresher = tokio::spawn(refresher.run());
        let world =
            Self { model, slots, events, writer: Writer::for_test(), _refresher: refresher };
        for name in ["corp", "other"] {
            let now = world.model.clock.truth();
            world.site(name, |site| site.sign_in(now, 8 * 3600));
        }
        world
    }

    pub(super) fn site(&self, name: &str, change: impl FnOnce(&mut Site)) {
        change(self.model.state().sites.of(&corp_or_other(name)));
    }

    pub(super) fn now(&self) -> Now {
        Now::by(&*self.model.clock)
    }

    /// Loads a slot with credentials that live for `life` seconds, or without any if `life` is 0.
    pub(super) fn load(&self, slot: &str, instance: &str, life: i64) {
        let name = ProfileName::parse(slot).unwrap();
        let source = source(slot, instance);
        let upload = match life {
            0 => Upload::Source(name.clone(), source),
            _ => {
                let expiration = Expiration::new(self.now().wall + seconds(life)).unwrap();
                Upload::Credentials(Profile {
                    name: name.clone(),
                    principal: source.principal(),
                    credentials: credentials_of(&source, expiration),
                    source: Some(source),
                })
            }
        };
        self.slots
            .load(&self.writer, SlotName::Named(name), upload, Replace::Anything, self.now())
            .unwrap();
    }

    pub(super) fn read(&self, slot: &str) -> Result<String, Refusal> {
        let answer =
            self.slots.credentials(ReadableSlot::for_test(&named(slot)), None, self.now())?.answer;
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        Ok(answer["AccessKeyId"].as_str().unwrap().to_owned())
    }

    pub(super) fn state(&self, slot: &str) -> State {
        self.slots.profile(ReadableSlot::for_test(&named(slot)), self.now()).unwrap().state
    }

    pub(super) fn reason(&self, slot: &str) -> Option<String> {
        self.slots.profile(ReadableSlot::for_test(&named(slot)), self.now()).unwrap().reason
    }

    /// The minutes left of the slot's SSO session.
    pub(super) fn session_minutes(&self, slot: &str) -> Option<i64> {
        let now = self.now();
        let profile = self.slots.profile(ReadableSlot::for_test(&named(slot)), now).unwrap();
        profile.session_ends.map(|ends| (ends - now.wall.as_second()) / 60)
    }

    /// The shortest time left of all slots that serve, in seconds, and the number of these slots.
    pub(super) fn left(&self) -> (i64, usize) {
        let now = self.now();
        let all = self.slots.named(self.writer.reader(), now);
        let left = all.iter().map(|slot| slot.expiration - now.wall.as_second());
        let served = left.filter(|left| *left > 0);
        served.fold((i64::MAX, 0), |(least, count), left| (least.min(left), count + 1))
    }

    pub(super) fn fetches(&self) -> u64 {
        self.model.state().fetches
    }

    /// The events since the last call.
    pub(super) fn events(&mut self) -> Vec<(EventKind, String)> {
        std::iter::from_fn(|| self.events.try_recv().ok())
            .map(|event| (event.kind, whole(&event.message, event.hint.as_deref())))
            .collect()
    }

    pub(super) fn kinds(&mut self) -> Vec<EventKind> {
        self.events().into_iter().map(|(kind, _)| kind).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let violations = self.model.state().violations.clone();
        assert!(violations.is_empty() || std::thread::panicking(), "{violations:?}");
    }
}

fn corp_or_other(name: &str) -> Upstream {
    Upstream::Instance(fakes::instance(name))
}

pub(super) fn named(slot: &str) -> SlotName {
    SlotName::Named(ProfileName::parse(slot).unwrap())
}

pub(super) fn source(slot: &str, instance: &str) -> Source {
    Source::Role {
        instance: fakes::instance(instance),
        chain: Chain {
            account_id: AccountId::parse("1").unwrap(),
            role_name: RoleName::parse(slot).unwrap(),
            links: Vec::new(),
        },
    }
}
