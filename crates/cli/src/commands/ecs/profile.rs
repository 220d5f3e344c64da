//! `aws-sso ecs profile`

use clap::Args;

use crate::client::Client;
use crate::client::arguments::ServerArguments;
use crate::ground::arguments::{Output, OutputArguments};
use crate::ground::clock::SystemClock;
use crate::ground::ui;
use credentials::{Clock, Failure};

/// Show the profile in the default slot
#[derive(Args)]
#[command(after_help = "Example:\n  aws-sso ecs profile")]
pub(crate) struct Arguments {
    #[command(flatten)]
    server: ServerArguments,
    #[command(flatten)]
    output: OutputArguments,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let profile = Client::new(&arguments.server)?.default_profile().await?;
    if arguments.output.output == Output::Json {
        ui::json(&profile);
    } else {
        ui::profiles(&[profile], SystemClock.now());
    }
    Ok(())
}
