//! The AWS config: any file is read, as a plain model of botocore reads it.
#![no_main]
#![expect(clippy::disallowed_methods, reason = "the macro writes the corpus")]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| config::fuzzing::aws_config(bytes));
