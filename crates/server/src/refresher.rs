//! The refresher: one loop that refreshes slots with a source, and reports in time when a person is needed.
//!
//! It fetches for the slots that are due, the longest overdue first. The number of fetches at a time is limited for
//! each upstream, so that a slow or unreachable one does not delay the others. It knows no HTTP, and no reader waits
//! for it. The fetched credentials are put into the slot, unless the slot was loaded or unloaded meanwhile.

mod sessions;
#[cfg(test)]
mod simulation;
mod telling;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use credentials::{
    Clock, Failure, Fetched, InstanceId, Problem, SignedDuration, SlotName, Upstream,
};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{Instant, timeout};
use tracing::debug;

use crate::event::{Event, EventKind};
use crate::provider::{Provider, Session};
use crate::remedy::Remedy;
use crate::slots::{Fetch, Finished, Now, Slots};
use sessions::Sessions;

/// Maximum number of concurrent fetches from one upstream, and in total.
const MAX_FETCHES_OF_ONE: usize = 32;
const MAX_FETCHES: usize = 128;
/// A fetch that takes longer counts as failed.
const FETCH_TIMEOUT: Duration = Duration::from_secs(60);
/// Interval between checks of the clock while any slot has a source. Timers stop while the machine sleeps, and do not
/// notice when the clock is set.
const CLOCK_CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// A difference between the two clocks that counts as a step.
const CLOCK_STEP: SignedDuration = SignedDuration::from_secs(5);
/// With less time left than this, a slot's failure is reported.
const EXPIRES_SOON: SignedDuration = SignedDuration::from_mins(5);
/// An upstream without a success for this long may have been unreachable. After the next success, its slots retry.
const UNREACHABLE_AFTER: Duration = Duration::from_secs(10);

/// The loop and its state.
pub(crate) struct Refresher {
    slots: Arc<Slots>,
    provider: Arc<dyn Provider>,
    clock: Arc<dyn Clock>,
    events: mpsc::Sender<Event>,
    fetches: JoinSet<Result<Fetched, Failure>>,
    under_way: HashMap<Id, UnderWay>,
    sessions: Sessions,
    /// Tasks that wait for a sign-in.
    watches: JoinSet<Upstream>,
    upstreams: HashMap<Upstream, UpstreamState>,
    last_check: Now,
    /// Ticks when the clock must be checked.
    clock_check_interval: Duration,
}

struct UnderWay {
    fetch: Fetch,
    task: AbortHandle,
}

/// The state of an upstream.
#[derive(Default)]
struct UpstreamState {
    /// The time of the last success.
    gave_at: Option<Instant>,
    /// The task that waits for a sign-in.
    watch: Option<AbortHandle>,
    /// The events that were reported and are not over.
    reported: HashSet<EventKind>,
}

impl Refresher {
    pub(crate) fn new(
        slots: Arc<Slots>,
        provider: Arc<dyn Provider>,
        clock: Arc<dyn Clock>,
        events: mpsc::Sender<Event>,
    ) -> Self {
        let last_check = Now::by(&*clock);
        Self {
            sessions: Sessions::new(Arc::clone(&provider)),
            slots,
            provider,
            clock,
            events,
            fetches: JoinSet::new(),
            under_way: HashMap::new(),
            watches: JoinSet::new(),
            upstreams: HashMap::new(),
            last_check,
            clock_check_interval: CLOCK_CHECK_INTERVAL,
        }
    }

    /// Refreshes slots. Never returns.
    pub(crate) async fn run(mut self) {
        self.slots_changed();
        loop {
            let wake = self.begin_what_is_due();
            tokio::select! {
                // The order is fixed, so that a simulated day is the same each time.
                biased;
                Some(ended) = self.fetches.join_next_with_id() => self.ended(ended),
                Some((instance, session)) = self.sessions.checked() => self.checked(&instance, session),
                Some(Ok(upstream)) = self.watches.join_next() => self.signed_in(&upstream),
                () = self.slots.changed_since() => self.slots_changed(),
                () = self.slots.looked_at() => self.sessions.check_old(self.clock.now()),
                () = sleep(wake) => {}
            }
        }
    }

    fn now(&self) -> Now {
        Now::by(&*self.clock)
    }

