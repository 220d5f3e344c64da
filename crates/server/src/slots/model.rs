//! A model check of all orders in which readers, writers and the refresher can access a slot.
//!
//! Each step holds the slots' lock once, so the orders of whole steps are all possible orders. shuttle tries them all.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use credentials::{
    Expiration, Failure, Fetched, Problem, Profile, ProfileSource, Timestamp, Upstream,
};
use credentials::{SlotName, Source};
use shuttle::thread;

use super::*;
use crate::slots::refreshing::Finished;

/// The loads of the slot, oldest first. `None` is an unload.
type Loads = Arc<Mutex<Vec<Option<&'static str>>>>;

struct Slotted {
    slots: Slots,
    writer: Writer,
    loads: Loads,
    start: tokio::time::Instant,
}

const NAME: SlotName = SlotName::Default;
/// Expiration of loaded and of fetched credentials, in seconds.
const LOADED_UNTIL: i64 = 1_000;
const FETCHED_UNTIL: i64 = 10_000;

impl Slotted {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            slots: Slots::new(true, 1),
            writer: Writer::for_test(),
            loads: Loads::default(),
            start: tokio::time::Instant::now(),
        })
    }

    fn at(&self, second: i64) -> Now {
        let steady = self.start + std::time::Duration::from_secs(second.unsigned_abs());
        Now { wall: Timestamp::from_second(second).unwrap(), steady }
    }

    /// Loads the slot. The access key id of the credentials names the load.
    fn load(&self, id: &'static str) {
        let profile = profile(id, LOADED_UNTIL);
        // The load and its note are one step.
        let mut loads = self.loads.lock().unwrap();
        self.slots
            .load(&self.writer, NAME, Upload::Credentials(profile), Replace::Anything, self.at(0))
            .unwrap();
        loads.push(Some(id));
    }

    fn unload(&self) {
        let mut loads = self.loads.lock().unwrap();
        if self.slots.unload(&self.writer, &NAME).is_ok() {
            loads.push(None);
        }
    }

    /// The refresher's two steps, with AWS between them.
    fn refresh(&self, outcome: impl Fn(&Source) -> Result<Fetched, Failure>) {
        let now = self.at(500);
        let Some(fetch) = self.slots.begin(now, &[], &[]) else { return };
        assert!(self.slots.begin(now, &[], &[]).is_none(), "two fetches for one slot");
        thread::yield_now();
        let before = self.served(now);
        match self.slots.finish(&fetch, outcome(&fetch.source), now) {
            None => {}
            Some(Finished::Refreshed { .. }) => {
                assert_eq!(self.served(now), Some((id_of(&fetch.source), FETCHED_UNTIL)));
            }
            Some(Finished::Failed { .. }) => {
                assert_eq!(self.served(now), before, "a failure removes nothing");
            }
        }
    }

    /// The access key id and the expiration that a reader sees.
    fn served(&self, now: Now) -> Option<(String, i64)> {
        let answer = self.slots.credentials(ReadableSlot::for_test(&NAME), None, now).ok()?.answer;
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        let expiration: Timestamp = answer["Expiration"].as_str().unwrap().parse().unwrap();
        Some((answer["AccessKeyId"].as_str().unwrap().to_owned(), expiration.as_second()))
    }

    /// Checks that a reader sees only the last load, and only until its expiration.
    fn check(&self, second: i64) {
        let loads = self.loads.lock().unwrap();
        let served = self.served(self.at(second));
        let last = loads.last().copied().flatten();
        if let Some((id, expiration)) = &served {
            assert_eq!(Some(id.as_str()), last, "{loads:?}");
            assert!(*expiration > second, "it has expired");
        }
        if second < LOADED_UNTIL {
            assert_eq!(served.is_some(), last.is_some(), "{loads:?}");
        }
    }
}

fn profile(id: &str, expiration: i64) -> Profile {
    let mut profile =
        fakes::profile("main", &Timestamp::from_second(expiration).unwrap().to_string());
    profile.credentials.access_key_id = credentials::AccessKeyId::parse(id).unwrap();
    profile.source = Some(Source::Profile(fakes::profile_source(id)));
    profile
}

fn id_of(source: &Source) -> String {
    let Source::Profile(ProfileSource { name, .. }) = source else {
        panic!("only profiles are in the model")
    };
    name.as_str().to_owned()
}

fn fetched(source: &Source) -> Result<Fetched, Failure> {
    let Profile { principal, mut credentials, .. } = profile(&id_of(source), FETCHED_UNTIL);
    credentials.expiration =
        Expiration::new(Timestamp::from_second(FETCHED_UNTIL).unwrap()).unwrap();
    Ok(Fetched { principal, credentials })
}

fn failed(problem: Problem) -> Result<Fetched, Failure> {
    Err(Failure::new(problem, "no"))
}

#[expect(clippy::print_stdout, reason = "the check prints the number of orders")]
/// Runs all orders of the steps of these threads.
fn in_all_orders(threads: &[fn(&Slotted)]) {
    let threads = threads.to_vec();
    let orders = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&orders);
    shuttle::check_dfs(
        move || {
            count.fetch_add(1, Ordering::Relaxed);
            let slotted = Slotted::new();
            slotted.load("first");
            let threads = threads.iter().copied().map(|work| {
                let slotted = Arc::clone(&slotted);
                thread::spawn(move || work(&slotted))
            });
            threads.collect::<Vec<_>>().into_iter().for_each(|thread| thread.join().unwrap());
            slotted.check(500);
            slotted.check(LOADED_UNTIL);
        },
        None,
    );
    let orders = orders.load(Ordering::Relaxed);
    println!("{orders} orders");
    assert!(orders > 100, "too few orders");
}

#[test]
fn in_every_order_a_newer_load_wins_over_a_fetch_for_an_older_one() {
    in_all_orders(&[
        |slotted| slotted.refresh(fetched),
        |slotted| {
            thread::yield_now();
            slotted.load("second");
            thread::yield_now();
            slotted.load("third");
        },
        |slotted| {
            slotted.check(500);
            thread::yield_now();
            slotted.check(LOADED_UNTIL);
        },
    ]);
}

#[test]
fn in_every_order_an_unload_is_final() {
    in_all_orders(&[
        |slotted| slotted.refresh(fetched),
        |slotted| {
            thread::yield_now();
            slotted.unload();
        },
        |slotted| slotted.refresh(fetched),
        |slotted| slotted.check(500),
    ]);
}

#[test]
fn in_every_order_a_failure_removes_nothing() {
    in_all_orders(&[
        |slotted| slotted.refresh(|_| failed(Problem::Unavailable)),
        |slotted| {
            let upstream = Upstream::Profile(fakes::profile_source("first"));
            let failure = Arc::new(Failure::new(Problem::SignInNeeded, "no"));
            slotted.slots.sign_in_needed(&upstream, &failure);
            thread::yield_now();
            slotted.slots.signed_in(&upstream);
        },
        |slotted| slotted.refresh(fetched),
        |slotted| slotted.load("second"),
    ]);
}
