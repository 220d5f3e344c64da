//! `aws-sso ecs token create`

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use credentials::{Clock, Expiration, Failure, ProfileName, SlotName, shell_word};
use files::{Access, Durability};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use server::{AuthorizationToken, Grant, Scope};

use super::{kind, slots, store, words};
use crate::ground::arguments::{Output, OutputArguments, duration};
use crate::ground::clock::SystemClock;
use crate::ground::ui;
use crate::ground::values::Values;

/// Create an authorization token, and print it or write it to a file
///
/// A token allows reading the slots that it names, unless you give --load-only or --admin.
///
/// The file is for AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: only you can read it (mode 0600), it has no line break, and it is
/// replaced atomically.
#[derive(Args)]
#[command(
    after_help = "Example:\n  aws-sso ecs token create --slot prod:Admin --expires 8h --file ~/prod.token"
)]
#[command(group(ArgGroup::new("scope").required(true).multiple(true)))]
pub(crate) struct Arguments {
    /// The token is for this named slot; repeatable
    #[arg(short, long, value_name = "NAME", group = "scope", value_parser = ProfileName::parse,
          add = Values::Slots)]
    slot: Vec<ProfileName>,
    /// The token is for the default slot
    #[arg(long, group = "scope")]
    default_slot: bool,
    /// The token is for every slot, also for those that are loaded later
    #[arg(long, group = "scope", conflicts_with_all = ["slot", "default_slot"])]
    all_slots: bool,
    /// Allow only handing in credentials (`aws-sso ecs load --from-stdin`): no reading, and no role of yours. Without
    /// another flag, for every slot
    #[arg(long, group = "scope")]
    load_only: bool,
    /// Allow reading, loading and unloading every slot. It is worth as much as your sign-in: with it, anyone gets the
    /// credentials of every role that you may use, and runs the `credential_process` of your profiles
    #[arg(long, group = "scope",
          conflicts_with_all = ["slot", "default_slot", "all_slots", "load_only"])]
    admin: bool,
    /// How long the token is valid: 8h, 90m or 30d; one year at most
    #[arg(long, value_name = "DURATION", default_value = "8h", value_parser = lifetime)]
    expires: SignedDuration,
    /// Write the token to this file instead of printing it
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArguments,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Created<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    serial: String,
    kind: &'static str,
    default_slot: bool,
    slots: Vec<&'a str>,
    expiration: String,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let now = SystemClock.now();
    let expiration = expiration(now, arguments.expires)?;
    let (file, output) = (arguments.file.clone(), arguments.output.output);
    // The path is absolute, because `token list` shows it in every folder.
    let path = file.map(std::path::absolute).transpose().map_err(Failure::failed)?;
    let shown = path.as_ref().map(|path| path.display().to_string());
    let (token, grant) = store().create(scope(arguments), expiration, shown.clone(), now)?;
    if let Some(path) = &path {
        files::replace(path, token.expose().as_bytes(), Access::Private, Durability::Synced)?;
    }
    show(&token, &grant, shown.as_deref(), output, now);
    Ok(())
}

fn show(
    token: &AuthorizationToken,
    grant: &Grant,
    file: Option<&str>,
    output: Output,
    now: Timestamp,
) {
    let text = file.is_none().then(|| token.expose());
    let serial = grant.serial.to_string();
    if output == Output::Json {
        let (default_slot, slots) = slots(grant);
        let expiration = grant.expiration.to_string();
        let kind = kind(grant);
        return ui::json(&Created {
            token: text,
            file,
            serial,
            kind,
            default_slot,
            slots,
            expiration,
        });
    }
    let (what, left) = (words(grant), grant.expiration.remaining(now));
    let where_to = file.map(|file| format!(" It is in {file}.")).unwrap_or_default();
    ui::note(&format!("Created the token {serial}, to {what} for {left}.{where_to}"));
    if let Some(token) = text {
        ui::data(token);
    }
    if let Some(file) = file {
        ui::note(&usage(&grant.scope, &shell_word(file)));
    }
    if grant.scope == Scope::Admin {
        ui::note(
            "warning: An admin token is worth as much as your sign-in: with it, anyone gets the credentials of every role \
             that you may use, and runs the credential_process of your profiles. To hand in credentials, --load-only is \
             enough.",
        );
    }
}

/// How the token in this file is used.
fn usage(scope: &Scope, file: &str) -> String {
    let slot = match scope {
        Scope::Read(slots) => slots.first().unwrap_or(&SlotName::Default),
        Scope::ReadAll => &SlotName::Default,
        Scope::Admin | Scope::HandIn(_) | Scope::HandInAll => {
            return format!(
                "aws-sso sends it with --token-file, or if you run: export AWS_SSO_ECS_TOKEN_FILE={file}"
            );
        }
    };
    let profile = match slot {
        SlotName::Default => String::new(),
        SlotName::Named(name) => format!(" --profile {}", shell_word(name.as_str())),
    };
    format!(
        "Programs read it from AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE. To set all variables: \
         eval \"$(aws-sso ecs env{profile} --token-file {file})\""
    )
}

fn scope(arguments: Arguments) -> Scope {
    if arguments.admin {
        return Scope::Admin;
    }
    let Arguments { load_only, all_slots, .. } = arguments;
    let default = arguments.default_slot.then_some(SlotName::Default);
    let mut slots: Vec<SlotName> = Vec::new();
    for slot in default.into_iter().chain(arguments.slot.into_iter().map(SlotName::Named)) {
        if !slots.contains(&slot) {
            slots.push(slot);
        }
    }
    match (load_only, slots.is_empty() || all_slots) {
        (false, false) => Scope::Read(slots),
        (false, true) => Scope::ReadAll,
        (true, false) => Scope::HandIn(slots),
        (true, true) => Scope::HandInAll,
    }
}

fn expiration(now: Timestamp, lifetime: SignedDuration) -> Result<Expiration, Failure> {
    let at = now.checked_add(lifetime).map_err(Failure::failed)?;
    Expiration::new(at)
        .map_err(|invalid| Failure::failed(format!("the expiration must be {invalid}")))
}

fn lifetime(text: &str) -> Result<SignedDuration, String> {
    const MUST_BE: &str = "it must be a time of 1 minute to 1 year, such as 90m, 8h or 30d";
    let lifetime = duration(text).ok_or(MUST_BE)?;
    let fits = (SignedDuration::from_mins(1)..=MAX_LIFETIME).contains(&lifetime);
    if fits { Ok(lifetime) } else { Err(MUST_BE.to_owned()) }
}

const MAX_LIFETIME: SignedDuration = SignedDuration::from_hours(366 * 24);
