//! A profile of a block: which names an AWS config can hold, and the `credential_process` that all SDKs read alike.

use std::fmt;

use credentials::{ProfileName, RoleArn, shell_word};

/// A profile whose credentials come from this program.
pub(crate) struct Section<'a> {
    pub(crate) name: &'a ProfileName,
    pub(crate) arn: RoleArn,
    pub(crate) region: Option<&'a str>,
    pub(crate) process: &'a ProcessLine,
    /// More settings: `ConfigVariables` of config.yaml. A `region` there is for roles without one.
    pub(crate) variables: &'a [(String, String)],
}

/// What is before `--arn` in a `credential_process`.
///
/// botocore splits such a line by the rules of a POSIX shell, or on Windows by those of C programs; the SDKs for Go, Java,
/// JavaScript and Rust give it to `sh -c` or `cmd.exe /C`. All of them take words in single quotes, or on Windows in
/// double quotes.
pub(crate) struct ProcessLine(String);

/// Who can use a profile of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// Every SDK.
    Everybody,
    /// The AWS CLI, boto3, and others. The SDKs for Rust and JavaScript act as if there were no such profile.
    Some,
    /// Programs use it when nobody names a profile: they would get the role of an account with that name, perhaps.
    Default,
    /// With it in the file, an SDK could not read the file.
    Nobody,
}

impl Fit {
    /// How well a name fits into an AWS config.
    pub(crate) fn of(name: &ProfileName) -> Self {
        let name = name.as_str();
        let breaks = |c: char| "[]\"'\\#;\u{2028}\u{2029}\u{feff}".contains(c) || c.is_control();
        // The SDK for JavaScript refuses files that have the second.
        if name.contains(breaks) || name == "__proto__" {
            return Self::Nobody;
        }
        if name == "default" {
            return Self::Default;
        }
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-/.%@:+".contains(c);
        if name.chars().all(is_plain) { Self::Everybody } else { Self::Some }
    }
}

impl ProcessLine {
    /// From words: this program, and its arguments. Else says what is wrong with a word.
    pub(crate) fn of(words: &[&str]) -> Result<Self, String> {
        let words: Result<Vec<String>, String> = words.iter().map(|word| in_line(word)).collect();
        words.map(|words| Self(words.join(" ")))
    }
}

fn in_line(word: &str) -> Result<String, String> {
    let starts_comment = [" #", "\t#", " ;", "\t;"].iter().any(|comment| word.contains(comment));
    if starts_comment || word.contains(char::is_control) || cfg!(windows) && word.contains('"') {
        return Err(format!("an AWS config cannot hold the path or name {word:?}"));
    }
    let needs_none = |c: char| c.is_alphanumeric() || "\\/:._-".contains(c);
    Ok(match (cfg!(windows), word.chars().all(needs_none)) {
        (false, _) => shell_word(word).into_owned(),
        (true, true) => word.to_owned(),
        (true, false) => format!("\"{word}\""),
    })
}

impl fmt::Display for Section<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_str();
        // As the AWS CLI writes it.
        match name.contains(char::is_whitespace) {
            true => writeln!(f, "[profile \"{name}\"]")?,
            false => writeln!(f, "[profile {name}]")?,
        }
        writeln!(f, "credential_process = {} --arn {}", self.process.0, self.arn)?;
        if let Some(region) = self.region {
            writeln!(f, "region = {region}")?;
        }
        // A setting that stands twice makes the whole file unreadable for botocore.
        let is_written = |key: &str| self.region.is_some() && key.eq_ignore_ascii_case("region");
        let variables = self.variables.iter().filter(|(key, _)| !is_written(key));
        variables.into_iter().try_for_each(|(key, value)| writeln!(f, "{key} = {value}"))
    }
}

/// The profile that a line begins, if it begins one.
pub(super) fn profile_of_header(line: &str) -> Option<String> {
    let header = line.trim_start_matches('\u{feff}').trim().strip_prefix('[')?;
    let (inner, _) = header.split_once(']')?;
    let inner = inner.trim();
    if inner == "default" {
        return Some(inner.to_owned());
    }
    let name = inner.strip_prefix("profile")?;
    let name = name.strip_prefix(char::is_whitespace)?.trim();
    let unquoted = ['"', '\''].iter().find_map(|quote| {
        let rest = name.strip_prefix(*quote)?;
        rest.strip_suffix(*quote)
    });
    Some(unquoted.unwrap_or(name).to_owned())
}
