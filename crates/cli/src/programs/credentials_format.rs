//! Writes the credentials of a role for a program that reads them from stdout. The words for the forms are those of `ecs env` and of
//! `aws configure export-credentials`.

use std::fmt::Write;

use clap::ValueEnum;
use credentials::{AccountId, Credentials, Failure, Fetched, shell_word};
use serde::Serialize;
use zeroize::Zeroizing;

use super::exports::Exports;
use super::format::Format;

/// What is to read the credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CredentialsFormat {
    /// The JSON of a credential_process
    #[value(alias = "json")]
    Process,
    /// {"Credentials":{…}}, as AWS STS answers
    Credentials,
    /// eval "$(aws-sso process --format sh …)"; variables that SDKs would use first are unset
    #[value(aliases = ["bash", "zsh"])]
    Sh,
    /// aws-sso process --format fish … | source
    Fish,
    /// aws-sso process --format powershell … | Out-String | Invoke-Expression
    #[value(alias = "pwsh")]
    Powershell,
    /// Lines with set for cmd.exe
    WindowsCmd,
    /// Lines with export, and nothing else
    Env,
    /// Lines of NAME=VALUE without quotes, also for docker run --env-file
    #[value(alias = "docker")]
    EnvNoExport,
    /// A .env file
    Dotenv,
}

impl CredentialsFormat {
    /// Writes the credentials in this format, without a line break at the end.
    ///
    /// # Errors
    /// The format cannot express a value.
    pub(crate) fn write(self, fetched: &Fetched) -> Result<Zeroizing<String>, Failure> {
        let Fetched { principal, credentials } = fetched;
        let account = principal.account_id.as_ref();
        let exports = || Exports::of_credentials(credentials);
        match self {
            Self::Process => json(&Process::of(credentials, account)),
            Self::Credentials => json(&Sts { credentials: Session::of(credentials) }),
            Self::Sh => Format::Sh.write(&exports()),
            Self::Fish => Format::Fish.write(&exports()),
            Self::Powershell => Format::Powershell.write(&exports()),
            Self::Dotenv => Format::Dotenv.write(&exports()),
            Self::EnvNoExport => Format::Docker.write(&exports()),
            Self::Env => lines(&exports(), export),
            Self::WindowsCmd => lines(&exports(), windows_cmd),
        }
    }
}

/// The output of a `credential_process` (AWS SDKs and Tools Reference Guide, "Process credential provider").
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Process<'a> {
    version: u8,
    #[serde(flatten)]
    session: Session<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
}

/// The part of an answer of AWS STS that has the credentials.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Sts<'a> {
    credentials: Session<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Session<'a> {
    access_key_id: &'a str,
    secret_access_key: &'a str,
    session_token: &'a str,
    /// Left out if it is only assumed: the SDK then asks again for each process.
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<String>,
}

impl<'a> Process<'a> {
    fn of(credentials: &'a Credentials, account: Option<&'a AccountId>) -> Self {
        let session = Session::of(credentials);
        Self { version: 1, session, account_id: account.map(AccountId::as_str) }
    }
}

impl<'a> Session<'a> {
    fn of(credentials: &'a Credentials) -> Self {
        let expiration = credentials.expiration;
        Self {
            access_key_id: credentials.access_key_id.as_str(),
            secret_access_key: credentials.secret_access_key.expose(),
            session_token: credentials.session_token.expose(),
            expiration: (!expiration.is_assumed()).then(|| expiration.to_string()),
        }
    }
}

fn json(value: &impl Serialize) -> Result<Zeroizing<String>, Failure> {
    let mut json = Zeroizing::new(Vec::with_capacity(CAPACITY));
    serde_json::to_writer(&mut *json, value).map_err(Failure::failed)?;
    let text = std::str::from_utf8(&json).map_err(Failure::failed)?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// A line for each variable that is set. Nothing is unset, as with the AWS CLI.
fn lines(
    exports: &Exports,
    line: impl Fn(&mut String, &str, &str) -> Result<(), Failure>,
) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::with_capacity(CAPACITY));
    for (name, value) in &exports.set {
        if !text.is_empty() {
            text.push('\n');
        }
        line(&mut text, name, value)?;
    }
    Ok(text)
}

/// The values of AWS need no quotes, so there are none, and programs that split the line at `=` can read it.
fn export(text: &mut String, name: &str, value: &str) -> Result<(), Failure> {
    let value = match is_plain(value) {
        true => Zeroizing::new(value.to_owned()),
        false => Zeroizing::new(shell_word(value).into_owned()),
    };
    // Writing to a String cannot fail.
    write!(text, "export {name}={}", value.as_str()).ok();
    Ok(())
}

