//! `aws-sso login`

use clap::Args;
use credentials::Failure;
use providers::identity_center::{IdentityCenter, Workflow};

use crate::ground::ui;
use crate::instance::access::{self, explain};
use crate::instance::arguments::{InstanceArguments, UrlArguments};
use crate::instance::catalogue::{self, Extent};
use crate::instance::roles::Roles;
use crate::instance::settings::{ConfiguredInstance, Settings};
use crate::instance::sign_in::{Outcome, SignInOptions, sign_in, until};

/// Sign in to IAM Identity Center
///
/// It opens your browser, waits for your approval, and then updates the list of your accounts and roles. Where it cannot
/// open a browser (SSH, WSL, containers), it shows a code for a browser on any device. The sign-in is shared by all
/// commands and servers until the SSO session ends.
#[derive(Args)]
#[command(after_help = "Example:\n  aws-sso login")]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: InstanceArguments,
    /// Sign in with a code in a browser on any device
    #[arg(long)]
    device_code: bool,
    /// Sign in with a browser on this machine, even if none seems to be available
    #[arg(long, conflicts_with = "device_code")]
    pkce: bool,
    #[command(flatten)]
    url: UrlArguments,
    /// Sign in again, even if you are signed in
    #[arg(short, long)]
    force: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let settings = Settings::read(&arguments.instance)?;
    let instance = settings.chosen()?;
    let center = access::open_to_sign_in(&settings, instance)?;
    let workflow = match (arguments.device_code, arguments.pkce) {
        (true, _) => Some(Workflow::DeviceCode),
        (_, true) => Some(Workflow::Pkce),
        _ => None,
    };
    let options =
        SignInOptions { force: arguments.force, workflow, url_action: arguments.url.url_action };
    let explained = |error| explain(error, &settings, instance);
    if let Some(path) = center.set_aside_if_key_is_lost().map_err(explained)? {
        ui::note(&format!(
            "The key of the previous sign-in is lost. The file was moved to {}.",
            path.display()
        ));
    }
    let outcome = sign_in(&settings, instance, &center, options).await?;
    show_outcome(instance, &center, &outcome).await.map_err(explained)?;
    let extent = match outcome {
        Outcome::SignedIn => Extent::WhatIsNew,
        Outcome::AlreadySignedIn(_) => Extent::IfOld,
    };
    let catalogue = catalogue::update(&settings, instance, &center, extent).await?;
    // Build and store the profile names now, while the person waits. Errors in them are shown where the names are used.
    Roles::of(&settings, instance, &catalogue).ok();
    let roles = catalogue.role_count();
    let (accounts, flag) = (catalogue.accounts.len(), settings.flag_for(&instance.instance));
    ui::note(&format!("You may use {roles} roles in {accounts} accounts: aws-sso list{flag}"));
    access::warn_about_clock(&center);
    Ok(())
}

async fn show_outcome(
    instance: &ConfiguredInstance,
    center: &IdentityCenter,
    outcome: &Outcome,
) -> Result<(), Failure> {
    let name = &instance.instance.name;
    let (signed_in, already) = match outcome {
        Outcome::AlreadySignedIn(signed_in) => (Some(signed_in.clone()), "already "),
        Outcome::SignedIn => (center.signed_in().await?, ""),
    };
    if let Some(signed_in) = signed_in {
        ui::note(&format!("You are {already}signed in to `{name}`, {}.", until(&signed_in)));
    }
    Ok(())
}