    /// Begins the fetches that are due, and returns when to check again. `None`: at the next event.
    fn begin_what_is_due(&mut self) -> Option<Duration> {
        let now = self.now();
        self.notice_steps(now);
        let busy: Vec<_> = self.unwanted().map(|unwanted| unwanted.fetch.slot.clone()).collect();
        while self.under_way.len() < MAX_FETCHES
            && let Some(fetch) = self.slots.begin(now, &busy, &self.full())
        {
            self.fetch(fetch);
        }
        self.sessions.begin_due_checks(now.wall);
        for (instance, ends) in self.sessions.warnings(now.wall) {
            self.report_end(instance, ends);
        }
        let waits = [self.slots.wait(now), self.sessions.wait(now.wall)];
        // A slot that is overdue waits until another fetch ends, which wakes the loop.
        let wait = waits.into_iter().flatten().filter(|wait| !wait.is_zero()).min();
        waits.iter().any(Option::is_some).then(|| {
            wait.map_or(self.clock_check_interval, |wait| wait.min(self.clock_check_interval))
        })
    }

    /// Fetches whose slots were loaded or unloaded meanwhile. Until they have ended, their slots are busy.
    fn unwanted(&self) -> impl Iterator<Item = &UnderWay> {
        self.under_way.values().filter(|UnderWay { fetch, .. }| !self.slots.is_wanted(fetch))
    }

    /// Upstreams with the maximum number of fetches.
    fn full(&self) -> Vec<Upstream> {
        let mut asked: HashMap<Upstream, usize> = HashMap::new();
        for under_way in self.under_way.values() {
            *asked.entry(Upstream::of(&under_way.fetch.source)).or_default() += 1;
        }
        asked
            .into_iter()
            .filter(|(_, asked)| *asked >= MAX_FETCHES_OF_ONE)
            .map(|(full, _)| full)
            .collect()
    }

    fn fetch(&mut self, fetch: Fetch) {
        debug!(slot = %fetch.slot, "a refresh begins");
        let answer = self.provider.fetch(&fetch.source);
        let task = self.fetches.spawn(async move {
            timeout(FETCH_TIMEOUT, answer).await.unwrap_or_else(|_| Err(too_slow()))
        });
        self.under_way.insert(task.id(), UnderWay { fetch, task });
    }

    /// Handles the end of a fetch, which was completed or aborted.
    fn ended(&mut self, ended: Result<(Id, Result<Fetched, Failure>), JoinError>) {
        let (id, outcome) = match ended {
            Ok((id, outcome)) => (id, outcome),
            Err(error) => (error.id(), Err(aborted())),
        };
        let Some(UnderWay { fetch, .. }) = self.under_way.remove(&id) else { return };
        let upstream = Upstream::of(&fetch.source);
        match self.slots.finish(&fetch, outcome, self.now()) {
            None => debug!(slot = %fetch.slot, "the fetched credentials are not needed any more"),
            Some(Finished::Refreshed { short_life }) => {
                debug!(slot = %fetch.slot, "refreshed");
                self.upstream_works(&upstream);
                if let Some(life) = short_life {
                    self.report_short_life(&fetch, life);
                }
            }
            Some(Finished::Failed { failure, left }) => {
                debug!(slot = %fetch.slot, problem = ?failure.problem, "a refresh failed");
                self.failed(&fetch.slot, upstream, &failure, left);
            }
        }
    }

    fn failed(
        &mut self,
        slot: &SlotName,
        upstream: Upstream,
        failure: &Arc<Failure>,
        left: SignedDuration,
    ) {
        match Remedy::of(failure.problem) {
            Remedy::SignIn => self.sign_in_needed(upstream, failure),
            // This concerns one role, so each failure is reported.
            Remedy::Permission => {
                self.report_failure(EventKind::Denied, None, vec![slot.clone()], failure);
            }
            Remedy::Correct => self.report_once(EventKind::Misconfigured, upstream, failure),
            Remedy::Wait if left < EXPIRES_SOON => {
                self.report_once(EventKind::Unavailable, upstream, failure);
            }
            Remedy::Wait => {}
        }
    }

