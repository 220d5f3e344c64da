//! Programs that we start: the one place where their commands are made. The passphrase of the secure store is in no child's
//! environment, because every other process of the user can read that environment, for as long as the child runs.

use std::ffi::OsStr;
use std::process::Command;

/// The variable with the passphrase that opens sign-ins.
pub const PASSPHRASE_VARIABLE: &str = "AWS_SSO_FILE_PASSWORD";

/// A command whose environment has no passphrase.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    without_passphrase(Command::new(program))
}

/// A command that a library made, without the passphrase.
pub fn without_passphrase(mut command: Command) -> Command {
    command.env_remove(PASSPHRASE_VARIABLE);
    command
}
