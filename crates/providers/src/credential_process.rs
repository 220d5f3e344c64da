//! `credential_process` of the AWS config (AWS SDKs and Tools Reference Guide, "Process credential provider").
//!
//! It is started by us and not by the SDK, which lets one that hangs run on when nobody waits for it any more: a server
//! that tries again would have more and more of them.

use std::io;
use std::process::{ExitStatus, Stdio};

use credentials::Failure;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use zeroize::Zeroizing;

use crate::Given;

const LARGEST_OUTPUT: usize = Given::LARGEST_OUTPUT;

/// The variable by which a process knows that we run it as a `credential_process`: one of ours must not run another.
pub const WITHIN_CREDENTIAL_PROCESS: &str = "AWS_SSO_WITHIN_CREDENTIAL_PROCESS";

/// Runs a command line and reads what it prints. Who drops the future ends the process.
///
/// # Errors
/// It can't be started, fails, or prints something else than credentials.
pub(crate) async fn run(line: &str) -> Result<Given, Failure> {
    let failed = |error: io::Error| {
        Failure::failed(format!("the credential_process cannot be run: {error}"))
    };
    let mut child = shell(line)
        .env(WITHIN_CREDENTIAL_PROCESS, "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (output, said) = tokio::try_join!(read(stdout), read(stderr)).map_err(failed)?;
    if output.len() > LARGEST_OUTPUT {
        let text = format!("the credential_process prints more than {LARGEST_OUTPUT} bytes");
        return Err(Failure::failed(text));
    }
    let status = child.wait().await.map_err(failed)?;
    match status.success() {
        true => Given::from_process_output(&output),
        false => Err(unsuccessful(status, &said)),
    }
}

#[cfg(not(windows))]
fn shell(line: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", line]);
    command
}

#[cfg(windows)]
fn shell(line: &str) -> Command {
    let mut command = Command::new("cmd");
    command.arg("/C").raw_arg(line);
    command
}

/// All that it prints, up to one byte more than it may; in memory that is wiped.
async fn read(pipe: Option<impl AsyncRead + Unpin>) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LARGEST_OUTPUT + 1));
    if let Some(pipe) = pipe {
        pipe.take(LARGEST_OUTPUT as u64 + 1).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

fn unsuccessful(status: ExitStatus, said: &[u8]) -> Failure {
    let said = String::from_utf8_lossy(said);
    Failure::failed(format!("the credential_process failed ({status}): {said}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn what_it_prints_is_read() {
        let json = r#"{"Version":1,"AccessKeyId":"ASIA1","SecretAccessKey":"CANARY"}"#;
        let given = run(&format!("echo '{json}'")).await.unwrap();
        assert_eq!(given.access_key_id.as_str(), "ASIA1");
    }

    #[tokio::test]
    async fn what_is_wrong_is_told_on_one_line() {
        for (line, told) in [
            ("echo 'no such vault' >&2; exit 3", "(exit status: 3): no such vault"),
            ("echo CANARY", "this is not what a credential_process prints"),
            ("yes CANARY", "prints more than 65536 bytes"),
            ("no-such-program-at-all", "(exit status: 127)"),
        ] {
            let text = run(line).await.unwrap_err().to_string();
            assert!(text.contains(told) && !text.contains("CANARY"), "{line}: {text}");
        }
    }

    #[tokio::test]
    async fn one_that_hangs_ends_when_nobody_waits_for_it() {
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
            _ = run(&line) => panic!("it does not end by itself"),
        };
        // A process that is killed and not waited for yet has no command line any more.
        let command_line = std::path::Path::new("/proc").join(pid).join("cmdline");
        while std::fs::read(&command_line).is_ok_and(|line| !line.is_empty()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
