//! Settings with a few allowed words, which are those of aws-sso-cli. Flags have the same words.

use std::str::FromStr;

use credentials::Invalid;

/// What to do with a URL that a person should open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlAction {
    /// `clip`: copy it to the desktop's clipboard.
    Clip,
    /// `exec`: run `UrlExecCommand`.
    Exec,
    /// `print`: only print it.
    Print,
    /// `printurl`: only print it, as `print`.
    PrintUrl,
    /// `open`: open it in the browser.
    Open,
    /// `granted-containers`: run `UrlExecCommand` with the URL for the Firefox extension Granted Containers.
    GrantedContainers,
    /// `open-url-in-container`: run `UrlExecCommand` with the URL for the Firefox extension Open URL in Container.
    OpenUrlInContainer,
    /// `ansi-osc52`: copy it to the terminal's clipboard, by the escape sequence OSC 52.
    AnsiOsc52,
}

impl UrlAction {
    const MUST_BE: Invalid = Invalid(
        "one of clip, exec, print, printurl, open, granted-containers, open-url-in-container and ansi-osc52",
    );

    /// The rule for `UrlExecCommand`, for the actions that run it.
    const COMMAND_MUST_BE: Invalid =
        Invalid("a list of a program and its arguments, with %s in exactly one argument");

    /// Whether the action runs `UrlExecCommand`.
    fn runs_command(self) -> bool {
        matches!(self, Self::Exec | Self::GrantedContainers | Self::OpenUrlInContainer)
    }

    /// Checks `UrlExecCommand` for the action. A flag can choose another action than the file.
    ///
    /// # Errors
    /// The action runs the command, and it has no program or not exactly one argument with `%s`.
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
    /// `pkce`: the browser returns to a local port (RFC 7636).
    Pkce,
    /// `device_code`: the person types a code into any browser (RFC 8628).
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

/// Where tokens are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecureStore {
    /// `file`: a file that is sealed with a key file or a passphrase.
    File,
    /// `keychain`: the Keychain of macOS.
    Keychain,
    /// `kwallet`: KWallet of KDE.
    KWallet,
    /// `pass`: the password manager pass.
    Pass,
    /// `secret-service`: the Secret Service of the desktop.
    SecretService,
    /// `wincred`: the Windows Credential Manager.
    WinCred,
    /// `keyctl`: the keyring of the Linux kernel, which aws-sso-cli does not have.
    Keyctl,
    /// `json`: a JSON file without encryption.
    Json,
    /// `1password`: 1Password.
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
