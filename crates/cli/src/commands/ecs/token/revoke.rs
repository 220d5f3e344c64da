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

/// Make servers take tokens no more, from the moment on that this is done
///
/// What programs have read already, they keep until it expires.
#[derive(Args)]
#[command(group(ArgGroup::new("which").required(true)))]
pub(crate) struct Arguments {
    /// Those of these serials, as `aws-sso ecs token list` shows
    #[arg(value_name = "SERIAL", group = "which", add = Values::Tokens)]
    serials: Vec<Serial>,
    /// The one in this file
    #[arg(long, value_name = "PATH", group = "which")]
    file: Option<PathBuf>,
    /// Every token that was ever made
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
            let text = format!("the token file {} holds no token of aws-sso", path.display());
            return Err(Failure::failed(text));
        }
    }
    if all {
        store().revoke_all(now)?;
    } else {
        store().revoke(&serials, now)?;
    }
    // What is said then is true.
    tokio::time::sleep(TokenStore::SEEN_AFTER).await;
    ui::note(match (all, serials.len()) {
        (true, _) => "Revoked every token.",
        (false, 1) => "Revoked the token.",
        (false, _) => "Revoked the tokens.",
    });
    Ok(())
}
