//! `aws-sso completions`

use clap::Args;

use crate::ground::ui;
use crate::programs::shell_completion::Shell;

/// Print what makes a shell complete commands, profiles, accounts and roles
///
/// The first lines say how to load it for good. For the bash that you are in: eval "$(aws-sso completions bash)"
#[derive(Args)]
pub(crate) struct Arguments {
    /// The shell that is to load it
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(crate) fn run(arguments: Arguments) {
    ui::data(arguments.shell.script().trim_end());
}
