//! The library in processes of its own, with the fake IAM Identity Center.
#![expect(clippy::disallowed_methods, reason = "tests write files of their own")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test's own failures may be loud"
)]

mod aws_cli;
mod background;
mod browser;
mod catalogue;
mod endless;
mod keep_session;
mod process;
mod refresh_token;
mod role_credentials;
mod sign_in;
mod world;
