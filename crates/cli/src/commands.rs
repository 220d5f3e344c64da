//! One file a command, mirroring what a person types.

pub(crate) mod cache;
pub(crate) mod doctor;
pub(crate) mod ecs;
pub(crate) mod list;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod setup;
pub(crate) mod whoami;

use providers::identity_center;

use crate::args::Command;
use crate::error::{CommandError, Kind};
use crate::process;

/// Runs a command to its end, or until the person interrupts it.
pub(crate) async fn run(command: Command) -> Result<(), CommandError> {
    match command {
        // The server stops by itself, in good order.
        Command::Ecs(ecs::Ecs::Run(arguments)) => ecs::run::run(arguments).await,
        command => interruptible(run_interruptible(command)).await,
    }
}

/// Does it, unless the person interrupts it.
pub(crate) async fn interruptible<T>(
    work: impl Future<Output = Result<T, CommandError>>,
) -> Result<T, CommandError> {
    tokio::select! {
        outcome = work => outcome,
        () = process::interrupted() => {
            // A refreshed token is saved before we go: AWS may take the old one no more.
            identity_center::saved().await;
            Err(CommandError::new(Kind::Interrupted, "interrupted"))
        }
    }
}

async fn run_interruptible(command: Command) -> Result<(), CommandError> {
    match command {
        Command::Ecs(command) => ecs::run(command).await,
        Command::Setup(arguments) => setup::run(arguments),
        Command::Login(arguments) => login::run(arguments).await,
        Command::Logout(arguments) => logout::run(arguments).await,
        Command::Whoami(arguments) => whoami::run(arguments).await,
        Command::List(arguments) => list::run(arguments).await,
        Command::Cache(arguments) => cache::run(arguments).await,
        Command::Doctor(arguments) => doctor::run(arguments).await,
    }
}
