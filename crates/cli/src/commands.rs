//! One file a command, mirroring what a person types.

pub(crate) mod cache;
pub(crate) mod completions;
pub(crate) mod console;
pub(crate) mod doctor;
pub(crate) mod ecs;
pub(crate) mod exec;
pub(crate) mod list;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod man;
pub(crate) mod process;
pub(crate) mod setup;
pub(crate) mod whoami;

use std::process::ExitCode;

use providers::identity_center;

use crate::args::Command;
use credentials::{Failure, Problem};

/// Runs a command to its end, or until the person interrupts it.
pub(crate) async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        // These stop by themselves, in good order: the server, and what a command runs.
        command @ (Command::Ecs(ecs::Ecs::Run(_)) | Command::Exec(_)) => dispatch(command).await,
        command => interruptible(dispatch(command)).await,
    }
}

/// Does it, unless the person interrupts it.
pub(crate) async fn interruptible<T>(
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        outcome = work => outcome,
        () = crate::process::interrupted() => {
            // A refreshed token is saved before we go: AWS may take the old one no more.
            identity_center::saved().await;
            Err(Failure::new(Problem::Interrupted, "interrupted"))
        }
    }
}

async fn dispatch(command: Command) -> Result<ExitCode, Failure> {
    let done = match command {
        Command::Exec(arguments) => return exec::run(arguments).await,
        Command::Ecs(command) => ecs::run(command).await,
        Command::Setup(arguments) => setup::run(arguments).await,
        Command::Login(arguments) => login::run(arguments).await,
        Command::Logout(arguments) => logout::run(arguments).await,
        Command::Whoami(arguments) => whoami::run(arguments).await,
        Command::List(arguments) => list::run(arguments).await,
        Command::Cache(arguments) => cache::run(arguments).await,
        Command::Process(arguments) => process::run(arguments).await,
        Command::Console(arguments) => console::run(arguments).await,
        Command::Completions(arguments) => {
            completions::run(arguments);
            Ok(())
        }
        Command::Man(arguments) => man::run(arguments),
        Command::Doctor(arguments) => doctor::run(arguments).await,
    };
    done.map(|()| ExitCode::SUCCESS)
}
