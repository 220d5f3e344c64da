//! Platforms without Unix's signals, limits and process groups: only Ctrl-C is known. They are Windows.

use std::io;
use std::os::windows::process::CommandExt;
use std::process::{Command, ExitCode, ExitStatus};

use tokio::process::Child;

pub(crate) fn protect_memory() {}

pub(crate) fn allow_many_connections() {}

pub(crate) fn stop_signals() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        // If Ctrl-C cannot be handled, the server runs until it is killed.
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

/// Runs the command and waits for it, because a process cannot be replaced here.
pub(crate) fn replace(mut command: Command) -> io::Result<ExitCode> {
    command.status().map(exit_code)
}

/// Takes over Ctrl-C, which every program of a console gets anyway.
pub(crate) struct ChildSignals;

impl ChildSignals {
    /// Takes over Ctrl-C, so that it does not end this process.
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

/// A shell that runs the line. `raw_arg`, because cmd has its own rules for quotes.
pub(crate) fn shell(line: &str) -> Command {
    let mut command = providers::child::command("cmd");
    command.arg("/C").raw_arg(line);
    command
}

/// The command in its own process group, and without a console window.
pub(crate) fn detached(mut command: Command) -> Command {
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;
    const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    command.creation_flags(CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW);
    command
}

/// A placeholder: the children of a shell are unknown here, so tokio kills the shell alone.
pub(crate) struct ChildGroup;

impl ChildGroup {
    pub(crate) fn of(_: &Child) -> Self {
        Self
    }

    pub(crate) fn has_ended(self) {}
}
