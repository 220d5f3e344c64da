//! `credential_process` of the AWS config (AWS SDKs and Tools Reference Guide, "Process credential provider").
//!
//! We start it ourselves, because the SDK does not end a hanging process when its caller stops waiting. A server that tries
//! again would start more and more of them.

use std::io;
use std::process::Stdio;

use credentials::Failure;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use zeroize::Zeroizing;

use crate::failure::one_line;
use crate::{PartialCredentials, child};

const MAX_OUTPUT_BYTES: usize = PartialCredentials::MAX_OUTPUT_BYTES;

/// Set in the environment of a `credential_process` that we run, so that an aws-sso that is one does not run another one.
pub const WITHIN_CREDENTIAL_PROCESS: &str = "AWS_SSO_WITHIN_CREDENTIAL_PROCESS";

/// Runs a command line and parses its output. The process is killed when the future is dropped.
///
/// # Errors
/// The process cannot be started, fails, or prints something other than credentials.
pub(crate) async fn run(line: &str) -> Result<PartialCredentials, Failure> {
    run_command(shell(line), "the credential_process").await
}

/// The same for a command. `what` it is, for messages.
pub(crate) async fn run_command(
    command: std::process::Command,
    what: &str,
) -> Result<PartialCredentials, Failure> {
    let failed = |error: io::Error| Failure::failed(format!("{what} cannot be run: {error}"));
    let mut child = Command::from(command)
        .env(WITHIN_CREDENTIAL_PROCESS, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (output, errors) = tokio::try_join!(read(stdout), read(stderr)).map_err(failed)?;
    if output.len() > MAX_OUTPUT_BYTES {
        let text = format!("{what} prints more than {MAX_OUTPUT_BYTES} bytes");
        return Err(Failure::failed(text));
    }
    let status = child.wait().await.map_err(failed)?;
    match status.success() {
        true => PartialCredentials::from_process_output(&output),
        false => {
            let errors = one_line(&String::from_utf8_lossy(&errors));
            Err(Failure::failed(format!("{what} failed ({status}): {errors}")))
        }
    }
}

#[cfg(not(windows))]
fn shell(line: &str) -> std::process::Command {
    let mut command = child::command("sh");
    command.args(["-c", line]);
    command
}

#[cfg(windows)]
fn shell(line: &str) -> std::process::Command {
    use std::os::windows::process::CommandExt;
    let mut command = child::command("cmd");
    command.arg("/C").raw_arg(line);
    command
}

/// The output, up to one byte more than is accepted, in memory that is wiped.
async fn read(pipe: Option<impl AsyncRead + Unpin>) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_OUTPUT_BYTES + 1));
    if let Some(pipe) = pipe {
        pipe.take(MAX_OUTPUT_BYTES as u64 + 1).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn the_output_is_parsed() {
        let json = r#"{"Version":1,"AccessKeyId":"ASIA1","SecretAccessKey":"CANARY"}"#;
        let given = run(&format!("echo '{json}'")).await.unwrap();
        assert_eq!(given.access_key_id.as_str(), "ASIA1");
    }

    #[tokio::test]
    async fn failures_are_reported_on_one_line() {
        for (line, told) in [
            ("echo 'no such vault' >&2; exit 3", "(exit status: 3): no such vault"),
            ("echo CANARY", "the output is not that of a credential_process"),
            ("yes CANARY", "prints more than 65536 bytes"),
            ("exec yes endless >&2", "(signal: 13 (SIGPIPE)): endless endless"),
            ("no-such-program-at-all", "(exit status: 127)"),
        ] {
            let text = run(line).await.unwrap_err().to_string();
            assert!(text.contains(told) && !text.contains("CANARY"), "{line}: {text}");
            assert!(text.len() < 1000, "{line}: {text}");
        }
    }

    #[tokio::test]
    async fn a_hanging_process_is_killed_when_its_caller_stops_waiting() {
        let home = tempfile::tempdir().unwrap();
        let pid = home.path().join("pid");
        let line = format!("echo $$ > {}; exec sleep 1000", pid.display());
        let written = async {
            loop {
                match std::fs::read_to_string(&pid) {
                    Ok(pid) if pid.ends_with('\n') => return pid.trim().to_owned(),
                    _ => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            }
        };
        let pid = tokio::select! {
            pid = written => pid,
            _ = run(&line) => panic!("the process does not end by itself"),
        };
        // A process that is killed and not waited for yet has no command line any more.
        let command_line = std::path::Path::new("/proc").join(pid).join("cmdline");
        while std::fs::read(&command_line).is_ok_and(|line| !line.is_empty()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
