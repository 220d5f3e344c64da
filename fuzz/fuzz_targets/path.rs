//! The path and query of a request: the path of the slot that they name leads to the same slot.
#![no_main]
#![expect(clippy::disallowed_methods, reason = "the macro writes the corpus")]

libfuzzer_sys::fuzz_target!(|target: &[u8]| server::fuzzing::path(target));
