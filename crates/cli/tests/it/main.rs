//! The real binary in a sealed world.
#![expect(clippy::disallowed_methods, reason = "tests write files of their own")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a failure in a test may panic"
)]

mod architecture;
mod at_once;
mod attacks;
mod audit;
mod borders;
mod browser_return;
mod catalogue;
mod chains;
mod children;
mod completions;
mod config_of_aws_sso_cli;
mod configuration;
mod console;
mod current_role;
mod doctor;
mod drop_in;
mod endpoints;
mod exec;
mod exports;
mod forwarders;
mod global_flags;
mod guides;
mod help;
mod hints;
mod https;
mod identity;
mod identity_center;
mod impostors;
mod kinds_of_profiles;
mod lifecycle;
mod load_only;
mod man;
#[cfg(target_os = "linux")]
mod memory;
mod odd_names;
mod outputs;
mod process;
mod promises;
mod reference_client;
mod reference_server;
mod refreshing;
mod selector;
mod setup_profiles;
mod slots;
mod sources;
mod status;
mod stdout;
mod strangers;
#[cfg(target_os = "linux")]
mod systemd;
mod tokens;
mod tokens_and_clocks;
mod trust;
mod umask;
mod which_server;
mod without_home;

use fakes::TestEnv;

fn world() -> TestEnv {
    TestEnv::new(env!("CARGO_BIN_EXE_aws-sso"))
}

/// The output of a `credential_process`: credentials that expire in an hour.
fn session(access_key_id: &str) -> String {
    let expiration = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    format!(
        r#"{{"Version":1,"AccessKeyId":"{access_key_id}","SecretAccessKey":"CANARY-secret","SessionToken":"CANARY-token-{access_key_id}","Expiration":"{expiration}"}}"#
    )
}

/// The body of an upload by the reference client. Its credentials expire in 2099.
fn upload(name: &str, access_key_id: &str) -> String {
    format!(
        r#"{{"ProfileName":"{name}","Creds":{{"accountId":111111,"roleName":"Admin","accessKeyId":"{access_key_id}","secretAccessKey":"CANARY-secret-of-{access_key_id}","sessionToken":"CANARY-token","expiration":4070908800000}}}}"#
    )
}
