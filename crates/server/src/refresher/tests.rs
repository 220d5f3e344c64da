//! Tests of each promise of the refresher, on tokio's paused time with the simulation's model of AWS.

mod world;

use std::time::Duration;

use credentials::{Expiration, ProfileName};
use tokio::time::sleep;

use super::simulation::model::{Reachable, seconds};
use super::*;
use crate::refusal::Refusal;
use crate::wire::{Replace, State, Upload};
use world::{World, named, source};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn a_thousand_slots_that_expire_together_are_each_refreshed_once_a_cycle() {
    let world = World::new();
    for number in 0..1_000 {
        world.load(&format!("s{number}"), "corp", 3600);
    }
    let mut least = i64::MAX;
    // Three cycles, each to the middle between two refreshes.
    for cycle in 1..=3 {
        let minutes = if cycle == 1 { 60 } else { 38 };
        for _ in 0..minutes * 6 {
            sleep(Duration::from_secs(10)).await;
            let (left, served) = world.left();
            assert_eq!(served, 1_000);
            least = least.min(left);
        }
        assert_eq!(world.fetches(), cycle * 1_000);
    }
    assert!(least >= 20 * 60, "{least} s were left");
    assert_eq!(world.model.state().failures, 0);
}

#[tokio::test(start_paused = true)]
async fn after_a_ten_minute_outage_all_slots_recover_in_one_cycle_and_none_was_served_expired() {
    let mut world = World::new();
    for number in 0..1_000 {
        // Half of them expire meanwhile.
        let life = if number % 2 == 0 { 3600 } else { 25 * 60 };
        world.load(&format!("s{number}"), "corp", life);
    }
    world.site("corp", |site| site.reachable = Reachable::BlackHole);
    sleep(30 * MINUTE).await;
    assert_eq!(world.left().1, 500);
    assert!(matches!(world.read("s1"), Err(Refusal::Refreshing(_))), "{:?}", world.read("s1"));
    // Some were tried, and some still wait.
    let states: Vec<State> = (0..500).map(|n| world.state(&format!("s{}", 2 * n + 1))).collect();
    assert!(states.iter().all(|state| matches!(state, State::Unavailable | State::Pending)));
    assert!(states.contains(&State::Unavailable));
    assert_eq!(world.kinds(), [EventKind::Unavailable], "it is reported once, not for each slot");
    world.site("corp", |site| site.reachable = Reachable::Yes);
    // A fetch that hangs times out after a minute. Then the quota is the limit: 1,000 at 19.6 a second.
    sleep(Duration::from_secs(60 + 52)).await;
    let (left, served) = world.left();
    assert_eq!(served, 1_000);
    assert!(left > 25 * 60, "{left} s are left");
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_hangs_does_not_delay_slots_of_another() {
    let world = World::new();
    world.site("corp", |site| site.reachable = Reachable::BlackHole);
    for number in 0..200 {
        world.load(&format!("s{number}"), "corp", 0);
    }
    sleep(Duration::from_secs(5)).await;
    world.load("mine", "other", 0);
    sleep(Duration::from_secs(4)).await;
    assert_eq!(world.read("mine").unwrap(), "mine");
    assert!(world.read("s0").is_err());
}

#[tokio::test(start_paused = true)]
async fn a_refused_connection_is_tried_again_with_growing_delays() {
    let world = World::new();
    world.site("corp", |site| site.reachable = Reachable::Refused);
    world.load("s", "corp", 21 * 60);
    sleep(10 * MINUTE).await;
    assert!((12..=22).contains(&world.fetches()), "{} in ten minutes", world.fetches());
    assert_eq!(world.read("s").unwrap(), "s", "the old credentials are served meanwhile");
    assert!(world.reason("s").unwrap().contains("connection refused"));
    world.site("corp", |site| site.reachable = Reachable::Yes);
    sleep(MINUTE + Duration::from_secs(4)).await;
    assert_eq!((world.state("s"), world.reason("s")), (State::Ready, None));
    assert!(world.left().0 > 58 * 60);
}

#[tokio::test(start_paused = true)]
async fn a_failing_slot_is_not_tried_each_time_another_slot_succeeds() {
    let world = World::new();
    world.site("corp", |site| site.latency = 100..101);
    world.model.state().failing.insert(source("broken", "corp").to_string());
    world.load("broken", "corp", 0);
    for number in 0..1_000 {
        world.load(&format!("s{number}"), "corp", 0);
    }
    sleep(MINUTE).await;
    assert_eq!(world.left().1, 1_000);
    let tries = world.fetches() - 1_000;
    assert!((2..=25).contains(&tries), "{tries} tries in a minute");
}

#[tokio::test(start_paused = true)]
async fn after_the_end_of_a_session_nothing_is_fetched_until_a_sign_in() {
    let mut world = World::new();
    for number in 0..5 {
        world.load(&format!("s{number}"), "corp", 22 * 60);
    }
    world.load("theirs", "other", 22 * 60);
    sleep(Duration::from_secs(1)).await;
    let now = world.model.clock.truth();
    world.site("corp", |site| site.session_ends = now);
    sleep(10 * MINUTE).await;
    let asked = world.fetches();
    assert!(asked <= 1 + 5, "{asked}: one of theirs, and those of corp that began together");
    assert_eq!(world.kinds(), [EventKind::SignInNeeded]);
    for slot in ["s0", "s1", "s2", "s3", "s4"] {
        assert_eq!(world.state(slot), State::SignInNeeded);
        assert_eq!(world.read(slot).unwrap(), slot, "it is served until it expires");
    }
    sleep(20 * MINUTE).await;
    let Err(Refusal::NotRefreshed(failure)) = world.read("s0") else { panic!("it has expired") };
    assert_eq!(failure.hint.as_deref(), Some("Sign in: aws-sso login"));
    assert_eq!(world.fetches(), asked, "there were no more calls");
    assert_eq!(world.read("theirs").unwrap(), "theirs");
    let now = world.model.clock.truth();
    world.site("corp", |site| {
        site.latency = 100..200;
        site.sign_in(now, 3600);
    });
    sleep(Duration::from_secs(2)).await;
    for number in 0..5 {
        assert!(world.read(&format!("s{number}")).is_ok());
    }
    assert_eq!(world.kinds(), [EventKind::SignedIn]);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_session_is_reported_fifteen_and_five_minutes_before() {
    let mut world = World::new();
    let now = world.model.clock.truth();
    world.site("corp", |site| site.sign_in(now, 3 * 3600));
    world.load("s", "corp", 3600);
    let ends = now + seconds(3 * 3600);
    sleep(110 * MINUTE).await;
    assert_eq!(world.session_minutes("s"), None, "AWS has not shown it yet");
    sleep(54 * MINUTE).await;
    assert_eq!((world.events(), world.session_minutes("s")), (vec![], Some(16)));
    for minutes in [2, 10] {
        sleep(minutes * MINUTE).await;
        let kinds = world.kinds();
        let [EventKind::SessionEnding { ends: events }] = kinds[..] else { panic!("{kinds:?}") };
        assert_eq!(events.as_second(), ends.as_second());
    }
    assert_eq!((world.state("s"), world.session_minutes("s")), (State::Ready, Some(4)));
    sleep(5 * MINUTE).await;
    assert_eq!(world.kinds(), [EventKind::SignInNeeded], "it is noticed although no slot is due");
}

#[tokio::test(start_paused = true)]
async fn an_unload_or_a_load_during_a_fetch_wins() {
    let world = World::new();
    world.site("corp", |site| site.latency = 5_000..5_001);
    world.load("gone", "corp", 0);
    world.load("other", "corp", 0);
    sleep(Duration::from_secs(1)).await;
    world.slots.unload(&world.writer, &named("gone")).unwrap();
    let handed_in = fakes::profile("other", "2027-01-01T00:00:00Z");
    let upload = Upload::Credentials(handed_in);
    world
        .slots
        .load(&world.writer, named("other"), upload, Replace::Anything, world.now())
        .unwrap();
    sleep(MINUTE).await;
    assert!(matches!(world.read("gone"), Err(Refusal::NoSuchSlot(_))));
    assert_eq!(world.read("other").unwrap(), "ASIAFAKE");
    assert_eq!(world.model.state().given_up, 2, "both fetches were aborted");
}

#[tokio::test(start_paused = true)]
async fn a_role_that_aws_denies_is_reported_and_not_tried_again() {
    let mut world = World::new();
    world.load("s", "corp", 22 * 60);
    world.model.state().denied.insert(source("s", "corp").to_string());
    sleep(30 * MINUTE).await;
    assert_eq!(world.events(), [(EventKind::Denied, "no such role".to_owned())]);
    assert_eq!((world.state("s"), world.fetches()), (State::Denied, 1));
    assert!(matches!(world.read("s"), Err(Refusal::NotRefreshed(_))));
    world.model.state().denied.clear();
    world.load("s", "corp", 0);
    sleep(Duration::from_secs(4)).await;
    assert_eq!(world.state("s"), State::Ready, "a load starts again");
}

#[tokio::test(start_paused = true)]
async fn misconfigured_slots_recover_when_the_configuration_is_fixed() {
    let mut world = World::new();
    world.site("corp", |site| site.is_configured = false);
    for slot in ["a", "b", "c"] {
        world.load(slot, "corp", 0);
    }
    sleep(10 * MINUTE).await;
    assert_eq!(world.kinds(), [EventKind::Misconfigured]);
    assert!(matches!(world.read("a"), Err(Refusal::NotRefreshed(_))), "waiting doesn't help");
    assert!(world.fetches() <= 3 * 21, "{} in ten minutes", world.fetches());
    world.site("corp", |site| site.is_configured = true);
    sleep(MINUTE + Duration::from_secs(4)).await;
    assert!(["a", "b", "c"].iter().all(|slot| world.read(slot).is_ok()));
}

#[tokio::test(start_paused = true)]
async fn after_the_machine_has_slept_all_slots_are_refreshed_at_once() {
    let world = World::new();
    world.load("s", "corp", 3600);
    sleep(MINUTE).await;
    // The timers stopped, the clock did not.
    *world.model.clock.offset.lock().unwrap() = 35 * 60;
    world.site("corp", |site| site.credentials_life = 3600 + 35 * 60);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(world.fetches(), 1);
    assert!(world.left().0 > 58 * 60);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_does_not_make_credentials_live_longer() {
    let world = World::new();
    world.load("s", "corp", 3600);
    let handed_in = fakes::profile("fixed", "2026-11-22T21:26:31Z");
    let start = world.now();
    world
        .slots
        .load(
            &world.writer,
            named("fixed"),
            Upload::Credentials(handed_in),
            Replace::Anything,
            start,
        )
        .unwrap();
    assert!(world.read("fixed").is_ok());
    *world.model.clock.offset.lock().unwrap() = -5 * 3600;
    sleep(45 * MINUTE).await;
    assert_eq!(world.fetches(), 1, "it is refreshed as if the clock had gone on");
    assert_eq!(world.read("s").unwrap(), "s");
    let life = refresh_life(start, "2026-11-22T21:26:31Z");
    sleep(life.saturating_sub(45 * MINUTE)).await;
    assert!(matches!(world.read("fixed"), Err(Refusal::Expired(..))));
}

fn refresh_life(now: Now, expiration: &str) -> Duration {
    credentials::refresh::lifetime(now.wall, Expiration::parse(expiration).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_source_of_short_sessions_is_reported_once() {
    let mut world = World::new();
    world.site("corp", |site| site.credentials_life = 15 * 60);
    world.load("s", "corp", 15 * 60);
    sleep(60 * MINUTE).await;
    let events = world.events();
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0].1.contains("the slot `s` live for 15 min only"), "{events:?}");
    assert!(world.left().0 >= 7 * 60, "at least half is left");
}

#[tokio::test(start_paused = true)]
async fn restored_slots_are_fetched_in_the_order_of_their_due_times() {
    let world = World::new();
    let now = world.now();
    let listed = |slot: &str, due: i64| crate::slots::Listed {
        slot: named(slot),
        name: ProfileName::parse(slot).unwrap(),
        source: source(slot, "corp"),
        due: now.wall + seconds(due),
    };
    let list = vec![listed("later", 600), listed("first", -600), listed("second", -60)];
    world.slots.restore(list, now);
    world.load("loaded", "corp", 3600);
    let order = std::iter::from_fn(|| world.slots.begin(now, &[], &[]));
    let order: Vec<String> = order.map(|fetch| fetch.slot.to_string()).collect();
    assert_eq!(order, ["the slot `first`", "the slot `second`", "the slot `later`"]);
}