    /// Notes a success of an upstream.
    fn upstream_works(&mut self, upstream: &Upstream) {
        let now = Instant::now();
        if let Upstream::Instance(instance) = upstream {
            self.slots.session_may_work(instance);
        }
        let state = self.upstreams.entry(upstream.clone()).or_default();
        let last = state.gave_at.replace(now);
        state.reported.remove(&EventKind::Misconfigured);
        state.reported.remove(&EventKind::Unavailable);
        // While it works for some slots, the failures of others are their own.
        if last.is_none_or(|last| now.duration_since(last) > UNREACHABLE_AFTER) {
            self.slots.recovered(upstream);
        }
        self.is_signed_in(upstream);
    }

    /// Stops all fetches from an upstream until a person signs in.
    fn sign_in_needed(&mut self, upstream: Upstream, failure: &Arc<Failure>) {
        self.slots.sign_in_needed(&upstream, failure);
        if let Upstream::Instance(instance) = &upstream {
            self.sessions.ended(instance);
            self.slots.session_checked(instance, Err(Arc::clone(failure)));
        }
        let state = self.upstreams.entry(upstream.clone()).or_default();
        if state.watch.is_none() {
            let (signed_in, watched) = (self.provider.signed_in(&upstream), upstream.clone());
            state.watch = Some(self.watches.spawn(async move {
                signed_in.await;
                watched
            }));
        }
        self.report_once(EventKind::SignInNeeded, upstream, failure);
    }

    /// Handles a possible sign-in: the next fetches will show whether it is one.
    fn signed_in(&mut self, upstream: &Upstream) {
        self.upstreams.entry(upstream.clone()).or_default().watch = None;
        self.slots.signed_in(upstream);
        if let Upstream::Instance(instance) = upstream {
            self.slots.session_may_work(instance);
            self.sessions.check_now(instance, self.clock.now());
        }
    }

    fn checked(&mut self, instance: &InstanceId, session: Result<Session, Failure>) {
        let upstream = Upstream::Instance(instance.clone());
        match session {
            Ok(session) => {
                self.sessions.set_session(instance, session);
                self.slots.session_checked(instance, Ok(session.ends));
                self.is_signed_in(&upstream);
            }
            Err(failure) if failure.problem == Problem::SignInNeeded => {
                self.sign_in_needed(upstream, &Arc::new(failure));
            }
            Err(failure) => {
                debug!(instance = %instance.name, problem = ?failure.problem, "a session could not be checked");
                self.sessions.check_later(instance, self.clock.now());
                if Remedy::of(failure.problem) != Remedy::Wait {
                    let failure = Arc::new(failure);
                    self.slots.session_checked(instance, Err(Arc::clone(&failure)));
                    self.report_once(EventKind::Misconfigured, upstream, &failure);
                }
            }
        }
    }

    fn slots_changed(&mut self) {
        self.unwanted().for_each(|unwanted| unwanted.task.abort());
        self.sessions.watch(self.slots.instances(), self.clock.now());
        self.upstreams.retain(|upstream, state| {
            let is_of_use = self.slots.is_needed(upstream);
            if let (false, Some(watch)) = (is_of_use, &state.watch) {
                watch.abort();
            }
            is_of_use
        });
    }

    /// Handles a clock that was set, or a machine that has slept: upstreams may be reachable again, and sessions may
    /// have ended.
    fn notice_steps(&mut self, now: Now) {
        let passed = now.steady.duration_since(self.last_check.steady);
        let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
        let step = now.wall.duration_since(self.last_check.wall).saturating_sub(passed);
        self.last_check = now;
        if step.abs() > CLOCK_STEP {
            debug!(?step, "the clock was set, or the machine has slept");
            self.slots.clock_stepped();
            self.sessions.check_all_now(now.wall);
        }
    }
}

/// Sleeps for a duration, or for ever if there is none.
async fn sleep(wake: Option<Duration>) {
    match wake {
        Some(wake) => tokio::time::sleep(wake).await,
        None => std::future::pending().await,
    }
}

fn too_slow() -> Failure {
    let seconds = FETCH_TIMEOUT.as_secs();
    unavailable(format!("no credentials arrived within {seconds} seconds"))
}

fn aborted() -> Failure {
    unavailable("the refresh was aborted".to_owned())
}

fn unavailable(message: String) -> Failure {
    Failure::new(Problem::Unavailable, message)
}
