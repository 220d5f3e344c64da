//! Checks config.yaml and the AWS config, with the parsers that all commands use.

use std::path::{Path, PathBuf};

use config::ConfigFile;
use config::aws_config::{AwsConfig, Oddity, OddityKind};

use super::finding::Finding;
use crate::ground::env;
use crate::instance::arguments::InstanceArguments;
use crate::instance::settings;
use credentials::{Failure, shell_word};

/// The findings about both.
pub(super) fn look(arguments: &InstanceArguments, aws_config: &AwsConfig) -> Vec<Finding> {
    let mut findings = vec![Finding::ok(concat!("aws-sso ", env!("CARGO_PKG_VERSION")))];
    match settings::config_file(arguments) {
        Ok((path, config)) => {
            let lines = lines(&path, &config);
            match lines.is_empty() {
                true => findings.push(readable(std::slice::from_ref(&path))),
                false => findings.extend(lines),
            }
            findings.extend(writers(&path));
        }
        Err(error) => findings.push(Finding::of(error, "every command that needs it fails")),
    }
    findings.extend(of_aws(aws_config));
    findings
}

/// The findings about the AWS config: what botocore says of it, and which values mean nothing.
fn of_aws(config: &AwsConfig) -> Vec<Finding> {
    let unreadable = config.unreadable().iter();
    let mut findings: Vec<_> = unreadable
        .map(|failure| Finding::of(failure.clone(), "SDKs fail, or act as if it were empty"))
        .collect();
    findings.extend(config.oddities().iter().map(of_oddity));
    let broken = |failure: Failure| {
        Finding::warning(
            failure.message,
            "a command that uses it fails with this error, and no other one",
        )
        .with_solution(edit())
    };
    findings.extend(config.broken().into_iter().map(broken));
    if findings.is_empty() {
        findings.push(readable(&aws_files()));
    }
    findings
}

fn of_oddity(oddity: &Oddity) -> Finding {
    let finding = match &oddity.kind {
        OddityKind::Refused(_) => {
            let why = "the AWS CLI, boto3 and all that uses botocore refuse the whole file. aws-sso reads the rest of it";
            Finding::problem(oddity.to_string(), why)
        }
        OddityKind::TwoDefaults { .. } => {
            let why = "the AWS CLI and boto3 take the last one, other SDKs [profile default]";
            Finding::warning(oddity.to_string(), why)
        }
        OddityKind::NotAProfile { .. } | OddityKind::NoName { .. } => {
            Finding::warning(oddity.to_string(), "nobody can use it")
        }
        OddityKind::Spaced { .. } => {
            let why = "the AWS CLI, boto3 and aws-sso have no such profile, other SDKs do";
            Finding::warning(oddity.to_string(), why)
        }
        OddityKind::Comment { .. } => {
            let why = "the AWS CLI and boto3 take the comment for a part of the value";
            Finding::warning(oddity.to_string(), why)
        }
    };
    let file = shell_word(&oddity.place.path.to_string_lossy()).into_owned();
    finding.with_solution(format!("${{EDITOR:-vi}} +{} {file}", oddity.place.line))
}

/// The findings about lines of config.yaml that have no effect. Keys that only aws-sso-cli needs are no finding.
fn lines(path: &Path, config: &ConfigFile) -> Vec<Finding> {
    let store = config.secure_store.as_ref().and_then(|store| store.as_ref().err());
    let broken: Vec<_> = config.broken_instances.iter().map(|broken| &broken.error).collect();
    let problems = config.problems.iter().map(|problem| {
        let text = problem.in_file(path.display());
        match problem {
            problem if store == Some(problem) => {
                Finding::problem(text, "every command that needs a sign-in fails")
            }
            problem if broken.contains(&problem) => {
                Finding::problem(text, "every command that needs this instance fails")
            }
            _ => Finding::warning(text, "it counts as missing"),
        }
    });
    let noted = |note| Finding::warning(format!("{}: {note}", path.display()), "it has no effect");
    problems.chain(config.notes.iter().map(noted)).collect()
}

/// The finding about a config file that other users can change.
fn writers(path: &Path) -> Option<Finding> {
    let error = files::check_writers(path).err().filter(|error| !error.is_missing())?;
    let why = "whoever changes it says where you sign in. Commands in it are not run";
    let finding = Finding::problem(error.to_string(), why);
    Some(match error.command() {
        Some(command) => finding.with_solution(command),
        None => finding,
    })
}

/// The finding for readable files, which may be missing.
fn readable(files: &[PathBuf]) -> Finding {
    let told = |file: &PathBuf| match file.exists() {
        true => format!("{} can be read", file.display()),
        false => format!("there is no {}", file.display()),
    };
    Finding::ok(files.iter().map(told).collect::<Vec<_>>().join("; "))
}

fn aws_files() -> [PathBuf; 2] {
    [env::aws_config_file(), env::aws_credentials_file()]
}

/// The command that opens both files in an editor.
fn edit() -> String {
    let files = aws_files();
    let words: Vec<_> = files.iter().filter(|file| file.exists()).map(|file| word(file)).collect();
    format!("${{EDITOR:-vi}} {}", words.join(" "))
}

/// The command that renames `[default]`, so that no SDK uses it by itself.
pub(super) fn rename_default(files: &[PathBuf]) -> String {
    let of_config = Some(env::aws_config_file());
    let rename = |file: &PathBuf| {
        let name = match Some(file) == of_config.as_ref() {
            true => "profile was-default",
            false => "was-default",
        };
        let header = r"^ *\[ *\(profile  *\)\{0,1\}default *\]";
        format!("sed -i.bak 's/{header}/[{name}]/' {}", word(file))
    };
    files.iter().map(rename).collect::<Vec<_>>().join(" && ")
}

fn word(path: &Path) -> String {
    shell_word(&path.to_string_lossy()).into_owned()
}
