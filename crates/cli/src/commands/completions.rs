//! `aws-sso completions`

use clap::Args;

use crate::ground::ui;
use crate::programs::shell_completion::Shell;

/// Print the completion script of a shell
///
/// It completes commands, options, profiles, accounts, roles and slots. The first lines of the script say how to install it.
#[derive(Args)]
#[command(after_help = "Example:\n  eval \"$(aws-sso completions bash)\"")]
pub(crate) struct Arguments {
    /// The shell that loads the script [default: the one in the variable SHELL]
    #[arg(value_name = "SHELL")]
    shell: Option<Shell>,
    /// Has no effect: it is what the command does
    #[arg(long, hide = true)]
    source: bool,
    /// The shell, as aws-sso-cli names it
    #[arg(long = "shell", id = "named", hide = true, value_name = "SHELL")]
    named: Option<Shell>,
}

pub(crate) fn run(arguments: Arguments) {
    let Arguments { shell, named, source: _ } = arguments;
    let shell = shell.or(named).unwrap_or_else(Shell::of_this_person);
    ui::data(shell.script().trim_end());
}
