//! config.yaml: any text is read or refused, and nothing that is said about it acts on a terminal.
#![no_main]
#![expect(clippy::disallowed_methods, reason = "the macro writes the corpus")]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| config::fuzzing::config_yaml(bytes));
