//! Measures the check of an authorization token. Prints nanoseconds in one line of JSON.

use std::hint::black_box;
use std::time::Instant;

use credentials::{Expiration, ProfileName, SlotName, Timestamp};
use server::{Scope, TokenStore};

const ROUNDS: usize = 21;
const CHECKS: u32 = 20_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let store = TokenStore::at(folder.path().join("tokens.json"));
    let now = Timestamp::from_second(1_800_000_000)?;
    let expiration = Expiration::new(Timestamp::from_second(1_800_003_600)?)?;
    let slot = SlotName::Named(ProfileName::parse("team/dev:ReadOnly")?);
    let (one, _) = store.create(Scope::Read(vec![slot.clone()]), expiration, None, now)?;
    let slots = (0..16).map(|n| ProfileName::parse(&format!("team/dev:ReadOnly{n}")));
    let slots = slots.map(|name| name.map(SlotName::Named)).collect::<Result<Vec<_>, _>>()?;
    let (many, _) = store.create(Scope::Read(slots), expiration, None, now)?;
    let (admin, _) = store.create(Scope::Admin, expiration, None, now)?;
    let keys = store.keys()?.ok_or("no key")?;
    // A token with another last character.
    let mut wrong = one.expose().to_owned();
    let last = if wrong.pop() == Some('A') { 'Q' } else { 'A' };
    wrong.push(last);
    let time = |token: &str, is_good: bool| {
        let mut rounds: Vec<u128> = (0..ROUNDS)
            .map(|_| {
                let start = Instant::now();
                for _ in 0..CHECKS {
                    let checked = black_box(&keys).check(black_box(token), black_box(now));
                    assert_eq!(checked.is_ok(), is_good);
                }
                start.elapsed().as_nanos() / u128::from(CHECKS)
            })
            .collect();
        rounds.sort_unstable();
        rounds.get(ROUNDS / 2).copied().unwrap_or_default()
    };
    let line = serde_json::json!({
        "one slot": time(one.expose(), true),
        "16 slots": time(many.expose(), true),
        "admin": time(admin.expose(), true),
        "wrong code": time(&wrong, false),
    });
    std::io::Write::write_all(&mut std::io::stdout(), format!("{line}\n").as_bytes())?;
    Ok(())
}
