//! The path and query of a request: whatever they are, a slot that they name is named by its own path again.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: (&str, Option<&str>)| server::fuzzing::path(input.0, input.1));
