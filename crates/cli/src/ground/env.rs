//! The environment. All variables that our own code reads are read here. (`clap` reads those for flags, `aws-config`
//! those of the AWS SDKs.)
#![expect(clippy::disallowed_methods, reason = "this is where the environment is read")]

use std::env::consts::EXE_SUFFIX;
use std::env::{VarError, args_os, current_exe, home_dir, split_paths, var, var_os, vars_os};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf, absolute};
use std::process::Command;
use std::sync::OnceLock;

use credentials::{Failure, Invalid};
use providers::child::PASSPHRASE_VARIABLE;
use providers::secure_store::Passphrase;
use url::Url;

/// The home folder. Never a relative path, because the current folder can be someone else's. After [`check_home`] it is
/// the person's.
pub(crate) fn home() -> PathBuf {
    absolute_home().unwrap_or_else(|| NO_HOME.into())
}

/// HOME, or the folder in the password database if HOME is unset or empty.
fn absolute_home() -> Option<PathBuf> {
    path("HOME").or_else(home_dir).filter(|home| home.is_absolute())
}

/// Checks that there is a home folder.
///
/// # Errors
/// HOME is a relative path, or is not set and the password database has no folder.
pub(crate) fn check_home() -> Result<(), Failure> {
    match (absolute_home(), path("HOME")) {
        (Some(_), _) => Ok(()),
        (None, Some(_)) => Err(Failure::failed("HOME is not an absolute path")
            .with_hint("Let aws-sso find your home folder: unset HOME")),
        (None, None) => Err(Failure::failed("your home folder is not known: HOME is not set")
            .with_hint("Set HOME to the absolute path of your home folder.")),
    }
}

/// This command again with HOME, if HOME is unset or empty. Without it, libraries and children would use a folder called
/// `~`, or the current folder. (A process cannot safely change its own environment.)
pub(crate) fn with_home() -> Option<Command> {
    let home = absolute_home().filter(|_| cfg!(unix) && path("HOME").is_none())?;
    let mut command = Command::new(current_exe().ok()?);
    command.args(args_os().skip(1)).env("HOME", home);
    Some(command)
}

/// A folder of the XDG Base Directory Specification: from the variable if it is an absolute path, otherwise in the
/// home folder.
pub(crate) fn xdg_folder(variable: &str, in_home: &str) -> PathBuf {
    path(variable).filter(|path| path.is_absolute()).unwrap_or_else(|| home().join(in_home))
}

/// The AWS config: the file that the AWS SDKs read profiles from. In the variable, `~` is the home folder.
pub(crate) fn aws_config_file() -> PathBuf {
    aws_file("AWS_CONFIG_FILE", "config")
}

/// The shared credentials file of the AWS SDKs.
pub(crate) fn aws_credentials_file() -> PathBuf {
    aws_file("AWS_SHARED_CREDENTIALS_FILE", "credentials")
}

/// The profile that the AWS SDKs take without being told one.
pub(crate) fn aws_profile() -> Option<String> {
    text("AWS_PROFILE")
}

/// An absolute path, so that a server with another working folder finds the same file.
fn aws_file(variable: &str, name: &str) -> PathBuf {
    let path = path(variable).unwrap_or_else(|| home().join(".aws").join(name));
    let path = match path.strip_prefix("~") {
        Ok(in_home) => home().join(in_home),
        Err(_) => path,
    };
    absolute(&path).unwrap_or(path)
}

/// The path of this program: as found in PATH, because a package manager may install the next version elsewhere;
/// otherwise its real path.
pub(crate) fn this_program() -> io::Result<PathBuf> {
    let here = current_exe()?;
    let real = here.canonicalize()?;
    let typed = args_os().next().map(PathBuf::from).filter(|path| path.is_absolute());
    let folders = var_os("PATH").unwrap_or_default();
    let file = format!("aws-sso{EXE_SUFFIX}");
    let in_path = split_paths(&folders).filter(|folder| folder.is_absolute());
    let candidates = typed.into_iter().chain(in_path.map(|folder| folder.join(&file)));
    let is_here = |path: &PathBuf| path.canonicalize().is_ok_and(|path| path == real);
    Ok(candidates.into_iter().find(is_here).unwrap_or(here))
}

/// The passphrase that opens sign-ins.
pub(crate) fn file_password() -> Result<Option<Passphrase>, Failure> {
    optional(PASSPHRASE_VARIABLE, Passphrase::parse)
}

/// The browser for URLs, instead of the system's default: `--browser` or AWS_SSO_BROWSER.
pub(crate) fn browser() -> Option<String> {
    BROWSER.get().cloned()
}

/// Sets the browser. (A process cannot safely change its own environment.)
pub(crate) fn set_browser(path: String) {
    BROWSER.get_or_init(|| path);
}

/// Why a browser on this machine cannot be used for a sign-in; `None` if it can.
pub(crate) fn without_local_browser() -> Option<&'static str> {
    if text("SSH_TTY").or_else(|| text("SSH_CONNECTION")).is_some() {
        return Some("this is an SSH session");
    }
    if is_wsl() {
        return Some("this is WSL");
    }
    let is_container =
        ["/.dockerenv", "/run/.containerenv"].iter().any(|path| Path::new(path).exists());
    if is_container || text("container").is_some() {
        return Some("this is a container");
    }
    let needs_display = cfg!(all(unix, not(target_os = "macos")));
    let has_display = text("DISPLAY").or_else(|| text("WAYLAND_DISPLAY")).is_some();
    (needs_display && !has_display).then_some("there is no display")
}

/// Whether this is the Linux of a Windows machine.
pub(crate) fn is_wsl() -> bool {
    text("WSL_DISTRO_NAME").is_some()
}

