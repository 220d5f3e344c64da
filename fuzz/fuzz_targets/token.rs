//! An authorization token: whatever it is, it is read or refused; and no two that are read say the same.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| server::fuzzing::token(bytes));
