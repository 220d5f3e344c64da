//! The credentials in a profile of the AWS config that SDKs use before they ask our server.

use std::path::PathBuf;

use config::aws_config::{AwsConfig, Mention};

use crate::ground::ui;

/// A profile, merged from both files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AwsProfile {
    /// Whether one of the files has it.
    pub(crate) exists: bool,
    /// The credentials that come before our server, at most one entry for each file.
    pub(crate) wins: Vec<Win>,
}

/// A setting for credentials in one of the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Win {
    pub(crate) key: &'static str,
    pub(crate) file: PathBuf,
    /// The variable that selects another file.
    pub(crate) variable: &'static str,
}

impl AwsProfile {
    /// Takes a profile from the files of the environment.
    pub(crate) fn of(config: &AwsConfig, name: &str) -> Self {
        let files = config.paths().map(PathBuf::clone);
        let mentions = config.before_containers(name);
        let exists = mentions.iter().any(|mention| *mention != Mention::Absent);
        let files = FILES.into_iter().zip(files);
        let win = |(mention, (variable, file)): (Mention, (&'static str, PathBuf))| match mention {
            Mention::Wins(key) => Some(Win { key, file, variable }),
            Mention::Absent | Mention::NoCredentials => None,
        };
        Self { exists, wins: mentions.into_iter().zip(files).filter_map(win).collect() }
    }
}

/// Warns if SDKs would use the `[default]` profile instead of `what`.
pub(crate) fn warn_of_default(config: &AwsConfig, what: &str) {
    for Win { key, file, variable } in AwsProfile::of(config, "default").wins {
        let file = file.display().to_string();
        ui::note(&format!(
            "warning: SDKs use the [default] profile of {} before {what}, because it has {key}. \
             Rename it, or point {variable} at another file.",
            ui::printable(&file)
        ));
    }
}

/// The variables that select the files, in the order of the files.
const FILES: [&str; 2] = ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];