/// The person's shell.
pub(crate) fn shell() -> OsString {
    let (variable, usual) = if cfg!(windows) { ("COMSPEC", "cmd") } else { ("SHELL", "sh") };
    var_os(variable).filter(|shell| !shell.is_empty()).unwrap_or_else(|| usual.into())
}

/// The profile of the shell's role, with the variable that has it: `aws-sso exec` sets the first one, and people the other.
pub(crate) fn current_profile() -> Option<(&'static str, String)> {
    ["AWS_SSO_PROFILE", "AWS_PROFILE"].into_iter().find_map(|name| Some((name, text(name)?)))
}

/// The URI and the token of the endpoint, within `aws-sso exec`.
pub(crate) fn exec_endpoint() -> Option<(String, String)> {
    text(EXEC_ENDPOINT).zip(text("AWS_CONTAINER_AUTHORIZATION_TOKEN"))
}

/// The region of the environment.
pub(crate) fn region() -> Option<String> {
    text("AWS_REGION").or_else(|| text("AWS_DEFAULT_REGION"))
}

/// Whether the environment sets a region.
pub(crate) fn has_region() -> bool {
    ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().any(|name| var_os(name).is_some())
}

/// Whether another aws-sso runs us as a `credential_process`.
pub(crate) fn is_within_credential_process() -> bool {
    var_os(providers::WITHIN_CREDENTIAL_PROCESS).is_some()
}

/// The endpoint for the sign-in to the AWS console, instead of AWS's own.
pub(crate) fn sign_in_endpoint() -> Result<Option<Url>, Failure> {
    const NAME: &str = "AWS_ENDPOINT_URL_SIGNIN";
    optional(NAME, |text| Url::parse(&text).map_err(|_| Invalid("a URL")))
}

/// A file of certificates to trust in addition to the system's.
pub(crate) fn ca_bundle() -> Option<PathBuf> {
    path("AWS_CA_BUNDLE")
}

/// The shell whose completion script calls us.
pub(crate) fn completing_shell() -> Option<String> {
    text("_AWS_SSO_COMPLETE")
}

/// The program and its arguments.
pub(crate) fn arguments() -> Vec<OsString> {
    args_os().collect()
}

/// Whether a variable is set and empty.
pub(crate) fn is_empty(name: &OsStr) -> bool {
    var_os(name).is_some_and(|value| value.is_empty())
}

/// The words from the completion script: the arguments after `--`.
pub(crate) fn typed_arguments() -> Vec<String> {
    let arguments = args_os().map(|argument| argument.to_string_lossy().into_owned());
    arguments.skip_while(|argument| argument != "--").skip(1).collect()
}

/// The words from the completion script in a variable, one on each line.
pub(crate) fn typed_words() -> Option<String> {
    text("_AWS_SSO_WORDS")
}

/// bash's `COMP_WORDBREAKS`.
pub(crate) fn word_breaks() -> String {
    text("_AWS_SSO_BREAKS").unwrap_or_default()
}

/// Whether colours are wanted on a terminal (no-color.org).
pub(crate) fn wants_colour() -> bool {
    text("NO_COLOR").is_none()
}

/// Whether the terminal can only print lines, such as an editor's shell.
pub(crate) fn has_dumb_terminal() -> bool {
    text("TERM").is_some_and(|terminal| terminal == "dumb")
}

/// The URI where SDKs get credentials, unless it is that of the command's own endpoint within `aws-sso exec`.
pub(crate) fn full_uri() -> Option<String> {
    let own = text(EXEC_ENDPOINT);
    text("AWS_CONTAINER_CREDENTIALS_FULL_URI").filter(|uri| own.as_ref() != Some(uri))
}

/// Whether the variable is set that makes SDKs ask another server than ours.
pub(crate) fn has_relative_uri() -> bool {
    var_os("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").is_some()
}

/// The value of a variable, which can be empty: to some programs an empty variable is set.
///
/// # Errors
/// It is not UTF-8.
pub(crate) fn present(name: &str) -> Result<Option<String>, Failure> {
    match var(name) {
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Failure::failed(format!("{name} is not UTF-8"))),
    }
}

/// The value of a variable, with invalid UTF-8 replaced.
pub(crate) fn present_lossy(name: &str) -> Option<String> {
    Some(var_os(name)?.to_string_lossy().into_owned())
}

/// The names of all variables.
pub(crate) fn names() -> impl Iterator<Item = String> {
    vars_os().filter_map(|(name, _)| name.into_string().ok())
}

/// The parsed value of a variable, if it is not empty.
pub(crate) fn optional<T>(
    name: &'static str,
    parse: impl Fn(String) -> Result<T, Invalid>,
) -> Result<Option<T>, Failure> {
    text(name).map(parse).transpose().map_err(wrong(name))
}

/// The failure for a variable with an invalid value.
pub(crate) fn wrong(name: &'static str) -> impl Fn(Invalid) -> Failure {
    move |invalid| Failure::failed(format!("{name} {invalid}"))
}

/// The value of a variable, if it is not empty.
pub(crate) fn text(name: &str) -> Option<String> {
    var(name).ok().filter(|value| !value.is_empty())
}

/// The path in a variable, if it is not empty.
pub(crate) fn path(name: &str) -> Option<PathBuf> {
    var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The browser of this process.
static BROWSER: OnceLock<String> = OnceLock::new();

/// The URI of the endpoint that `aws-sso exec` opens for a command. No other command of ours may take it for a server.
pub(crate) const EXEC_ENDPOINT: &str = "AWS_SSO_EXEC_ENDPOINT";

/// A folder that does not exist, as in Debian's password database.
const NO_HOME: &str = "/nonexistent";
