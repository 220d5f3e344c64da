//! `aws-sso ecs unload`

use clap::Args;
use credentials::{Failure, ProfileName, SlotName};

use crate::client::Client;
use crate::client::arguments::ServerArguments;
use crate::ground::ui;
use crate::ground::values::Values;

/// Take credentials out of the server: those of the default slot, unless told otherwise
#[derive(Args)]
pub(crate) struct Arguments {
    /// Unload the slot of this name instead of the default slot
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
        ui::note("Unloaded every slot.");
        return Ok(());
    }
    let slot = arguments.profile.map_or(SlotName::Default, SlotName::Named);
    client.unload(&slot).await?;
    ui::note(&format!("Unloaded {slot}."));
    Ok(())
}
