//! The body of an upload: whatever it is, it is read or refused, and a refusal quotes nothing of it.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| server::fuzzing::upload(body));
