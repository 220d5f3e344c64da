//! Writes exports in the language of a shell, a file or a tool. A value can never be more than a value there.

use std::collections::BTreeMap;
use std::fmt::Write;

use clap::ValueEnum;
use serde::Serialize;
use zeroize::Zeroizing;

use super::exports::{Exports, Name};
use credentials::Failure;

/// What is to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// bash, dash, zsh and other POSIX shells: eval "$(aws-sso ecs env)"
    Sh,
    /// aws-sso ecs env --format fish | source
    Fish,
    /// aws-sso ecs env --format powershell | Out-String | Invoke-Expression
    Powershell,
    /// A .env file
    Dotenv,
    /// An object with Set and Unset, for programs
    Json,
    /// docker run --network host --env-file <(aws-sso ecs env --format docker)
    Docker,
    /// Part of a service in a compose.yaml
    Compose,
}

impl Format {
    /// Whether it is for containers, which do not see the files of this machine.
    pub(crate) fn is_for_containers(self) -> bool {
        matches!(self, Self::Docker | Self::Compose)
    }

    /// The command that uses the output, shown on a terminal.
    pub(crate) fn usage(self) -> Option<&'static str> {
        match self {
            Self::Sh => Some("eval \"$(aws-sso ecs env)\""),
            Self::Fish => Some("aws-sso ecs env --format fish | source"),
            Self::Powershell => {
                Some("aws-sso ecs env --format powershell | Out-String | Invoke-Expression")
            }
            Self::Dotenv | Self::Json | Self::Docker | Self::Compose => None,
        }
    }

    /// Writes the exports in this format, without a line break at the end.
    ///
    /// # Errors
    /// The format cannot express a value.
    pub(crate) fn write(self, exports: &Exports) -> Result<Zeroizing<String>, Failure> {
        let mut text = Zeroizing::new(String::with_capacity(CAPACITY));
        match self {
            Self::Sh => sh(exports, &mut text),
            Self::Fish => fish(exports, &mut text),
            Self::Powershell => powershell(exports, &mut text),
            Self::Dotenv => dotenv(exports, &mut text)?,
            Self::Json => json(exports, &mut text),
            Self::Docker => docker(exports, &mut text)?,
            Self::Compose => compose(exports, &mut text),
        }
        let length = text.trim_end_matches('\n').len();
        text.truncate(length);
        Ok(text)
    }
}

/// Each line ends with a semicolon, so that an `eval $(…)` without quotes works too.
fn sh(exports: &Exports, text: &mut String) {
    for (name, value) in &exports.set {
        let value = Zeroizing::new(value.replace('\'', r"'\''"));
        line(text, format_args!("export {name}='{}';", value.as_str()));
    }
    line(text, format_args!("unset {};", exports.unset.join(" ")));
}

fn fish(exports: &Exports, text: &mut String) {
    for (name, value) in &exports.set {
        let value = Zeroizing::new(value.replace('\\', r"\\"));
        let value = Zeroizing::new(value.replace('\'', r"\'"));
        line(text, format_args!("set -gx {name} '{}';", value.as_str()));
    }
    let names = exports.unset.join(" ");
    line(text, format_args!("for {FISH} in {names}; {FISH_UNSET} end; set -e {FISH};"));
}

fn powershell(exports: &Exports, text: &mut String) {
    for (name, value) in &exports.set {
        line(text, format_args!("$env:{name} = '{}'", in_powershell_quotes(value).as_str()));
    }
    for name in &exports.unset {
        line(text, format_args!("Remove-Item Env:{name} -ErrorAction SilentlyContinue"));
    }
}

/// Escapes quotes. PowerShell treats typographic quotes like the straight one.
fn in_powershell_quotes(value: &str) -> Zeroizing<String> {
    let mut quoted = Zeroizing::new(String::with_capacity(2 * value.len()));
    for c in value.chars() {
        if "'\u{2018}\u{2019}\u{201a}\u{201b}".contains(c) {
            quoted.push(c);
        }
        quoted.push(c);
    }
    quoted
}

/// All readers of .env files agree on single quotes, if no character is special to one of them.
fn dotenv(exports: &Exports, text: &mut String) -> Result<(), Failure> {
    for (name, value) in &exports.set {
        let is_read_differently = value.contains(['\'', '$', '`'])
            || value.contains(r"\\")
            || value.ends_with('\\')
            || value.contains(char::is_control);
        if is_read_differently {
            return Err(unwritable(
                name,
                "the readers of .env files do not agree on its characters",
            ));
        }
        line(text, format_args!("{name}='{}'", value.as_str()));
    }
    for name in &exports.unset {
        line(text, format_args!("# unset {name}"));
    }
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Object<'a> {
    set: BTreeMap<&'a str, &'a str>,
    unset: &'a [Name],
}

fn json(exports: &Exports, text: &mut String) {
    let set = exports.set.iter().map(|(name, value)| (name.as_ref(), value.as_str())).collect();
    let object = Object { set, unset: &exports.unset };
    text.push_str(&Zeroizing::new(serde_json::to_string(&object).unwrap_or_default()));
}

/// Docker takes everything after `=` literally. A variable of the image cannot be unset.
fn docker(exports: &Exports, text: &mut String) -> Result<(), Failure> {
    for (name, value) in &exports.set {
        if value.contains(['\n', '\r', '\0']) {
            return Err(unwritable(name, "a line of Docker's env-file has no quotes"));
        }
        line(text, format_args!("{name}={}", value.as_str()));
    }
    Ok(())
}

