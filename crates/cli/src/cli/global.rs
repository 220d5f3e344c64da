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
    let command = NOT_NEEDED_BY.iter().fold(command, |command, (name, flag)| {
        command.mut_subcommand(name, |command| with(command, &[not_needed_flag(flag)]))
    });
    let hidden: Vec<Arg> = command.get_arguments().cloned().map(|arg| arg.hide(true)).collect();
    let hidden: Vec<Arg> = hidden.into_iter().filter(|arg| !SHOWN.contains(&id(arg))).collect();
    without_empty_variables(command.mut_subcommands(|command| with(command, &hidden)))
}

/// The flags on this line that have no effect.
pub(super) fn not_needed(matches: &ArgMatches) -> impl Iterator<Item = &'static str> {
    // The root has the values of all global flags.
    let anywhere = NOT_NEEDED.iter().filter(|flag| flag.is_in(matches));
    let of_command = NOT_NEEDED_BY.iter().filter(|(name, flag)| {
        matches.subcommand().is_some_and(|(typed, matches)| typed == *name && flag.is_in(matches))
    });
    anywhere.chain(of_command.map(|(_, flag)| flag)).map(|flag| flag.long)
}

fn id(arg: &Arg) -> &str {
    arg.get_id().as_str()
}

/// Adds the arguments to the commands that have none with the same id or name.
fn with(command: Command, hidden: &[Arg]) -> Command {
    let is_same = |own: &Arg, arg: &Arg| id(own) == id(arg) || own.get_long() == arg.get_long();
    let missing = hidden.iter().filter(|arg| !command.get_arguments().any(|own| is_same(own, arg)));
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
    short: Option<char>,
    takes_value: bool,
}

impl NotNeeded {
    /// Whether the command has the flag as one without effect, and it was typed.
    fn is_in(&self, matches: &ArgMatches) -> bool {
        matches.try_contains_id(self.long).unwrap_or_default()
    }
}

fn not_needed_flag(flag: &NotNeeded) -> Arg {
    let arg = Arg::new(flag.long).long(flag.long).hide(true);
    let arg = match flag.short {
        Some(short) => arg.short(short),
        None => arg,
    };
    match flag.takes_value {
        true => arg.action(ArgAction::Append).value_name("N"),
        false => arg.num_args(0).default_missing_value("").action(ArgAction::Append),
    }
}

/// The global flags that every command shows.
const SHOWN: [&str; 1] = ["log_level"];

const NOT_NEEDED: [NotNeeded; 6] = [
    // Lines of source code in the log.
    not_needed_anywhere("lines", false),
    // The rate of calls to AWS is limited by what AWS allows.
    not_needed_anywhere("threads", true),
    // Credentials are fetched again when they are due.
    not_needed_anywhere("sts-refresh", false),
    // No command changes the AWS config without being asked to.
    not_needed_anywhere("no-config-check", false),
    // Without a flag that asks for them, the server needs no token and speaks plain HTTP.
    not_needed_anywhere("disable-auth", false),
    not_needed_anywhere("disable-ssl", false),
];

const fn not_needed_anywhere(long: &'static str, takes_value: bool) -> NotNeeded {
    NotNeeded { long, short: None, takes_value }
}

/// Flags without effect of one command.
const NOT_NEEDED_BY: [(&str, NotNeeded); 2] = [
    // Variables that would take priority over the role are always unset.
    ("exec", NotNeeded { long: "overwrite-env", short: Some('O'), takes_value: false }),
    // A region of the environment is never replaced.
    ("exec", NotNeeded { long: "no-region", short: Some('n'), takes_value: false }),
];
