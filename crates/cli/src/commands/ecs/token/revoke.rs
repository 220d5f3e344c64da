//! `aws-sso ecs token revoke`

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use credentials::{Clock, Failure};
use server::{Serial, TokenStore};

use super::store;
use crate::client::token_file;
use crate::ground::clock::SystemClock;
use crate::ground::ui;
use crate::ground::values::Values;

/// Revoke tokens, effective at once on all servers
///
/// Programs keep the credentials that they have already read until those expire.
#[derive(Args)]
#[command(after_help = "Example:\n  aws-sso ecs token revoke --file ~/prod.token")]
#[command(group(ArgGroup::new("which").required(true)))]
pub(crate) struct Arguments {
    /// The serials of the tokens, from `aws-sso ecs token list`
    #[arg(value_name = "SERIAL", group = "which", add = Values::Tokens)]
    serials: Vec<Serial>,
    /// Revoke the token in this file
    #[arg(long, value_name = "PATH", group = "which")]
    file: Option<PathBuf>,
    /// Revoke every token
    #[arg(long, group = "which")]
    all: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { mut serials, file, all } = arguments;
    let now = SystemClock.now();
    if let Some(path) = file {
        let serial = token_file::read(&path)?.claimed_serial();
        serials.extend(serial);
        if serial.is_none() {
            let text =
                format!("the file {} does not contain an authorization token", path.display());
            return Err(Failure::failed(text));
        }
    }
    if all {
        store().revoke_all(now)?;
    } else {
        store().revoke(&serials, now)?;
    }
    // Wait until all servers have noticed, so that the message is true.
    tokio::time::sleep(TokenStore::REVOCATION_DELAY).await;
    ui::note(match (all, serials.len()) {
        (true, _) => "Revoked all tokens.",
        (false, 1) => "Revoked the token.",
        (false, _) => "Revoked the tokens.",
    });
    Ok(())
}
