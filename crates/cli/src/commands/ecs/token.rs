//! `aws-sso ecs token`: authorization tokens, for programs that the server cannot identify by their connection.

mod create;
mod list;
mod revoke;

use clap::Subcommand;
use credentials::{Failure, SlotName};
use server::{Grant, Scope, TokenStore};

use crate::ground::paths;

/// Create, list and revoke authorization tokens
///
/// Anyone who has a token can read the slots that it names, also from a container or as another user. AWS SDKs send the
/// token in AWS_CONTAINER_AUTHORIZATION_TOKEN, or in the file that AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names. A token is
/// valid for all your servers on this host, also after they restart.
#[derive(Subcommand)]
pub(crate) enum Token {
    Create(create::Arguments),
    List(list::Arguments),
    Revoke(revoke::Arguments),
}

pub(crate) async fn run(command: Token) -> Result<(), Failure> {
    match command {
        Token::Create(arguments) => create::run(arguments),
        Token::List(arguments) => list::run(arguments),
        Token::Revoke(arguments) => revoke::run(arguments).await,
    }
}

fn store() -> TokenStore {
    TokenStore::at(paths::token_store())
}

/// The permission of a token, as text.
fn words(grant: &Grant) -> String {
    let list =
        |slots: &[SlotName]| slots.iter().map(SlotName::to_string).collect::<Vec<_>>().join(", ");
    match &grant.scope {
        Scope::Read(slots) => format!("read {}", list(slots)),
        Scope::ReadAll => "read every slot".to_owned(),
        Scope::Admin => "read and change every slot, with any of your roles".to_owned(),
        Scope::HandIn(slots) => format!("hand in credentials for {}", list(slots)),
        Scope::HandInAll => "hand in credentials for every slot".to_owned(),
    }
}

/// The word for programs.
fn kind(grant: &Grant) -> &'static str {
    match &grant.scope {
        Scope::Read(_) => "read",
        Scope::ReadAll => "read-all",
        Scope::Admin => "admin",
        Scope::HandIn(_) => "load-only",
        Scope::HandInAll => "load-only-all",
    }
}

/// Whether the token is for the default slot, and the names of its named slots.
fn slots(grant: &Grant) -> (bool, Vec<&str>) {
    let (Scope::Read(slots) | Scope::HandIn(slots)) = &grant.scope else {
        return (false, Vec::new());
    };
    let named = slots.iter().filter_map(|slot| match slot {
        SlotName::Default => None,
        SlotName::Named(name) => Some(name.as_str()),
    });
    (slots.contains(&SlotName::Default), named.collect())
}
