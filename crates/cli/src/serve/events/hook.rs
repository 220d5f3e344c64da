//! The person's own command, run for one event after the other. It never outlives us, nor its time.

use std::future::pending;
use std::io;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::{ChildStdin, Command};
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

use crate::ground::process::{self, ChildGroup};
use crate::ground::{env, ui};

/// A shell command, and how long it may take.
pub(super) struct Hook {
    pub(super) command: String,
    pub(super) limit: Duration,
}

/// Runs it once for each line, in their order.
pub(super) async fn run_all(hook: Option<Hook>, mut lines: Receiver<String>) {
    let Some(hook) = hook else { return };
    while let Some(line) = lines.recv().await {
        if let Err(trouble) = hook.run(line).await {
            ui::note(&format!("warning: the command of --on-event {trouble}"));
        }
    }
}

impl Hook {
    async fn run(&self, line: String) -> Result<(), String> {
        let mut command = process::shell(&self.command);
        // Our stdout is data.
        env::keep_password_from(&mut command).stdin(Stdio::piped()).stdout(io::stderr());
        let unusable = |error: io::Error| format!("cannot be run: {error}");
        let mut child = Command::from(command).kill_on_drop(true).spawn().map_err(unusable)?;
        let group = ChildGroup::of(&child);
        let stdin = child.stdin.take();
        let ended = async {
            tokio::select! {
                status = child.wait() => status,
                never = give(line, stdin) => never,
            }
        };
        let Ok(status) = timeout(self.limit, ended).await else {
            drop(group);
            // Where there are no groups it lives yet; and in any case it is waited for.
            child.kill().await.ok();
            return Err(format!("was killed after {} seconds", self.limit.as_secs_f32()));
        };
        group.has_ended();
        match status.map_err(unusable)? {
            status if status.success() => Ok(()),
            status => Err(format!("ended with {status}")),
        }
    }
}

/// Writes the line, and leaves it to others to come to an end.
async fn give<T>(line: String, stdin: Option<ChildStdin>) -> T {
    if let Some(mut stdin) = stdin {
        // Who doesn't read it doesn't want it.
        stdin.write_all(line.as_bytes()).await.ok();
    }
    pending().await
}
