//! `aws-sso ecs status`

mod text;
mod watch;
mod words;

use clap::Args;

use crate::client::Client;
use crate::client::arguments::ServerArguments;
use crate::ground::arguments::{Output, OutputArguments};
use crate::ground::ui;
use credentials::{Failure, Problem};

/// Show the status of a server: its slots, when they expire and who reads them
#[derive(Args)]
#[command(after_help = "Example:\n  aws-sso ecs status --watch")]
pub(crate) struct Arguments {
    #[command(flatten)]
    server: ServerArguments,
    /// Show it full-screen and keep it up to date; q quits
    #[arg(long, conflicts_with = "output")]
    watch: bool,
    #[command(flatten)]
    output: OutputArguments,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    if arguments.watch && !ui::is_data_seen() {
        return Err(Failure::new(
            Problem::Usage,
            "--watch needs a terminal, and stdout is not a terminal",
        )
        .with_hint("For programs: aws-sso ecs status --output json"));
    }
    let client = Client::new(&arguments.server)?;
    let status = client.status().await?;
    match arguments.output.output {
        _ if arguments.watch => return watch::watch(&client, &status).await,
        Output::Json => ui::json(&status),
        Output::Text => text::show(&status),
    }
    Ok(())
}
