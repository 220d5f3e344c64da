//! The command of `--on-event`, run for one event after the other. It is killed at its timeout and when the server
//! stops.

use std::future::pending;
use std::io;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::{ChildStdin, Command};
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

use crate::ground::process::{self, ChildGroup};
use crate::ground::ui;

/// A shell command and its timeout.
pub(super) struct Hook {
    pub(super) command: String,
    pub(super) timeout: Duration,
}

/// Runs the command once for each line, in order.
pub(super) async fn run_all(hook: Option<Hook>, mut lines: Receiver<String>) {
    let Some(hook) = hook else { return };
    while let Some(line) = lines.recv().await {
        if let Err(problem) = hook.run(line).await {
            ui::note(&format!("warning: the command of --on-event {problem}"));
        }
    }
}

impl Hook {
    async fn run(&self, line: String) -> Result<(), String> {
        let mut command = process::shell(&self.command);
        // Our stdout is for data, so its output goes to stderr.
        command.stdin(Stdio::piped()).stdout(io::stderr());
        let unusable = |error: io::Error| format!("cannot be run: {error}");
        let mut child = Command::from(command).kill_on_drop(true).spawn().map_err(unusable)?;
        let group = ChildGroup::of(&child);
        let stdin = child.stdin.take();
        let ended = async {
            tokio::select! {
                status = child.wait() => status,
                never = write_line(line, stdin) => never,
            }
        };
        let Ok(status) = timeout(self.timeout, ended).await else {
            drop(group);
            // Without process groups it still runs. In any case it must be waited for.
            child.kill().await.ok();
            return Err(format!("was killed after {} seconds", self.timeout.as_secs_f32()));
        };
        group.has_ended();
        match status.map_err(unusable)? {
            status if status.success() => Ok(()),
            status => Err(format!("ended with {status}")),
        }
    }
}

/// Writes the line to the command, and then never returns.
async fn write_line<T>(line: String, stdin: Option<ChildStdin>) -> T {
    if let Some(mut stdin) = stdin {
        // A command need not read its stdin.
        stdin.write_all(line.as_bytes()).await.ok();
    }
    pending().await
}
