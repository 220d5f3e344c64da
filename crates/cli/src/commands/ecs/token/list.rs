//! `aws-sso ecs token list`

use std::borrow::Cow;

use clap::Args;
use credentials::{Clock, Failure};
use serde::Serialize;

use super::{kind, slots, store, words};
use crate::ground::arguments::{Output, OutputArguments};
use crate::ground::clock::SystemClock;
use crate::ground::ui;

/// List the tokens that have not expired, without the tokens themselves
#[derive(Args)]
#[command(after_help = "Example:\n  aws-sso ecs token list")]
pub(crate) struct Arguments {
    #[command(flatten)]
    output: OutputArguments,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed<'a> {
    serial: String,
    kind: &'static str,
    default_slot: bool,
    slots: Vec<&'a str>,
    created: String,
    expiration: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    revoked: bool,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let now = SystemClock.now();
    let tokens = store().list(now)?;
    if arguments.output.output == Output::Json {
        let listed = tokens.iter().map(|token| {
            let (default_slot, slots) = slots(&token.grant);
            Listed {
                serial: token.grant.serial.to_string(),
                kind: kind(&token.grant),
                default_slot,
                slots,
                created: token.created.to_string(),
                expiration: token.grant.expiration.to_string(),
                file: token.file.as_deref(),
                revoked: token.is_revoked,
            }
        });
        ui::json(&listed.collect::<Vec<_>>());
    } else if tokens.is_empty() {
        ui::note(
            "There are no authorization tokens. (To create one: aws-sso ecs token create --default-slot)",
        );
    } else {
        let rows = tokens.iter().map(|token| -> Vec<Cow<'_, str>> {
            let left = match token.is_revoked {
                true => "revoked".to_owned(),
                false => token.grant.expiration.remaining(now).to_string(),
            };
            vec![
                token.grant.serial.to_string().into(),
                words(&token.grant).into(),
                left.into(),
                token.file.as_deref().unwrap_or("-").into(),
            ]
        });
        ui::table(&["Serial", "May", "Expires", "File"], rows);
    }
    Ok(())
}
