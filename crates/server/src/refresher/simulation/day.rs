//! One simulated day: random events by people, AWS and the clock, what readers see meanwhile, and the final recovery.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use credentials::{
    AccountId, Chain, Expiration, InstanceId, Profile, ProfileName, RoleName, SlotName, Source,
    Timestamp, Upstream,
};
use fastrand::Rng;
use tokio::sync::mpsc;

use super::model::{Model, Reachable, credentials_of, seconds};
use crate::gate::{ReadableSlot, Writer};
use crate::refresher::Refresher;
use crate::slots::{Now, Slots};
use crate::wire::{Replace, Upload};

const INSTANCES: [&str; 2] = ["corp", "other"];
const SLOTS: usize = 7;
const HOURS: u64 = 24;
/// Maximum time until every slot serves after all faults are fixed: the delay of a retry, the timeout of a fetch that
/// hangs, and a check of the clock.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(200);

/// A clock with a smaller error counts as correct, in seconds.
const TOLERANCE: i64 = 61;

/// Counts of the events.
#[derive(Debug, Default)]
pub(super) struct Sum {
    pub(super) reads_served: u64,
    pub(super) reads_refused: u64,
    pub(super) fetches: u64,
    pub(super) failures: u64,
    pub(super) given_up: u64,
    pub(super) sign_ins: u64,
    pub(super) clock_steps: u64,
    pub(super) loads: u64,
    pub(super) events: u64,
}

impl Sum {
    pub(super) fn add(&mut self, other: &Self) {
        self.reads_served += other.reads_served;
        self.reads_refused += other.reads_refused;
        self.fetches += other.fetches;
        self.failures += other.failures;
        self.given_up += other.given_up;
        self.sign_ins += other.sign_ins;
        self.clock_steps += other.clock_steps;
        self.loads += other.loads;
        self.events += other.events;
    }
}

pub(super) fn simulate(seed: u64) -> Sum {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(Day::new(seed).live())
}

struct Day {
    seed: u64,
    rng: Rng,
    model: Arc<Model>,
    slots: Arc<Slots>,
    writer: Writer,
    /// What was last loaded into each slot, and its expiration in true time if it cannot be refreshed.
    loaded: HashMap<SlotName, Loaded>,
    sum: Sum,
}

struct Loaded {
    access_key_id: String,
    has_source: bool,
}

impl Day {
    fn new(seed: u64) -> Self {
        let upstreams = INSTANCES.map(|name| Upstream::Instance(instance(name)));
        Self {
            seed,
            rng: Rng::with_seed(seed),
            model: Model::new(seed, &upstreams),
            slots: Arc::new(Slots::new(true, seed)),
            writer: Writer::for_test(),
            loaded: HashMap::new(),
            sum: Sum::default(),
        }
    }

    async fn live(mut self) -> Sum {
        let (sender, mut events) = mpsc::channel(10_000);
        let provider = Arc::new(Arc::clone(&self.model));
        let mut refresher =
            Refresher::new(Arc::clone(&self.slots), provider, self.model.clock.clone(), sender);
        // Reads in every second would take most of the time, so only some days have them.
        if !self.seed.is_multiple_of(100) {
            refresher.clock_check_interval = Duration::from_secs(60);
        }
        let refresher = tokio::spawn(refresher.run());
        let end = tokio::time::Instant::now() + Duration::from_secs(HOURS * 3600);
        while tokio::time::Instant::now() < end {
            self.act();
            self.fix_faults();
            let pause = match self.rng.u32(..4) {
                0 => self.rng.u64(1..2_000),
                1 => self.rng.u64(1..120_000),
                _ => self.rng.u64(1..1_500_000),
            };
            tokio::time::sleep(Duration::from_millis(pause)).await;
            self.read_all();
        }
        self.all_is_well_again().await;
        assert!(!refresher.is_finished(), "seed {}: the refresher has ended", self.seed);
        refresher.abort();
        let state = self.model.state();
        assert!(state.violations.is_empty(), "seed {}: {:?}", self.seed, state.violations);
        self.sum.fetches = state.fetches;
        self.sum.failures = state.failures;
        self.sum.given_up = state.given_up;
        while events.try_recv().is_ok() {
            self.sum.events += 1;
        }
        drop(state);
        self.sum
    }

