//! A simulation of whole days of a server: the real refresher and slots on tokio's paused time, with a model of AWS
//! that throttles, fails, hangs and ends sessions, and a clock that is set at random. Each day is one seed.

mod day;
pub(super) mod model;

use std::sync::atomic::{AtomicU64, Ordering};

/// Number of days. `SIMULATED_DAYS` overrides it. A failure prints its seed.
const DAYS: u64 = 1_000;

#[test]
#[expect(clippy::disallowed_methods, reason = "a variable makes the simulation longer")]
#[expect(clippy::print_stdout, reason = "the simulation prints its counts of events")]
fn the_promises_hold_in_a_thousand_simulated_days() {
    let days =
        std::env::var("SIMULATED_DAYS").ok().and_then(|days| days.parse().ok()).unwrap_or(DAYS);
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let sums = std::thread::scope(|scope| {
        let work = || {
            let mut sum = day::Sum::default();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= days {
                    return sum;
                }
                sum.add(&day::simulate(seed));
            }
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    let mut sum = day::Sum::default();
    sums.iter().for_each(|part| sum.add(part));
    // A simulation without events would keep every promise.
    assert!(sum.reads_served > 100 * days && sum.reads_refused > days, "{sum:?}");
    assert!(sum.fetches > 50 * days && sum.failures > 5 * days && sum.given_up > 0, "{sum:?}");
    assert!(sum.sign_ins > days && sum.clock_steps > days, "{sum:?}");
    println!("{days} days: {sum:?}");
}
