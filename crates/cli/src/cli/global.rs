//! Flags that stand before or after a command. Every command takes them, because lines that people have in scripts and
//! in the AWS config put them anywhere; the help of a command shows those that mean something to it.

use clap::builder::Resettable;
use clap::{Arg, ArgAction, ArgMatches, Args, Command};

use crate::ground::env;
use crate::instance::arguments::{InstanceArguments, UrlArguments};

/// The tree with the global flags. A command that defines such a flag itself shows it; clap gives it the value that
/// stands before the command too, and of two values the later. In all other commands, the flag is hidden.
pub(super) fn everywhere(command: Command) -> Command {
    // `augment_args` replaces the description of the command.
    let about = command.get_about().cloned().unwrap_or_default();
    let command = UrlArguments::augment_args(InstanceArguments::augment_args(command)).about(about);
    let command = command.mut_args(|arg| arg.global(true));
    let command = command.args(NOT_NEEDED.iter().map(|flag| not_needed_flag(flag).global(true)));
    let hidden: Vec<Arg> = command.get_arguments().cloned().map(|arg| arg.hide(true)).collect();
    let hidden: Vec<Arg> = hidden.into_iter().filter(|arg| !SHOWN.contains(&id(arg))).collect();
    without_empty_variables(command.mut_subcommands(|command| with(command, &hidden)))
}

/// The flags on this line that have no effect.
pub(super) fn not_needed(matches: &ArgMatches) -> impl Iterator<Item = &'static str> {
    // The root has the values of all global flags.
    NOT_NEEDED.iter().filter(|flag| matches.contains_id(flag.long)).map(|flag| flag.long)
}

fn id(arg: &Arg) -> &str {
    arg.get_id().as_str()
}

/// Adds the arguments to the commands that have none with the same id.
fn with(command: Command, hidden: &[Arg]) -> Command {
    let missing =
        hidden.iter().filter(|arg| !command.get_arguments().any(|own| id(own) == id(arg)));
    let missing: Vec<Arg> = missing.cloned().collect();
    command.args(missing).mut_subcommands(|command| with(command, hidden))
}

/// An empty variable is one that is not set. To clap, it is an empty value.
fn without_empty_variables(command: Command) -> Command {
    let command = command.mut_args(|arg| match arg.get_env().map(env::is_empty) {
        Some(true) => arg.env(Resettable::Reset),
        Some(false) | None => arg,
    });
    command.mut_subcommands(without_empty_variables)
}

/// A flag of aws-sso-cli that is accepted and has no effect.
struct NotNeeded {
    long: &'static str,
    takes_value: bool,
}

fn not_needed_flag(flag: &NotNeeded) -> Arg {
    let arg = Arg::new(flag.long).long(flag.long).hide(true);
    match flag.takes_value {
        true => arg.action(ArgAction::Append).value_name("N"),
        false => arg.num_args(0).default_missing_value("").action(ArgAction::Append),
    }
}

/// The global flags that every command shows.
const SHOWN: [&str; 1] = ["log_level"];

const NOT_NEEDED: [NotNeeded; 6] = [
    // Lines of source code in the log.
    NotNeeded { long: "lines", takes_value: false },
    // The rate of calls to AWS is limited by what AWS allows.
    NotNeeded { long: "threads", takes_value: true },
    // Credentials are fetched again when they are due.
    NotNeeded { long: "sts-refresh", takes_value: false },
    // No command changes the AWS config without being asked to.
    NotNeeded { long: "no-config-check", takes_value: false },
    // Without a flag that asks for them, the server needs no token and speaks plain HTTP.
    NotNeeded { long: "disable-auth", takes_value: false },
    NotNeeded { long: "disable-ssl", takes_value: false },
];