/// cmd.exe has no quoting that is safe for every character, and the values of AWS need none.
fn windows_cmd(text: &mut String, name: &str, value: &str) -> Result<(), Failure> {
    if !is_plain(value) {
        let text = format!("{name} cannot be written for cmd.exe, because it has odd characters");
        return Err(Failure::failed(text).with_hint("Use another format: --format json"));
    }
    write!(text, "set {name}={value}").ok();
    Ok(())
}

/// Whether every shell takes the value literally. (It stands after a `=`, so that another one is nothing special.)
fn is_plain(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_alphanumeric() || "+/=:.-_".contains(c))
}

/// The capacity of the buffers. They never grow, because that would leave a copy of a secret in memory.
const CAPACITY: usize = 32 * 1024;

#[cfg(test)]
mod tests {
    use credentials::Secret;

    use super::*;

    fn fetched() -> Fetched {
        let profile = fakes::profile("dev", "2026-11-22T21:16:31Z");
        Fetched { principal: profile.principal, credentials: profile.credentials }
    }

    fn with_secret(secret: &str) -> Fetched {
        let mut fetched = fetched();
        fetched.credentials.secret_access_key = Secret::parse(secret.to_owned()).unwrap();
        fetched
    }

    #[test]
    fn every_format_has_the_four_values_in_its_own_form() {
        let mut fetched = with_secret("s/+=");
        fetched.credentials.session_token = Secret::parse("t".to_owned()).unwrap();
        for (format, text) in [
            (
                CredentialsFormat::Process,
                r#"{"Version":1,"AccessKeyId":"ASIAFAKE","SecretAccessKey":"s/+=","SessionToken":"t","Expiration":"2026-11-22T21:16:31Z","AccountId":"000001111111"}"#,
            ),
            (
                CredentialsFormat::Credentials,
                r#"{"Credentials":{"AccessKeyId":"ASIAFAKE","SecretAccessKey":"s/+=","SessionToken":"t","Expiration":"2026-11-22T21:16:31Z"}}"#,
            ),
            (
                CredentialsFormat::Env,
                "export AWS_ACCESS_KEY_ID=ASIAFAKE\nexport AWS_SECRET_ACCESS_KEY=s/+=\n\
                 export AWS_SESSION_TOKEN=t\nexport AWS_CREDENTIAL_EXPIRATION=2026-11-22T21:16:31Z",
            ),
            (
                CredentialsFormat::EnvNoExport,
                "AWS_ACCESS_KEY_ID=ASIAFAKE\nAWS_SECRET_ACCESS_KEY=s/+=\n\
                 AWS_SESSION_TOKEN=t\nAWS_CREDENTIAL_EXPIRATION=2026-11-22T21:16:31Z",
            ),
            (
                CredentialsFormat::WindowsCmd,
                "set AWS_ACCESS_KEY_ID=ASIAFAKE\nset AWS_SECRET_ACCESS_KEY=s/+=\n\
                 set AWS_SESSION_TOKEN=t\nset AWS_CREDENTIAL_EXPIRATION=2026-11-22T21:16:31Z",
            ),
        ] {
            assert_eq!(format.write(&fetched).unwrap().as_str(), text, "{format:?}");
        }
        for (format, start) in [
            (CredentialsFormat::Sh, "export AWS_ACCESS_KEY_ID='ASIAFAKE';\n"),
            (CredentialsFormat::Fish, "set -gx AWS_ACCESS_KEY_ID 'ASIAFAKE';\n"),
            (CredentialsFormat::Powershell, "$env:AWS_ACCESS_KEY_ID = 'ASIAFAKE'\n"),
            (CredentialsFormat::Dotenv, "AWS_ACCESS_KEY_ID='ASIAFAKE'\n"),
        ] {
            assert!(format.write(&fetched).unwrap().starts_with(start), "{format:?}");
        }
    }

    #[test]
    fn an_assumed_expiration_is_not_written() {
        let mut fetched = fetched();
        fetched.credentials.expiration = fetched.credentials.expiration.assumed();
        for format in CredentialsFormat::value_variants() {
            let text = format.write(&fetched).unwrap();
            assert!(!text.contains("2026-11-22"), "{format:?}");
        }
    }

    #[test]
    fn a_value_never_becomes_a_command() {
        let hostile = with_secret("a&b|%PATH%");
        let refused = CredentialsFormat::WindowsCmd.write(&hostile).unwrap_err();
        assert!(!refused.message.contains("PATH"), "{}", refused.message);
        let env = CredentialsFormat::Env.write(&with_secret("a;id;$(id)")).unwrap();
        assert!(env.contains("\nexport AWS_SECRET_ACCESS_KEY='a;id;$(id)'\n"), "{}", *env);
    }
}
