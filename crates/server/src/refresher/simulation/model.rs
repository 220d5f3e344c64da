//! The model of AWS and of the configuration.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use credentials::{
    AccessKeyId, Clock, Credentials, Expiration, Failure, Fetched, InstanceId, Problem, Secret,
    Source, Timestamp, Upstream,
};
use fastrand::Rng;
use jiff::SignedDuration;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::provider::{Later, Provider, Session};

/// AWS gives 20 calls a second.
const QUOTA: f64 = 20.0;
const CALL_INTERVAL: Duration = Duration::from_millis(51);
const ACCESS_TOKEN_LIFE: i64 = 3600;
/// An access token with fewer seconds left is renewed.
const REFRESH_BEFORE: i64 = 20 * 60;

pub(in crate::refresher) fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

/// The true time and the machine's clock.
pub(in crate::refresher) struct SimulatedClock {
    start: Instant,
    /// The machine's clock minus the true time, in seconds.
    pub(in crate::refresher) offset: Mutex<i64>,
}

impl SimulatedClock {
    pub(in crate::refresher) fn new() -> Self {
        Self { start: Instant::now(), offset: Mutex::new(0) }
    }

    pub(in crate::refresher) fn truth(&self) -> Timestamp {
        Timestamp::from_second(1_795_382_191).unwrap() + self.start.elapsed()
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        self.truth() + seconds(*self.offset.lock().unwrap())
    }
}

/// One instance.
pub(in crate::refresher) struct Site {
    /// When the SSO session ends. In the past: nobody is signed in.
    pub(in crate::refresher) session_ends: Timestamp,
    token_ends: Timestamp,
    pub(in crate::refresher) reachable: Reachable,
    /// The percentage of calls that fail at random.
    pub(in crate::refresher) faults: u32,
    pub(in crate::refresher) is_configured: bool,
    /// In seconds.
    pub(in crate::refresher) credentials_life: u64,
    /// Minimum and maximum, in milliseconds.
    pub(in crate::refresher) latency: Range<u64>,
    calls_left: f64,
    calls_at: Timestamp,
    /// The next call of the provider, which respects AWS's rate limit.
    next_turn: Instant,
    /// The number of sign-ins, and the number when the last call failed for lack of one.
    sign_ins: watch::Sender<u64>,
    seen: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::refresher) enum Reachable {
    Yes,
    Refused,
    /// Calls get no answer.
    BlackHole,
}

pub(in crate::refresher) struct Model {
    pub(in crate::refresher) clock: Arc<SimulatedClock>,
    state: Mutex<State>,
}

pub(in crate::refresher) struct State {
    pub(in crate::refresher) sites: Sites,
    rng: Rng,
    /// The running fetches by slot, and the running checks of sessions.
    fetching: HashSet<String>,
    looking: HashSet<InstanceId>,
    /// Sources that fail while others of their site work.
    pub(in crate::refresher) failing: HashSet<String>,
    /// Roles that were taken away, by the source's text.
    pub(in crate::refresher) denied: HashSet<String>,
    /// The true expiration of credentials, by access key id and by the expiration that they state.
    pub(in crate::refresher) lives_until: HashMap<(String, String), Timestamp>,
    pub(in crate::refresher) fetches: u64,
    pub(in crate::refresher) failures: u64,
    pub(in crate::refresher) given_up: u64,
    /// Violations of what must always hold.
    pub(in crate::refresher) violations: Vec<String>,
}

/// The order is fixed, so that a seed gives one day.
pub(in crate::refresher) struct Sites(Vec<(Upstream, Site)>);

impl Sites {
    pub(in crate::refresher) fn of(&mut self, upstream: &Upstream) -> &mut Site {
        self.all().find_map(|(name, site)| (name == upstream).then_some(site)).unwrap()
    }

    pub(in crate::refresher) fn all(&mut self) -> impl Iterator<Item = (&Upstream, &mut Site)> {
        self.0.iter_mut().map(|(name, site)| (&*name, site))
    }
}

