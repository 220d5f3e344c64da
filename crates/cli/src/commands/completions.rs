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
    /// The shell that loads the script
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(crate) fn run(arguments: Arguments) {
    ui::data(arguments.shell.script().trim_end());
}
