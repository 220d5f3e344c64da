//! Checks config.yaml and the AWS config, with the parsers that all commands use.

use std::path::{Path, PathBuf};

use providers::AwsConfig;

use super::finding::Finding;
use crate::ground::env;
use crate::instance::arguments::InstanceArguments;
use crate::instance::settings;
use credentials::shell_word;

/// The findings about both.
pub(super) async fn look(arguments: &InstanceArguments) -> Vec<Finding> {
    let mut findings = vec![Finding::ok(concat!("aws-sso ", env!("CARGO_PKG_VERSION")))];
    match settings::config_file(arguments) {
        Ok((path, config)) => {
            let noted =
                |note| Finding::warning(format!("{}: {note}", path.display()), "it has no effect");
            match config.notes.is_empty() {
                true => findings.push(readable(std::slice::from_ref(&path))),
                false => findings.extend(config.notes.iter().map(noted)),
            }
            findings.extend(writers(&path));
        }
        Err(error) => findings.push(Finding::of(error, "every command that needs it fails")),
    }
    let [config, credentials] = aws_files();
    findings.push(
        match AwsConfig::read(config, credentials).await.map(|config| (config.instances(), config))
        {
            Ok((Ok(_), _)) => readable(&aws_files()),
            Ok((Err(error), _)) | Err(error) => {
                let why = "SDKs and our own commands fail, or skip what is there";
                Finding::problem(error.to_string(), why).with_solution(edit())
            }
        },
    );
    findings
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
