//! The settings that are one of a few words, with the reference's words, which flags take too. What they do is
//! done elsewhere.

use std::str::FromStr;

use credentials::Invalid;

/// What is done with a URL that a person should open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlAction {
    Clip,
    Exec,
    Print,
    PrintUrl,
    Open,
    GrantedContainers,
    OpenUrlInContainer,
    AnsiOsc52,
}

impl UrlAction {
    const MUST_BE: Invalid = Invalid(
        "one of clip, exec, print, printurl, open, granted-containers, open-url-in-container and ansi-osc52",
    );

    /// What `UrlExecCommand` must be for the actions that run it.
    const COMMAND_MUST_BE: Invalid =
        Invalid("a list of a program and its arguments, of which one holds %s");

    /// Whether the action runs `UrlExecCommand`.
    fn runs_command(self) -> bool {
        matches!(self, Self::Exec | Self::GrantedContainers | Self::OpenUrlInContainer)
    }

    /// Whether `UrlExecCommand` is fit for the action. A flag can choose another action than the file.
    ///
    /// # Errors
    /// Says what the command must be.
    pub fn check_command(self, command: &[String]) -> Result<(), Invalid> {
        let places = command.iter().filter(|argument| argument.contains("%s")).count();
        if self.runs_command() && (command.len() < 2 || places != 1) {
            return Err(Self::COMMAND_MUST_BE);
        }
        Ok(())
    }
}

impl FromStr for UrlAction {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.to_ascii_lowercase().as_str() {
            "clip" => Ok(Self::Clip),
            "exec" => Ok(Self::Exec),
            "print" => Ok(Self::Print),
            "printurl" => Ok(Self::PrintUrl),
            "open" => Ok(Self::Open),
            "granted-containers" => Ok(Self::GrantedContainers),
            "open-url-in-container" => Ok(Self::OpenUrlInContainer),
            "ansi-osc52" => Ok(Self::AnsiOsc52),
            _ => Err(Self::MUST_BE),
        }
    }
}

/// How a person signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthWorkflow {
    /// The browser comes back to a local port (RFC 7636).
    Pkce,
    /// A code is shown, and typed in wherever there is a browser (RFC 8628).
    DeviceCode,
}

impl FromStr for AuthWorkflow {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.to_ascii_lowercase().as_str() {
            "pkce" => Ok(Self::Pkce),
            "device_code" => Ok(Self::DeviceCode),
            _ => Err(Invalid("pkce or device_code")),
        }
    }
}

/// Where tokens are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecureStore {
    File,
    Keychain,
    KWallet,
    Pass,
    SecretService,
    WinCred,
    /// The kernel's keyring, which the reference does not have.
    Keyctl,
    Json,
    OnePassword,
}

impl FromStr for SecureStore {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.to_ascii_lowercase().as_str() {
            "file" => Ok(Self::File),
            "keychain" => Ok(Self::Keychain),
            "kwallet" => Ok(Self::KWallet),
            "pass" => Ok(Self::Pass),
            "secret-service" => Ok(Self::SecretService),
            "wincred" => Ok(Self::WinCred),
            "keyctl" => Ok(Self::Keyctl),
            "json" => Ok(Self::Json),
            "1password" => Ok(Self::OnePassword),
            _ => Err(Invalid(
                "one of file, keychain, kwallet, pass, secret-service, wincred, keyctl, json and 1password",
            )),
        }
    }
}