/// A JSON string is a YAML scalar; `$` is Compose's own. A variable without a value would be the host's: none is unset.
fn compose(exports: &Exports, text: &mut String) {
    line(text, format_args!("environment:"));
    for (name, value) in &exports.set {
        let scalar = Zeroizing::new(serde_json::to_string(value.as_str()).unwrap_or_default());
        let scalar = Zeroizing::new(scalar.replace('$', "$$"));
        line(text, format_args!("  {name}: {}", scalar.as_str()));
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    writeln!(text, "{line}").ok();
}

fn unwritable(name: &str, why: &str) -> Failure {
    Failure::failed(format!("{name} cannot be written in this format: {why}"))
        .with_hint("Use another format: --format json")
}

/// A variable of the fish shell with a name of our own.
const FISH: &str = "_aws_sso_name";
/// A universal variable exists in every shell. Erasing it is permanent, so only its owner may do that.
const FISH_UNSET: &str = "set -eg $_aws_sso_name; set -qU $_aws_sso_name; and \
     echo \"warning: $_aws_sso_name is a universal variable and stays: set -eU $_aws_sso_name\" >&2;";

/// The capacity of the buffer. It never grows, because that would leave a copy of a token in memory.
const CAPACITY: usize = 32 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    /// A value with everything that means something to anybody.
    const HOSTILE: &str = "a'b\"c$(id)`id`${HOME}%PATH%\\\\n; rm *|&#!~\t\u{2019}é\\";

    fn exports(value: &str) -> Exports {
        Exports {
            set: vec![("A".into(), Zeroizing::new(value.to_owned()))],
            unset: vec!["B".into(), "C".into()],
        }
    }

    fn written(format: Format, value: &str) -> String {
        format.write(&exports(value)).unwrap().to_string()
    }

    #[test]
    fn an_ordinary_value_looks_ordinary_everywhere() {
        for (format, text) in [
            (Format::Sh, "export A='http://x/y';\nunset B C;"),
            (
                Format::Fish,
                "set -gx A 'http://x/y';\n\
                 for _aws_sso_name in B C; set -eg $_aws_sso_name; set -qU $_aws_sso_name; and \
                 echo \"warning: $_aws_sso_name is a universal variable and stays: \
                 set -eU $_aws_sso_name\" >&2; end; set -e _aws_sso_name;",
            ),
            (
                Format::Powershell,
                "$env:A = 'http://x/y'\n\
                 Remove-Item Env:B -ErrorAction SilentlyContinue\n\
                 Remove-Item Env:C -ErrorAction SilentlyContinue",
            ),
            (Format::Dotenv, "A='http://x/y'\n# unset B\n# unset C"),
            (Format::Json, r#"{"Set":{"A":"http://x/y"},"Unset":["B","C"]}"#),
            (Format::Docker, "A=http://x/y"),
            (Format::Compose, "environment:\n  A: \"http://x/y\""),
        ] {
            assert_eq!(written(format, "http://x/y"), text, "{format:?}");
        }
    }

    /// about_Quoting_Rules: in single quotes nothing is special but the quotes themselves, of which there are five, and
    /// any of them doubled is itself. Nobody here has a PowerShell to ask.
    #[test]
    fn powershell_reads_back_what_was_written() {
        for value in [HOSTILE, "", "'", "''", "\u{2018}\u{2019}\u{201a}\u{201b}'", "a\nb"] {
            let text = written(Format::Powershell, value);
            let mut rest = text.strip_prefix("$env:A = '").unwrap().chars().peekable();
            let mut read = String::new();
            let is_quote = |c: &char| "'\u{2018}\u{2019}\u{201a}\u{201b}".contains(*c);
            loop {
                let c = rest.next().expect("the quotes are never closed");
                if is_quote(&c) && rest.next_if(is_quote).is_none() {
                    break;
                }
                read.push(c);
            }
            assert_eq!(read, value);
            assert!(rest.collect::<String>().starts_with("\nRemove-Item Env:B "));
        }
    }

    #[test]
    fn compose_and_json_read_back_what_was_written() {
        for value in [HOSTILE, "", "a\nb", "\u{0}"] {
            let text = written(Format::Compose, value);
            let scalar = text.strip_prefix("environment:\n  A: ").unwrap().replace("$$", "$");
            assert_eq!(serde_json::from_str::<String>(&scalar).unwrap(), value);
            let object: serde_json::Value =
                serde_json::from_str(&written(Format::Json, value)).unwrap();
            assert_eq!(object["Set"]["A"], value);
        }
    }

    #[test]
    fn what_a_format_cannot_say_is_refused_by_name() {
        for (format, value) in [
            (Format::Docker, "a\nAWS_PROFILE=x"),
            (Format::Docker, "a\rb"),
            (Format::Dotenv, "it's"),
            (Format::Dotenv, "a\nb"),
            (Format::Dotenv, "${HOME}"),
            (Format::Dotenv, "a\\"),
            (Format::Dotenv, r"\\host"),
        ] {
            let error = format.write(&exports(value)).unwrap_err();
            assert!(error.message.starts_with("A cannot be written"), "{}", error.message);
            assert!(!error.message.contains(value), "a value may be a token");
        }
    }
}
