//! Values that nobody can guess, and secrets that give themselves away.

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};

use crate::CANARY;

/// AWS's user codes have letters that aren't mistaken for others, and spell nothing.
const LETTERS: &[u8; 16] = b"BCDFGHJKLMNPQRST";

/// A secret of about so many characters. AWS's tokens have hundreds: what stores and sends them must cope.
pub(super) fn canary(what: &str, length: usize) -> String {
    let start = format!("{CANARY}-{what}-");
    let missing = length.saturating_sub(start.len());
    format!("{start}{}", BASE64URL_NOPAD.encode(&bytes(missing * 3 / 4)))
}

/// A name for something: not secret, but unique.
pub(super) fn id(length: usize) -> String {
    BASE64URL_NOPAD.encode(&bytes(length * 3 / 4))
}

/// `ABCD-EFGH`
pub(super) fn user_code() -> String {
    let letters: String = bytes(8)
        .iter()
        .filter_map(|byte| LETTERS.get(usize::from(byte % 16)).map(|&letter| char::from(letter)))
        .collect();
    let (first, second) = letters.split_at(4);
    format!("{first}-{second}")
}

fn bytes(count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

/// An access key id of a session: `ASIA` and 16 characters that count.
pub(super) fn access_key_id(number: u64) -> String {
    let digits = BASE32_NOPAD.encode(&(number.to_be_bytes()));
    format!("ASIAFAK{digits}")
}
