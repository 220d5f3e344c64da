//! The environment: every variable that we read by ourselves is read here. (`clap` reads those that stand
//! for flags, `aws-config` those that every AWS SDK reads.)
#![expect(clippy::disallowed_methods, reason = "this is where the environment is read")]

use std::env::{VarError, var, var_os};
use std::path::{Path, PathBuf};
use std::process::Command;

use credentials::{AccessKeyId, AccountId, Expiration, Invalid, Secret};
use providers::Given;
use providers::secure_store::Passphrase;

use crate::doctor::Variables;
use crate::error::CommandError;
use crate::exports::Inherited;
use crate::trust::Environment;

/// The home folder.
pub(crate) fn home() -> PathBuf {
    path("HOME").or_else(|| path("USERPROFILE")).unwrap_or_else(|| "~".into())
}

/// A folder of the XDG Base Directory Specification: the variable's, if it is absolute, else one in the home folder.
pub(crate) fn xdg_folder(variable: &str, in_home: &str) -> PathBuf {
    path(variable).filter(|path| path.is_absolute()).unwrap_or_else(|| home().join(in_home))
}

/// The files that the AWS SDKs read profiles from, for messages.
pub(crate) fn aws_config_files() -> Vec<PathBuf> {
    [("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")]
        .into_iter()
        .map(|(variable, name)| path(variable).unwrap_or_else(|| home().join(".aws").join(name)))
        .collect()
}

/// What opens sign-ins that a passphrase protects.
pub(crate) fn file_password() -> Result<Option<Passphrase>, CommandError> {
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

/// Certificates to trust beside the system's.
pub(crate) fn ca_bundle() -> Option<PathBuf> {
    path("AWS_CA_BUNDLE")
}

/// Whether colours are wanted on a terminal (no-color.org).
pub(crate) fn wants_colour() -> bool {
    text("NO_COLOR").is_none()
}

/// Whether SDKs of this environment would go past our server: they look at this variable first.
pub(crate) fn has_relative_uri() -> bool {
    var_os("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").is_some()
}

/// What `ecs env` adds to.
pub(crate) fn inherited() -> Result<Inherited, CommandError> {
    let now = |name| match var(name) {
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => {
            Err(CommandError::failed(format!("{name} is not UTF-8, so nothing can be added to it")))
        }
    };
    Ok(Inherited {
        no_proxy: now("NO_PROXY")?,
        no_proxy_in_lower_case: now("no_proxy")?,
        java_tool_options: now("JAVA_TOOL_OPTIONS")?,
    })
}

/// What SDKs read, as it is: to some of them empty is set.
pub(crate) fn of_sdks() -> Variables {
    Variables::read(|name| Some(var_os(name)?.to_string_lossy().into_owned()))
}

/// The variables that say whom other programs trust.
pub(crate) fn of_runtimes() -> Environment {
    Environment {
        ssl_cert_file: path("SSL_CERT_FILE"),
        aws_ca_bundle: ca_bundle(),
        node_extra_ca_certs: path("NODE_EXTRA_CA_CERTS"),
        java_tool_options: text("JAVA_TOOL_OPTIONS"),
    }
}

/// The credentials of `AWS_ACCESS_KEY_ID` and its siblings.
pub(crate) fn credentials() -> Result<Given, CommandError> {
    let required = |name: &str| {
        text(name).ok_or_else(|| {
            CommandError::failed(format!("{name} is not set, so there is nothing to load"))
                .with_hint(
                    "Export AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, \
                     or load a profile: aws-sso ecs load --profile NAME",
                )
        })
    };
    Ok(Given {
        access_key_id: AccessKeyId::parse(&required("AWS_ACCESS_KEY_ID")?)
            .map_err(wrong("AWS_ACCESS_KEY_ID"))?,
        secret_access_key: Secret::parse(required("AWS_SECRET_ACCESS_KEY")?)
            .map_err(wrong("AWS_SECRET_ACCESS_KEY"))?,
        session_token: optional("AWS_SESSION_TOKEN", Secret::parse)?,
        expiration: optional("AWS_CREDENTIAL_EXPIRATION", |text| Expiration::parse(&text))?,
        account_id: optional("AWS_ACCOUNT_ID", |text| AccountId::parse(&text))?,
    })
}

fn optional<T>(
    name: &'static str,
    parse: impl Fn(String) -> Result<T, Invalid>,
) -> Result<Option<T>, CommandError> {
    text(name).map(parse).transpose().map_err(wrong(name))
}

/// A variable's value is not what it must be.
fn wrong(name: &'static str) -> impl Fn(Invalid) -> CommandError {
    move |invalid| CommandError::failed(format!("{name} {invalid}"))
}

/// A variable that is set to something.
fn text(name: &str) -> Option<String> {
    var(name).ok().filter(|value| !value.is_empty())
}

fn path(name: &str) -> Option<PathBuf> {
    var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

const FILE_PASSWORD: &str = "AWS_SSO_FILE_PASSWORD";
