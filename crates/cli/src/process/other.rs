//! Platforms without Unix's signals, limits and process groups: only Ctrl-C is known. They are Windows.

use std::os::windows::process::CommandExt;
use std::process::Command;

use tokio::process::Child;

pub(crate) fn protect_memory() {}

pub(crate) fn allow_many_connections() {}

pub(crate) fn stop_signals() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without Ctrl-C there is no way to be told; then the server runs until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

pub(crate) fn interruption() -> std::io::Result<impl Future<Output = ()>> {
    stop_signals()
}

/// A line for the shell, which reads quotes in a way of its own.
pub(crate) fn shell(line: &str) -> Command {
    let mut command = Command::new("cmd");
    command.arg("/C").raw_arg(line);
    command
}

/// Here nothing is known of a shell's own children: tokio kills the shell alone.
pub(crate) struct ChildGroup;

impl ChildGroup {
    pub(crate) fn of(_: &Child) -> Self {
        Self
    }

    pub(crate) fn has_ended(self) {}
}