impl Site {
    fn new(now: Timestamp) -> Self {
        Self {
            session_ends: now,
            token_ends: now,
            reachable: Reachable::Yes,
            faults: 0,
            is_configured: true,
            credentials_life: 3600,
            latency: 10..3_000,
            calls_left: 5.0,
            calls_at: now,
            next_turn: Instant::now(),
            sign_ins: watch::Sender::new(0),
            seen: 0,
        }
    }

    pub(in crate::refresher) fn sign_in(&mut self, now: Timestamp, life: i64) {
        self.session_ends = now + seconds(life);
        self.token_ends = now;
        self.sign_ins.send_modify(|sign_ins| *sign_ins += 1);
    }

    fn takes_a_call(&mut self, now: Timestamp) -> bool {
        let passed = now.duration_since(self.calls_at).as_secs_f64();
        self.calls_at = now;
        self.calls_left = (self.calls_left + passed * QUOTA).min(QUOTA / 4.0);
        let taken = self.calls_left >= 1.0;
        self.calls_left -= f64::from(u8::from(taken));
        taken
    }

    /// Whether there is a valid access token. Renews it if needed, while the session lasts.
    fn token(&mut self, now: Timestamp) -> bool {
        if self.session_ends <= now {
            self.seen = *self.sign_ins.borrow();
            return false;
        }
        if self.token_ends.as_second() - now.as_second() < REFRESH_BEFORE {
            let next = now + seconds(ACCESS_TOKEN_LIFE);
            self.token_ends = next.min(self.session_ends);
        }
        true
    }
}

impl State {
    /// Notes the true expiration of new credentials.
    pub(in crate::refresher) fn issue(&mut self, credentials: &Credentials, truth: Timestamp) {
        let name = credentials.access_key_id.as_str().to_owned();
        self.lives_until.insert((name, credentials.expiration.to_string()), truth);
    }
}

impl Model {
    pub(in crate::refresher) fn new(seed: u64, upstreams: &[Upstream]) -> Arc<Self> {
        let clock = Arc::new(SimulatedClock::new());
        let now = clock.truth();
        let sites = Sites(upstreams.iter().map(|name| (name.clone(), Site::new(now))).collect());
        let state = State {
            sites,
            rng: Rng::with_seed(seed ^ 0xA5),
            fetching: HashSet::new(),
            looking: HashSet::new(),
            failing: HashSet::new(),
            denied: HashSet::new(),
            lives_until: HashMap::new(),
            fetches: 0,
            failures: 0,
            given_up: 0,
            violations: Vec::new(),
        };
        Arc::new(Self { clock, state: Mutex::new(state) })
    }

    pub(in crate::refresher) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// AWS's answer to a call for credentials.
    fn answer(&self, source: &Source) -> Result<Fetched, Failure> {
        let now = self.clock.truth();
        let mut state = self.state();
        let is_denied = state.denied.contains(&source.to_string());
        let chance = state.rng.u32(..100);
        let is_fault = state.rng.bool();
        let is_failing = state.failing.contains(&source.to_string());
        let site = state.sites.of(&Upstream::of(source));
        let failure = |problem, text: &str| Err(Failure::new(problem, text));
        if !site.is_configured {
            return failure(Problem::Invalid, "it is not configured");
        }
        if site.reachable == Reachable::Refused {
            return failure(Problem::Unavailable, "connection refused");
        }
        if !site.token(now) {
            return Err(signed_out());
        }
        if !site.takes_a_call(now) {
            return failure(Problem::Throttled, "too many requests");
        }
        if is_failing {
            return failure(Problem::Unavailable, "its own trouble");
        }
        if chance < site.faults {
            let problem = if is_fault { Problem::Unavailable } else { Problem::Throttled };
            return failure(problem, "by a fault");
        }
        if is_denied {
            return failure(Problem::Denied, "no such role");
        }
        let expiration = now + Duration::from_secs(site.credentials_life);
        // As in the provider: an expiration by our own clock, which may be behind AWS's.
        let behind = (-*self.clock.offset.lock().unwrap()).max(0);
        let expiration = expiration - seconds(if behind > 60 { behind } else { 0 });
        let credentials = credentials_of(source, Expiration::new(expiration).unwrap());
        let truth = now + Duration::from_secs(site.credentials_life);
        state.issue(&credentials, truth);
        Ok(Fetched { principal: source.principal(), credentials })
    }

