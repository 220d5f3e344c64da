//! Authorization tokens: any input is read or refused, and two different tokens never have the same meaning.
#![no_main]
#![expect(clippy::disallowed_methods, reason = "the macro writes the corpus")]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| server::fuzzing::token(bytes));
