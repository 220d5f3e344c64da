//! Random ids, and secrets that contain the canary.

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};

use crate::CANARY;

/// The letters of user codes. As in AWS, they cannot be confused with others and form no words.
const LETTERS: &[u8; 16] = b"BCDFGHJKLMNPQRST";

/// A secret with about `length` characters. AWS's tokens have hundreds of them, which storage and transport must support.
pub(super) fn canary(what: &str, length: usize) -> String {
    let start = format!("{CANARY}-{what}-");
    let missing = length.saturating_sub(start.len());
    format!("{start}{}", BASE64URL_NOPAD.encode(&bytes(missing * 3 / 4)))
}

/// A unique id, which is no secret.
pub(super) fn id(length: usize) -> String {
    BASE64URL_NOPAD.encode(&bytes(length * 3 / 4))
}

/// A user code, such as `BCDF-GHJK`.
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

/// The access key id with this number: `ASIA` and 16 characters.
pub(super) fn access_key_id(number: u64) -> String {
    let digits = BASE32_NOPAD.encode(&(number.to_be_bytes()));
    format!("ASIAFAK{digits}")
}
