//! The command tree: what can be typed, and which function does it.

mod global;
mod replaced;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use credentials::Failure;
use tracing::level_filters::LevelFilter;

use crate::commands;
use crate::ground::{env, ui};
use crate::instance::interruptible::interruptible;

/// Serve AWS credentials of your IAM Identity Center roles to all your programs
#[derive(Parser)]
#[command(name = "aws-sso", version, max_term_width = 100)]
#[command(after_help = "Without a command, it lists your roles.")]
struct Arguments {
    /// Log level for messages on stderr: off, error, warn, info, debug or trace
    #[arg(
        short = 'L',
        long,
        alias = "level",
        global = true,
        value_name = "LEVEL",
        default_value = "warn"
    )]
    log_level: LevelFilter,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
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
    // For lines that people have.
    #[command(hide = true)]
    Eval(commands::eval::Arguments),
    #[command(hide = true)]
    Tags(commands::tags::Arguments),
    /// Print how long the credentials of this shell are valid
    #[command(hide = true)]
    Time,
    /// Print version
    #[command(hide = true)]
    Version,
}

/// A line that somebody typed, parsed.
pub(crate) struct Line {
    arguments: Arguments,
    /// Whether no command was typed.
    is_bare: bool,
    browser: Option<String>,
    /// Flags that have no effect.
    not_needed: Vec<&'static str>,
}

/// The command tree. Global flags stand before or after a command.
pub(crate) fn command() -> clap::Command {
    global::everywhere(replaced::with_replaced(Arguments::command()))
}

/// Parses the arguments of this process. Ends the process for `--help` and for what cannot be parsed.
///
/// # Errors
/// It is a line of aws-sso-cli that has another form here.
pub(crate) fn parse() -> Result<Line, Failure> {
    let mut words: Vec<OsString> = env::arguments();
    let mut matches = matches_of(&words);
    let is_bare = matches.subcommand().is_none();
    if is_bare {
        words.push("list".into());
        matches = matches_of(&words);
    }
    replaced::check(&matches)?;
    match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => Ok(Line {
            arguments,
            is_bare,
            browser: matches.get_one::<String>("browser").cloned(),
            not_needed: global::not_needed(&matches).collect(),
        }),
        Err(error) => error.format(&mut command()).exit(),
    }
}

fn matches_of(words: &[OsString]) -> ArgMatches {
    let command = command().subcommand_required(false).arg_required_else_help(false);
    command.try_get_matches_from(words).unwrap_or_else(|error| error.exit())
}

impl Line {
    /// Starts the log, and says which flags have no effect.
    pub(crate) fn start_log(&self) {
        ui::start_log(self.arguments.log_level);
        for flag in &self.not_needed {
            tracing::info!("--{flag} is a flag of aws-sso-cli that has no effect here");
        }
    }

    /// Runs the command to its end, or until the person interrupts it.
    pub(crate) async fn run(self) -> Result<ExitCode, Failure> {
        if let Some(browser) = self.browser {
            env::set_browser(browser);
        }
        let command = self.arguments.command;
        // These stop by themselves, in good order: the server, and what a command runs.
        let stops_by_itself =
            matches!(command, Command::Ecs(commands::ecs::Ecs::Run(_)) | Command::Exec(_));
        let done = match stops_by_itself {
            true => dispatch(command).await,
            false => interruptible(dispatch(command)).await,
        };
        match done {
            Err(error) if self.is_bare => {
                let code = ui::report(&error);
                ui::note("All commands: aws-sso --help");
                Ok(code)
            }
            done => done,
        }
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
        Command::Man(arguments) => commands::man::run(arguments, self::command()),
        Command::Doctor(arguments) => Box::pin(commands::doctor::run(arguments)).await,
        Command::Eval(arguments) => Box::pin(commands::eval::run(arguments)).await,
        Command::Tags(arguments) => Box::pin(commands::tags::run(arguments)).await,
        Command::Time => commands::time::run(),
        Command::Version => {
            ui::data(self::command().render_version().trim_end());
            Ok(())
        }
    };
    done.map(|()| ExitCode::SUCCESS)
}
