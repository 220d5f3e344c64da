//! `aws-sso logout`

use clap::Args;

use crate::client::Client;
use crate::client::arguments::ServerArguments;
use crate::ground::ui;
use crate::instance::access::{self, explain};
use crate::instance::arguments::InstanceArguments;
use crate::instance::settings::Settings;
use server::wire::ProfileObject;

use credentials::{Failure, InstanceId, SlotName, Source};

/// Sign out of IAM Identity Center
///
/// It deletes the stored sign-in and ends the session at AWS. Credentials that are loaded into a server stay valid until
/// they expire (see `aws-sso ecs unload`).
#[derive(Args)]
#[command(after_help = "Example:\n  aws-sso logout")]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: InstanceArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let settings = Settings::read(&arguments.instance)?;
    let instance = settings.chosen()?;
    let name = &instance.instance.name;
    let center = access::open(&settings, instance)?;
    match center.sign_out().await {
        Ok(true) => ui::note(&format!("You are signed out of `{name}`.")),
        Ok(false) => ui::note(&format!("You were not signed in to `{name}` with aws-sso.")),
        Err(error) => return Err(explain(error, &settings, instance)),
    }
    if let Some(slots) = slots_of(&arguments.server, &instance.instance.id()).await {
        ui::note(&format!(
            "The server cannot refresh these slots until you sign in again: {slots}."
        ));
    }
    if let Ok(Some(signed_in)) = center.signed_in().await
        && signed_in.from_aws_cli
    {
        ui::note("The AWS CLI is still signed in. To sign it out: aws sso logout");
    }
    Ok(())
}

/// The slots of a running server that are refreshed from this instance.
async fn slots_of(server: &ServerArguments, instance: &InstanceId) -> Option<String> {
    let client = Client::new(server).ok()?;
    let is_of = |profile: &ProfileObject| {
        profile.source().as_ref().and_then(Source::instance) == Some(instance)
    };
    let default = client.default_profile().await.ok().filter(is_of);
    let named = client.named_profiles().await.unwrap_or_default().into_iter().filter(is_of);
    let named = named.map(|profile| format!("`{}`", ui::printable(&profile.profile_name)));
    let slots: Vec<_> =
        default.map(|_| SlotName::Default.to_string()).into_iter().chain(named).collect();
    (!slots.is_empty()).then(|| slots.join(", "))
}
