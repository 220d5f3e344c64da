//! Platforms without Unix's signals, limits and process groups: only Ctrl-C is known. They are Windows.

use std::io;
use std::os::windows::process::CommandExt;
use std::process::{Command, ExitCode, ExitStatus};

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

pub(crate) fn spawn(command: Command) -> io::Result<Child> {
    tokio::process::Command::from(command).spawn()
}

/// No process becomes another one here: we wait for it.
pub(crate) fn replace(mut command: Command) -> io::Result<ExitCode> {
    command.status().map(exit_code)
}

/// Ctrl-C reaches every program of a console by itself.
pub(crate) struct ChildSignals;

impl ChildSignals {
    /// From now on it ends us no more.
    pub(crate) fn take_over() -> io::Result<Self> {
        let mut ctrl_c = tokio::signal::windows::ctrl_c()?;
        tokio::spawn(async move { while ctrl_c.recv().await.is_some() {} });
        Ok(Self)
    }

    pub(crate) async fn wait(self, mut child: Child) -> io::Result<ExitCode> {
        child.wait().await.map(exit_code)
    }
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
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
