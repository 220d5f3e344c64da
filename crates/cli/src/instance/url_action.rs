//! URL actions: what to do with a URL that a person should open. The actions are those of aws-sso-cli.

mod container;

use std::io::{self, Write};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use data_encoding::BASE64;

use crate::ground::{env, process, ui};
use config::{ConfigFile, UrlAction};
use credentials::Failure;
use providers::child;

pub(crate) use container::Container;

/// A program that opens the browser and fails within this time is not the right one.
const FAILURE_WINDOW: Duration = Duration::from_millis(500);
/// Programs that copy their input to the clipboard. The first installed one is used.
const CLIPBOARDS: [(&str, &[&str]); 5] = [
    ("wl-copy", &[]),
    ("xclip", &["-selection", "clipboard"]),
    ("xsel", &["--clipboard", "--input"]),
    ("pbcopy", &[]),
    ("clip.exe", &[]),
];

/// A URL that a person should open.
pub(crate) struct Address<'a> {
    /// The URL, for the person and the clipboard.
    pub(crate) url: &'a str,
    /// The URL for the arguments of a program, which every user of this host can read.
    pub(crate) argument: &'a str,
}

/// Performs the action. After an error the person has to open the URL by hand.
pub(crate) fn act(
    action: UrlAction,
    &Address { url, argument }: &Address<'_>,
    container: &Container<'_>,
    config: &ConfigFile,
) -> Result<(), Failure> {
    action
        .check_command(&config.url_exec_command)
        .map_err(|invalid| Failure::failed(format!("UrlExecCommand {invalid}")))?;
    if let Some(key) = command_key(action, config) {
        check_writers(key, config)?;
    }
    match action {
        // The URL is shown in any case.
        UrlAction::Print | UrlAction::PrintUrl => Ok(()),
        UrlAction::Open => open(argument, env::browser().as_ref().or(config.browser.as_ref())),
        UrlAction::Clip => copy(url),
        UrlAction::AnsiOsc52 => {
            ui::raw(&format!("\u{1b}]52;c;{}\u{7}", BASE64.encode(url.as_bytes())));
            Ok(())
        }
        UrlAction::Exec => exec(&config.url_exec_command, argument),
        UrlAction::GrantedContainers => {
            exec(&config.url_exec_command, &container.url("granted-containers", argument))
        }
        UrlAction::OpenUrlInContainer => {
            exec(&config.url_exec_command, &container.url("container", argument))
        }
    }
}

/// The key of the config file whose command the action runs.
fn command_key(action: UrlAction, config: &ConfigFile) -> Option<&'static str> {
    match action {
        UrlAction::Print | UrlAction::PrintUrl | UrlAction::Clip | UrlAction::AnsiOsc52 => None,
        UrlAction::Open => {
            (env::browser().is_none() && config.browser.is_some()).then_some("Browser")
        }
        UrlAction::Exec | UrlAction::GrantedContainers | UrlAction::OpenUrlInContainer => {
            Some("UrlExecCommand")
        }
    }
}

/// Checks that no other user could have written the command.
fn check_writers(key: &str, config: &ConfigFile) -> Result<(), Failure> {
    files::check_writers(&config.path).map_err(|error| {
        let solution = error.command().map(|command| format!(" ({command})")).unwrap_or_default();
        Failure::failed(format!("{key} is not run: {error}{solution}"))
    })
}

fn open(url: &str, browser: Option<&String>) -> Result<(), Failure> {
    let commands = match browser {
        Some(browser) => vec![open::with_command(url, browser)],
        None => open::commands(url),
    };
    for command in commands {
        let mut command = process::detached(child::without_passphrase(command));
        let program = command.get_program().to_owned();
        match quiet(command.stdin(Stdio::null())).spawn().and_then(has_failed) {
            Ok(false) => return Ok(()),
            Ok(true) => tracing::debug!(?program, "the browser failed"),
            Err(error) => tracing::debug!(?program, %error, "the browser could not be started"),
        }
    }
    Err(Failure::failed("no browser could be started"))
}

/// Whether a program that opens the browser fails at once, so that the next one should be tried.
fn has_failed(mut child: Child) -> io::Result<bool> {
    let deadline = Instant::now() + FAILURE_WINDOW;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait()? {
            // On Windows, the exit code says nothing.
            return Ok(!status.success() && cfg!(unix));
        }
        sleep(Duration::from_millis(10));
    }
    Ok(false)
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdout(Stdio::null()).stderr(Stdio::null())
}

/// Starts `UrlExecCommand` without waiting for its end, because it may be the browser itself.
fn exec(command: &[String], url: &str) -> Result<(), Failure> {
    let Some((program, arguments)) = command.split_first() else { return Ok(()) };
    let arguments = arguments.iter().map(|argument| argument.replace("%s", url));
    let mut command = child::command(program.replace("%s", url));
    let spawned = quiet(command.args(arguments).stdin(Stdio::null())).spawn();
    spawned.map(drop).map_err(|error| {
        Failure::failed(format!("UrlExecCommand `{program}` cannot be run: {error}"))
    })
}

fn copy(url: &str) -> Result<(), Failure> {
    for (program, arguments) in CLIPBOARDS {
        let mut command = child::command(program);
        let spawned = quiet(command.args(arguments).stdin(Stdio::piped())).spawn();
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
    fn a_missing_command_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        std::fs::write(&path, "").unwrap();
        let config = ConfigFile {
            path,
            url_exec_command: vec!["/no/such/browser".to_owned(), "%s".to_owned()],
            ..ConfigFile::default()
        };
        let address = Address { url: "https://a", argument: "https://a" };
        let error =
            act(UrlAction::Exec, &address, &Container::of_sign_in("corp"), &config).unwrap_err();
        assert!(
            error.message.starts_with("UrlExecCommand `/no/such/browser` cannot be run"),
            "{}",
            error.message
        );
    }
}