    /// Makes one random event happen.
    fn act(&mut self) {
        let upstream = Upstream::Instance(self.some_instance());
        let truth = self.model.clock.truth();
        match self.rng.u32(..100) {
            0..30 => self.load(),
            30..36 => self.unload(),
            36..50 => {
                let life = self.rng.i64(600..8 * 3600);
                self.model.state().sites.of(&upstream).sign_in(truth, life);
                self.sum.sign_ins += 1;
            }
            50..54 => {
                self.model.state().sites.of(&upstream).session_ends = truth;
            }
            54..64 => {
                let reachable = [Reachable::Yes, Reachable::Refused, Reachable::BlackHole];
                let reachable = reachable[self.rng.usize(..3)];
                self.model.state().sites.of(&upstream).reachable = reachable;
            }
            64..72 => {
                let faults = [0, 0, 5, 50, 100][self.rng.usize(..5)];
                self.model.state().sites.of(&upstream).faults = faults;
            }
            72..76 => {
                let is_configured = self.rng.bool();
                self.model.state().sites.of(&upstream).is_configured = is_configured;
            }
            76..82 => {
                let life = [3600, 3600, 1860, 900, 12 * 3600][self.rng.usize(..5)];
                self.model.state().sites.of(&upstream).credentials_life = life;
            }
            82..84 => self.take_a_role_away(),
            84..90 => {
                let steps = [40, -40, 300, -300, 3600, -3600, 7 * 3600];
                *self.model.clock.offset.lock().unwrap() = steps[self.rng.usize(..steps.len())];
                self.sum.clock_steps += 1;
            }
            _ => {}
        }
    }

    /// Fixes faults after some time.
    fn fix_faults(&mut self) {
        let truth = self.model.clock.truth();
        let mut state = self.model.state();
        for (_, site) in state.sites.all() {
            if self.rng.u32(..2) == 0 {
                (site.reachable, site.faults, site.is_configured) = (Reachable::Yes, 0, true);
            }
            if site.session_ends <= truth && self.rng.u32(..3) > 0 {
                site.sign_in(truth, self.rng.i64(600..12 * 3600));
                self.sum.sign_ins += 1;
            }
        }
        if self.rng.u32(..3) == 0 {
            *self.model.clock.offset.lock().unwrap() = 0;
        }
    }

    fn load(&mut self) {
        self.sum.loads += 1;
        let slot = some_slot(&mut self.rng);
        let access_key_id = format!("s{}_{}", number_of(&slot), self.sum.loads);
        let source = Source::Role {
            instance: self.some_instance(),
            chain: Chain {
                account_id: AccountId::parse("1").unwrap(),
                role_name: RoleName::parse(&access_key_id).unwrap(),
                links: Vec::new(),
            },
        };
        let name = match &slot {
            SlotName::Named(name) => name.clone(),
            SlotName::Default => ProfileName::parse("main").unwrap(),
        };
        let now = Now::by(&*self.model.clock);
        let has_source = self.rng.u32(..10) > 0;
        let upload = if has_source && self.rng.u32(..4) == 0 {
            Upload::Source(name, source)
        } else {
            // Loaded credentials may be old already.
            let life = seconds(self.rng.i64(60..3600));
            let expiration = Expiration::new(now.wall + life).unwrap();
            let credentials = credentials_of(&source, expiration);
            let mut state = self.model.state();
            state.issue(&credentials, self.model.clock.truth() + life);
            Upload::Credentials(Profile {
                name,
                principal: source.principal(),
                credentials,
                source: has_source.then_some(source),
            })
        };
        self.slots.load(&self.writer, slot.clone(), upload, Replace::Anything, now).unwrap();
        self.loaded.insert(slot, Loaded { access_key_id, has_source });
    }

