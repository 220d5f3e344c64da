//! One file a command, mirroring what a person types.

pub(crate) mod ecs;

use crate::args::Command;
use crate::error::CommandError;

/// Runs a command to its end.
pub(crate) async fn run(command: Command) -> Result<(), CommandError> {
    match command {
        Command::Ecs(command) => ecs::run(command).await,
    }
}
