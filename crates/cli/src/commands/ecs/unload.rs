//! `aws-sso ecs unload`

use clap::Args;
use credentials::{Failure, ProfileName, SlotName};

use crate::client::Client;
use crate::client::arguments::ServerArguments;
use crate::ground::ui;
use crate::ground::values::Values;

/// Remove credentials from the server: from the default slot, a named slot or all slots
#[derive(Args)]
#[command(after_help = "Example:\n  aws-sso ecs unload --profile prod:Admin")]
pub(crate) struct Arguments {
    /// Unload this named slot instead of the default slot
    #[arg(short, long, value_name = "NAME", value_parser = ProfileName::parse, add = Values::Slots)]
    profile: Option<ProfileName>,
    /// Unload the default slot and every named slot
    #[arg(long, conflicts_with = "profile")]
    all: bool,
    #[command(flatten)]
    server: ServerArguments,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let client = Client::new(&arguments.server)?;
    if arguments.all {
        client.unload_all().await?;
        ui::note("Unloaded all slots.");
        return Ok(());
    }
    let slot = arguments.profile.map_or(SlotName::Default, SlotName::Named);
    client.unload(&slot).await?;
    ui::note(&format!("Unloaded {slot}."));
    Ok(())
}
