//! `aws-sso ecs list`

use clap::Args;

use crate::client::Client;
use crate::client::arguments::ServerArguments;
use crate::ground::arguments::{Output, OutputArguments};
use crate::ground::clock::SystemClock;
use crate::ground::ui;
use credentials::{Clock, Failure};

/// List the profiles in the named slots
#[derive(Args)]
#[command(after_help = "Example:\n  aws-sso ecs list --output json")]
pub(crate) struct Arguments {
    #[command(flatten)]
    server: ServerArguments,
    #[command(flatten)]
    output: OutputArguments,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let profiles = Client::new(&arguments.server)?.named_profiles().await?;
    if arguments.output.output == Output::Json {
        ui::json(&profiles);
    } else if profiles.is_empty() {
        ui::note(
            "No profiles are loaded in named slots. (For the default slot: aws-sso ecs profile)",
        );
    } else {
        ui::profiles(&profiles, SystemClock.now());
    }
    Ok(())
}
