//! URL actions: what to do with a URL that a person should open. The actions are those of aws-sso-cli.

use std::io::Write;
use std::process::{Command, Stdio};

use data_encoding::BASE64;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::ground::{env, ui};
use config::{ConfigFile, UrlAction};
use credentials::Failure;

/// Programs that copy their input to the clipboard. The first installed one is used.
const CLIPBOARDS: [(&str, &[&str]); 5] = [
    ("wl-copy", &[]),
    ("xclip", &["-selection", "clipboard"]),
    ("xsel", &["--clipboard", "--input"]),
    ("pbcopy", &[]),
    ("clip.exe", &[]),
];

/// Performs the action. After an error the person has to open the URL by hand.
pub(crate) fn act(
    action: UrlAction,
    url: &str,
    name: &str,
    config: &ConfigFile,
) -> Result<(), Failure> {
    action
        .check_command(&config.url_exec_command)
        .map_err(|invalid| Failure::failed(format!("UrlExecCommand {invalid}")))?;
    match action {
        // The URL is shown in any case.
        UrlAction::Print | UrlAction::PrintUrl => Ok(()),
        UrlAction::Open => open(url, env::browser().as_ref().or(config.browser.as_ref())),
        UrlAction::Clip => copy(url),
        UrlAction::AnsiOsc52 => {
            ui::raw(&format!("\u{1b}]52;c;{}\u{7}", BASE64.encode(url.as_bytes())));
            Ok(())
        }
        UrlAction::Exec => exec(&config.url_exec_command, url),
        UrlAction::GrantedContainers => {
            exec(&config.url_exec_command, &in_container("granted-containers", url, name))
        }
        UrlAction::OpenUrlInContainer => {
            exec(&config.url_exec_command, &in_container("container", url, name))
        }
    }
}

fn open(url: &str, browser: Option<&String>) -> Result<(), Failure> {
    let opened = match browser {
        Some(browser) => open::with_detached(url, browser),
        None => open::that_detached(url),
    };
    opened.map_err(|error| {
        tracing::debug!(%error, "the browser could not be started");
        Failure::failed("no browser could be started")
    })
}

/// The URL that opens a Firefox container of this name: blue, with a fingerprint, as in aws-sso-cli.
fn in_container(scheme: &str, url: &str, name: &str) -> String {
    let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    format!("ext+{scheme}:name={}&url={}&color=blue&icon=fingerprint", encoded(name), encoded(url))
}

/// Starts `UrlExecCommand` without waiting for its end, because it may be the browser itself.
fn exec(command: &[String], url: &str) -> Result<(), Failure> {
    let Some((program, arguments)) = command.split_first() else { return Ok(()) };
    let arguments = arguments.iter().map(|argument| argument.replace("%s", url));
    let mut command = Command::new(program.replace("%s", url));
    let spawned = env::keep_password_from(&mut command)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    spawned.map(drop).map_err(|error| {
        Failure::failed(format!("UrlExecCommand `{program}` cannot be run: {error}"))
    })
}

fn copy(url: &str) -> Result<(), Failure> {
    for (program, arguments) in CLIPBOARDS {
        let mut command = Command::new(program);
        let spawned = env::keep_password_from(&mut command)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = spawned else { continue };
        let written =
            child.stdin.take().is_some_and(|mut stdin| stdin.write_all(url.as_bytes()).is_ok());
        if written && child.wait().is_ok_and(|status| status.success()) {
            ui::note("The URL is copied to the clipboard.");
            return Ok(());
        }
    }
    let names = CLIPBOARDS.map(|(program, _)| program).join(", ");
    Err(Failure::failed(format!("no program could copy the URL to the clipboard (tried {names})")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_url_escapes_the_url_in_it() {
        assert_eq!(
            in_container("container", "https://a/b?c=d&e=f", "My Corp"),
            "ext+container:name=My%20Corp&url=https%3A%2F%2Fa%2Fb%3Fc%3Dd%26e%3Df&color=blue&icon=fingerprint"
        );
    }

    #[test]
    fn a_missing_command_is_named() {
        let config = ConfigFile {
            url_exec_command: vec!["/no/such/browser".to_owned(), "%s".to_owned()],
            ..ConfigFile::default()
        };
        let error = act(UrlAction::Exec, "https://a", "corp", &config).unwrap_err();
        assert!(
            error.message.starts_with("UrlExecCommand `/no/such/browser` cannot be run"),
            "{}",
            error.message
        );
    }
}
