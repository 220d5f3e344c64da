//! The command tree: what can be typed, and which function does it.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use credentials::Failure;
use tracing::level_filters::LevelFilter;

use crate::commands;
use crate::instance::interruptible::interruptible;

/// Serve AWS credentials of your IAM Identity Center roles to all your programs
#[derive(Parser)]
#[command(name = "aws-sso", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Log level for messages on stderr: off, error, warn, info, debug or trace
    #[arg(long, global = true, value_name = "LEVEL", default_value = "warn")]
    pub(crate) log_level: LevelFilter,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the credentials server and manage its slots
    #[command(subcommand)]
    Ecs(commands::ecs::Ecs),
    Setup(commands::setup::Arguments),
    Login(commands::login::Arguments),
    Logout(commands::logout::Arguments),
    Whoami(commands::whoami::Arguments),
    List(commands::list::Arguments),
    Exec(commands::exec::Arguments),
    Process(commands::process::Arguments),
    Console(commands::console::Arguments),
    Cache(commands::cache::Arguments),
    Completions(commands::completions::Arguments),
    Man(commands::man::Arguments),
    Doctor(commands::doctor::Arguments),
}

/// Runs a command to its end, or until the person interrupts it.
pub(crate) async fn run(command: Command) -> Result<ExitCode, Failure> {
    // These stop by themselves, in good order: the server, and what a command runs.
    let stops_by_itself =
        matches!(command, Command::Ecs(commands::ecs::Ecs::Run(_)) | Command::Exec(_));
    match stops_by_itself {
        true => dispatch(command).await,
        false => interruptible(dispatch(command)).await,
    }
}

async fn dispatch(command: Command) -> Result<ExitCode, Failure> {
    let done = match command {
        Command::Exec(arguments) => return Box::pin(commands::exec::run(arguments)).await,
        Command::Ecs(command) => Box::pin(commands::ecs::run(command)).await,
        Command::Setup(arguments) => Box::pin(commands::setup::run(arguments)).await,
        Command::Login(arguments) => Box::pin(commands::login::run(arguments)).await,
        Command::Logout(arguments) => Box::pin(commands::logout::run(arguments)).await,
        Command::Whoami(arguments) => Box::pin(commands::whoami::run(arguments)).await,
        Command::List(arguments) => Box::pin(commands::list::run(arguments)).await,
        Command::Cache(arguments) => Box::pin(commands::cache::run(arguments)).await,
        Command::Process(arguments) => Box::pin(commands::process::run(arguments)).await,
        Command::Console(arguments) => Box::pin(commands::console::run(arguments)).await,
        Command::Completions(arguments) => {
            commands::completions::run(arguments);
            Ok(())
        }
        Command::Man(arguments) => commands::man::run(arguments, Arguments::command()),
        Command::Doctor(arguments) => Box::pin(commands::doctor::run(arguments)).await,
    };
    done.map(|()| ExitCode::SUCCESS)
}