    fn unload(&mut self) {
        if self.rng.u32(..10) == 0 {
            self.slots.unload_named(&self.writer);
            self.loaded.retain(|slot, _| *slot == SlotName::Default);
            return;
        }
        let slot = some_slot(&mut self.rng);
        let unloaded = self.slots.unload(&self.writer, &slot);
        assert_eq!(unloaded.is_ok(), self.loaded.remove(&slot).is_some());
    }

    fn take_a_role_away(&mut self) {
        let list = self.slots.list().into_iter();
        let mut sources: Vec<_> = list.map(|listed| listed.source.to_string()).collect();
        sources.sort_unstable();
        if let Some(source) = self.rng.choice(sources) {
            self.model.state().denied.insert(source);
        }
    }

    /// Checks what a reader must see at any time.
    fn read_all(&mut self) {
        for slot in all_slots() {
            let now = Now::by(&*self.model.clock);
            let served = self.slots.credentials(ReadableSlot::for_test(&slot), None, now);
            let answer = served.map(|served| served.answer);
            let loaded = self.loaded.get(&slot);
            let Ok(answer) = answer else {
                self.sum.reads_refused += 1;
                continue;
            };
            self.sum.reads_served += 1;
            let loaded = loaded.unwrap_or_else(|| self.fail("an unloaded slot is served"));
            let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
            if answer["AccessKeyId"] != loaded.access_key_id.as_str() {
                self.fail(&format!("{answer} is served after {} was loaded", loaded.access_key_id));
            }
            let expiration: Timestamp = answer["Expiration"].as_str().unwrap().parse().unwrap();
            if expiration <= now.wall {
                self.fail(&format!("{answer} is served at {}", now.wall));
            }
            let stated = answer["Expiration"].as_str().unwrap().to_owned();
            let lives_until =
                self.model.state().lives_until[&(loaded.access_key_id.clone(), stated)];
            if lives_until + seconds(TOLERANCE) <= self.model.clock.truth() {
                self.fail(&format!("{answer} is served, but expired at {lives_until}"));
            }
        }
    }

    /// Fixes every fault and signs in. Then every slot with a source must recover without help.
    async fn all_is_well_again(&mut self) {
        let truth = self.model.clock.truth();
        *self.model.clock.offset.lock().unwrap() = 0;
        {
            let mut state = self.model.state();
            for (_, site) in state.sites.all() {
                site.sign_in(truth, 8 * 3600);
                (site.reachable, site.faults) = (Reachable::Yes, 0);
                (site.is_configured, site.credentials_life) = (true, 3600);
            }
        }
        tokio::time::sleep(RECOVERY_TIMEOUT).await;
        self.read_all();
        for (slot, Loaded { has_source, .. }) in &self.loaded {
            let now = Now::by(&*self.model.clock);
            let list = self.slots.list();
            let listed = list.iter().find(|listed| listed.slot == *slot);
            assert_eq!(listed.is_some(), *has_source);
            let Some(listed) = listed else { continue };
            let is_denied = self.model.state().denied.contains(&listed.source.to_string());
            let served = self.slots.credentials(ReadableSlot::for_test(slot), None, now);
            if let Err(refusal) = served
                && !is_denied
            {
                self.fail(&format!("{slot} has not recovered: {refusal:?}"));
            }
        }
    }

    fn some_instance(&mut self) -> InstanceId {
        instance(INSTANCES[self.rng.usize(..INSTANCES.len())])
    }

    #[track_caller]
    fn fail(&self, what: &str) -> ! {
        panic!("seed {}, {}: {what}", self.seed, self.model.clock.truth())
    }
}

fn instance(name: &str) -> InstanceId {
    fakes::instance(name)
}

fn all_slots() -> impl Iterator<Item = SlotName> {
    (0..SLOTS).map(|number| match number {
        0 => SlotName::Default,
        _ => SlotName::Named(ProfileName::parse(&number.to_string()).unwrap()),
    })
}

fn some_slot(rng: &mut Rng) -> SlotName {
    all_slots().nth(rng.usize(..SLOTS)).unwrap()
}

fn number_of(slot: &SlotName) -> &str {
    match slot {
        SlotName::Default => "0",
        SlotName::Named(name) => name.as_str(),
    }
}
