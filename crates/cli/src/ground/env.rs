//! The environment: every variable that we read by ourselves is read here. (`clap` reads those that stand
//! for flags, `aws-config` those that every AWS SDK reads.)
#![expect(clippy::disallowed_methods, reason = "this is where the environment is read")]

use std::env::consts::EXE_SUFFIX;
use std::env::{VarError, args_os, current_exe, split_paths, var, var_os};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf, absolute};
use std::process::Command;

use credentials::{Failure, Invalid};
use providers::secure_store::Passphrase;
use url::Url;

/// The home folder.
pub(crate) fn home() -> PathBuf {
    path("HOME").or_else(|| path("USERPROFILE")).unwrap_or_else(|| "~".into())
}

/// A folder of the XDG Base Directory Specification: the variable's, if it is absolute, else one in the home folder.
pub(crate) fn xdg_folder(variable: &str, in_home: &str) -> PathBuf {
    path(variable).filter(|path| path.is_absolute()).unwrap_or_else(|| home().join(in_home))
}

/// The AWS config: the file that the AWS SDKs read profiles from. They take `~` in the variable for the home folder.
pub(crate) fn aws_config_file() -> PathBuf {
    aws_file("AWS_CONFIG_FILE", "config")
}

/// The file that they read access keys from.
pub(crate) fn aws_credentials_file() -> PathBuf {
    aws_file("AWS_SHARED_CREDENTIALS_FILE", "credentials")
}

/// An absolute path: a server, which stands in another folder, must find the same file.
fn aws_file(variable: &str, name: &str) -> PathBuf {
    let path = path(variable).unwrap_or_else(|| home().join(".aws").join(name));
    let path = match path.strip_prefix("~") {
        Ok(in_home) => home().join(in_home),
        Err(_) => path,
    };
    absolute(&path).unwrap_or(path)
}

/// Where this program is: by the way that a person's shell takes, because a package manager may put the next version
/// elsewhere; else where it really is.
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

/// What opens sign-ins that a passphrase protects.
pub(crate) fn file_password() -> Result<Option<Passphrase>, Failure> {
    optional(FILE_PASSWORD, Passphrase::parse)
}

/// A program that we start has no use for what opens sign-ins.
pub(crate) fn keep_password_from(command: &mut Command) -> &mut Command {
    command.env_remove(FILE_PASSWORD)
}

/// The browser that sign-ins open, instead of the system's own choice.
pub(crate) fn browser() -> Option<String> {
    text("AWS_SSO_BROWSER")
}

/// Why a browser that is opened here would not be before the person, or could not come back to us.
pub(crate) fn without_local_browser() -> Option<&'static str> {
    if text("SSH_TTY").or_else(|| text("SSH_CONNECTION")).is_some() {
        return Some("this is an SSH session");
    }
    if text("WSL_DISTRO_NAME").is_some() {
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

/// The person's shell.
pub(crate) fn shell() -> OsString {
    let (variable, usual) = if cfg!(windows) { ("COMSPEC", "cmd") } else { ("SHELL", "sh") };
    var_os(variable).filter(|shell| !shell.is_empty()).unwrap_or_else(|| usual.into())
}

/// Whether programs of this environment know their region.
pub(crate) fn has_region() -> bool {
    ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().any(|name| var_os(name).is_some())
}

/// Whether another aws-sso runs us as a `credential_process`.
pub(crate) fn is_within_credential_process() -> bool {
    var_os(providers::WITHIN_CREDENTIAL_PROCESS).is_some()
}

/// Where the sign-in to the AWS console is asked, instead of AWS's own endpoint.
pub(crate) fn sign_in_endpoint() -> Result<Option<Url>, Failure> {
    const NAME: &str = "AWS_ENDPOINT_URL_SIGNIN";
    optional(NAME, |text| Url::parse(&text).map_err(|_| Invalid("a URL")))
}

/// Certificates to trust beside the system's.
pub(crate) fn ca_bundle() -> Option<PathBuf> {
    path("AWS_CA_BUNDLE")
}

/// The shell whose script asks what a word can become.
pub(crate) fn completing_shell() -> Option<String> {
    text("_AWS_SSO_COMPLETE")
}

/// What the script hands over: the arguments after `--`.
pub(crate) fn typed_arguments() -> Vec<String> {
    let arguments = args_os().map(|argument| argument.to_string_lossy().into_owned());
    arguments.skip_while(|argument| argument != "--").skip(1).collect()
}

/// The same in a variable, a line each.
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

/// Whether the terminal says that it can only print lines, such as an editor's shell.
pub(crate) fn has_dumb_terminal() -> bool {
    text("TERM").is_some_and(|terminal| terminal == "dumb")
}

/// Whether SDKs of this environment would go past our server: they look at this variable first.
pub(crate) fn has_relative_uri() -> bool {
    var_os("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").is_some()
}

/// A variable as it is: to some programs empty is set.
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

/// The same with what is not UTF-8 replaced.
pub(crate) fn present_lossy(name: &str) -> Option<String> {
    Some(var_os(name)?.to_string_lossy().into_owned())
}

/// A variable that is set to something, parsed.
pub(crate) fn optional<T>(
    name: &'static str,
    parse: impl Fn(String) -> Result<T, Invalid>,
) -> Result<Option<T>, Failure> {
    text(name).map(parse).transpose().map_err(wrong(name))
}

/// A variable's value is not what it must be.
pub(crate) fn wrong(name: &'static str) -> impl Fn(Invalid) -> Failure {
    move |invalid| Failure::failed(format!("{name} {invalid}"))
}

/// A variable that is set to something.
pub(crate) fn text(name: &str) -> Option<String> {
    var(name).ok().filter(|value| !value.is_empty())
}

/// A path that is set to something.
pub(crate) fn path(name: &str) -> Option<PathBuf> {
    var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

const FILE_PASSWORD: &str = "AWS_SSO_FILE_PASSWORD";
