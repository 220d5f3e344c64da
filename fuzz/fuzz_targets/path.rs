//! The path and query of a request: whatever they are, a slot that they name is named by its own path again.
#![no_main]

libfuzzer_sys::fuzz_target!(|target: &[u8]| server::fuzzing::path(target));