    async fn fetch_from(self: Arc<Self>, source: Source) -> Result<Fetched, Failure> {
        let guard = Guard::enter(&self, &source);
        let (turn, latency) = {
            let mut state = self.state();
            let chance = state.rng.f64();
            let site = state.sites.of(&Upstream::of(&source));
            let turn = site.next_turn.max(Instant::now());
            site.next_turn = turn + CALL_INTERVAL;
            let Range { start, end } = site.latency;
            (turn, start + ((end - start) as f64 * chance) as u64)
        };
        tokio::time::sleep_until(turn + Duration::from_millis(latency)).await;
        let reachable = self.state().sites.of(&Upstream::of(&source)).reachable;
        if reachable == Reachable::BlackHole {
            std::future::pending::<()>().await;
        }
        let outcome = self.answer(&source);
        self.state().failures += u64::from(outcome.is_err());
        guard.end();
        outcome
    }

    async fn look_at(self: Arc<Self>, instance: InstanceId) -> Result<Session, Failure> {
        if !self.state().looking.insert(instance.clone()) {
            self.state().violations.push(format!("two looks at the session of {}", instance.name));
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let (truth, now) = (self.clock.truth(), self.clock.now());
        let mut state = self.state();
        state.looking.remove(&instance);
        let site = state.sites.of(&Upstream::Instance(instance));
        if !site.token(truth) {
            return Err(signed_out());
        }
        let left = site.token_ends.as_second() - truth.as_second();
        let is_last = site.token_ends == site.session_ends;
        Ok(Session {
            ends: is_last.then(|| now + seconds(left)),
            look_again: now + seconds((left - REFRESH_BEFORE).clamp(60, 1_800)),
        })
    }
}

fn signed_out() -> Failure {
    Failure::new(Problem::SignInNeeded, "nobody is signed in").with_hint("Sign in: aws-sso login")
}

impl Provider for Arc<Model> {
    fn fetch(&self, source: &Source) -> Later<Result<Fetched, Failure>> {
        Box::pin(Arc::clone(self).fetch_from(source.clone()))
    }

    fn session(&self, instance: &InstanceId) -> Later<Result<Session, Failure>> {
        Box::pin(Arc::clone(self).look_at(instance.clone()))
    }

    fn signed_in(&self, upstream: &Upstream) -> Later<()> {
        let mut state = self.state();
        let site = state.sites.of(upstream);
        let (mut sign_ins, seen) = (site.sign_ins.subscribe(), site.seen);
        Box::pin(async move {
            sign_ins.wait_for(|sign_ins| *sign_ins != seen).await.ok();
        })
    }
}

/// One running fetch of a slot, until it ends or is aborted.
struct Guard {
    model: Arc<Model>,
    slot: String,
    has_ended: bool,
}

impl Guard {
    fn enter(model: &Arc<Model>, source: &Source) -> Self {
        let slot = slot_of(source);
        let mut state = model.state();
        state.fetches += 1;
        if !state.fetching.insert(slot.clone()) {
            state.violations.push(format!("two fetches at once for {slot}"));
        }
        drop(state);
        Self { model: Arc::clone(model), slot, has_ended: false }
    }

    fn end(mut self) {
        self.has_ended = true;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut state = self.model.state();
        state.fetching.remove(&self.slot);
        state.given_up += u64::from(!self.has_ended);
    }
}

/// The name of a simulated role, made of the slot and the load: `s3_17`.
fn role_name(source: &Source) -> &str {
    let Source::Role { chain, .. } = source else { panic!("only roles are simulated") };
    chain.role_name.as_str()
}

fn slot_of(source: &Source) -> String {
    role_name(source).split('_').next().unwrap().to_owned()
}

/// Credentials that name their slot and load.
pub(in crate::refresher) fn credentials_of(source: &Source, expiration: Expiration) -> Credentials {
    Credentials {
        access_key_id: AccessKeyId::parse(role_name(source)).unwrap(),
        secret_access_key: Secret::parse("CANARY".to_owned()).unwrap(),
        session_token: Secret::parse("CANARY".to_owned()).unwrap(),
        expiration,
    }
}
