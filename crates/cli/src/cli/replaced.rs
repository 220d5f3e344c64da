//! Commands and flags of aws-sso-cli that have another name here. Each ends with one line that says what to type, before
//! clap calls it unknown. They are in no help.

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use credentials::{Failure, Problem};

use crate::programs::shell_completion::Shell;

/// A command of aws-sso-cli, or a flag of a command.
struct Replaced {
    /// The words of the command.
    path: &'static str,
    flag: Option<Flag>,
    /// Why it is not here. A sentence without its full stop.
    why: &'static str,
    /// What to type instead. `SHELL` is the person's shell.
    instead: &'static str,
}

struct Flag {
    long: &'static str,
    short: Option<char>,
    value: Value,
}

enum Value {
    None,
    Any,
    /// One of these changes nothing here.
    AnyBut(&'static [&'static str]),
}

/// Adds them to the tree.
pub(super) fn with_replaced(command: Command) -> Command {
    REPLACED.iter().fold(command, |command, replaced| {
        let words: Vec<&str> = replaced.path.split(' ').collect();
        add(command, &words, replaced)
    })
}

fn add(command: Command, words: &[&'static str], replaced: &Replaced) -> Command {
    match (words, &replaced.flag) {
        // Its subcommands are added before it.
        ([], None) => command.subcommand_required(false),
        ([], Some(flag)) => command.arg(argument(flag)),
        ([word, rest @ ..], _) if command.find_subcommand(word).is_some() => {
            command.mut_subcommand(word, |command| add(command, rest, replaced))
        }
        ([word], _) => {
            let hidden = hidden(word).arg(everything_after_it());
            command.subcommand(hidden.override_help(replaced.line()))
        }
        ([word, rest @ ..], _) => {
            let group = hidden(word).subcommand_required(true);
            command.subcommand(add(group, rest, replaced))
        }
    }
}

fn hidden(word: &'static str) -> Command {
    Command::default().name(word).hide(true).disable_help_flag(true).disable_help_subcommand(true)
}

fn everything_after_it() -> Arg {
    Arg::new("everything").num_args(0..).trailing_var_arg(true).allow_hyphen_values(true)
}

fn argument(flag: &Flag) -> Arg {
    let arg = Arg::new(flag.long).long(flag.long).hide(true);
    let arg = match flag.short {
        Some(short) => arg.short(short),
        None => arg,
    };
    match flag.value {
        Value::None => arg.num_args(0).default_missing_value("").action(ArgAction::Append),
        Value::Any | Value::AnyBut(_) => arg.action(ArgAction::Append),
    }
}

/// The line about what was typed, if it has another name here.
pub(super) fn check(matches: &ArgMatches) -> Result<(), Failure> {
    match REPLACED.iter().find(|replaced| replaced.is_in(matches)) {
        Some(replaced) => Err(Failure::new(Problem::Usage, replaced.line())),
        None => Ok(()),
    }
}

impl Replaced {
    fn line(&self) -> String {
        let Self { path, flag, why, instead } = self;
        let flag = flag.as_ref().map(|flag| format!(" --{}", flag.long)).unwrap_or_default();
        let instead = instead.replace("SHELL", &Shell::of_this_person().to_string());
        format!("there is no `{path}{flag}` here: {why}. Type: {instead}")
    }

    fn is_in(&self, matches: &ArgMatches) -> bool {
        let mut matches = matches;
        for word in self.path.split(' ') {
            match matches.subcommand() {
                Some((typed, of_command)) if typed == word => matches = of_command,
                _ => return false,
            }
        }
        self.flag.as_ref().is_none_or(|flag| flag.is_in(matches))
    }
}

impl Flag {
    fn is_in(&self, matches: &ArgMatches) -> bool {
        let is_typed = matches.value_source(self.long) == Some(ValueSource::CommandLine);
        let is_meant = |value: &String| match self.value {
            Value::None | Value::Any => true,
            Value::AnyBut(same) => !same.contains(&value.as_str()),
        };
        let values = matches.get_many::<String>(self.long);
        is_typed && values.into_iter().flatten().any(is_meant)
    }
}

const fn command(path: &'static str, why: &'static str, instead: &'static str) -> Replaced {
    Replaced { path, flag: None, why, instead }
}

const fn flag(
    path: &'static str,
    (long, short, value): (&'static str, Option<char>, Value),
    why: &'static str,
    instead: &'static str,
) -> Replaced {
    Replaced { path, flag: Some(Flag { long, short, value }), why, instead }
}

const NO_KEYS_IN_FILES: &str = "no command writes keys into a file, and a profile can get them";
const NO_FILE_IS_CHANGED: &str =
    "no command changes a shell's files; the script says how to load it";
const NO_IMAGE: &str = "there is no image, and a container can use the server of its host";
const ANY_NUMBER_OF_TOKENS: &str = "there can be many tokens, each for certain slots";
const OWN_AUTHORITY: &str = "the server makes its own certificates";
const LOOPBACK: &str = "the server listens on loopback only, and containers can reach it there";

const CREATE_TOKEN: &str = "aws-sso ecs token create --default-slot --file ~/.aws-sso.token";
const FOR_CONTAINERS: &str = "aws-sso ecs env --format docker";
const SCRIPT: &str = "aws-sso completions SHELL";
const RUN_WITH_HTTPS: &str = "aws-sso ecs run --tls";

const REPLACED: &[Replaced] = &[
    command("config", "its name is `setup`", "aws-sso setup"),
    command("config-profiles", "its name is `setup profiles`", "aws-sso setup profiles"),
    command("credentials", NO_KEYS_IN_FILES, "aws-sso setup profiles"),
    command("flush", "its name is `logout`", "aws-sso logout"),
    command("install-completions", NO_FILE_IS_CHANGED, SCRIPT),
    command(
        "list-sso-roles",
        "`list` has these columns",
        "aws-sso list AccountId AccountName RoleName",
    ),
    command("setup wizard", "its name is `setup`", "aws-sso setup"),
    command("setup completions", NO_FILE_IS_CHANGED, SCRIPT),
    command("setup ecs auth", ANY_NUMBER_OF_TOKENS, CREATE_TOKEN),
    command("setup ecs ssl", OWN_AUTHORITY, RUN_WITH_HTTPS),
    command("setup ecs", "the server needs no setup", "aws-sso ecs run"),
    command("ecs auth", ANY_NUMBER_OF_TOKENS, CREATE_TOKEN),
    command("ecs cert", OWN_AUTHORITY, RUN_WITH_HTTPS),
    command("ecs docker", NO_IMAGE, FOR_CONTAINERS),
    flag("ecs run", ("docker", None, Value::None), NO_IMAGE, FOR_CONTAINERS),
    flag("ecs run", ("bind-ip", None, Value::AnyBut(&LOCAL)), LOOPBACK, FOR_CONTAINERS),
    flag("console", ("prompt", Some('P'), Value::None), "it asks if no role is named", ASK),
    flag("completions", ("install", Some('I'), Value::None), NO_FILE_IS_CHANGED, SCRIPT),
    flag("completions", ("uninstall", Some('U'), Value::None), NO_FILE_IS_CHANGED, SCRIPT),
    flag("completions", ("shell-script", None, Value::Any), NO_FILE_IS_CHANGED, SCRIPT),
    flag(
        "list",
        ("list-fields", None, Value::None),
        "the help of `list` names the fields",
        "aws-sso list --help",
    ),
];

const ASK: &str = "env -u AWS_PROFILE -u AWS_SSO_PROFILE aws-sso console";
const LOCAL: [&str; 3] = ["127.0.0.1", "::1", "localhost"];
