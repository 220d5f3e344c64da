//! The body of an upload: any input is read or refused, and a refusal quotes no part of it.
#![no_main]
#![expect(clippy::disallowed_methods, reason = "the macro writes the corpus")]

libfuzzer_sys::fuzz_target!(|body: &[u8]| server::fuzzing::upload(body));
