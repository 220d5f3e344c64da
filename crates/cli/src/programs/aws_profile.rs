//! A profile of the AWS config, as far as SDKs take it before they would ask our server.

use std::path::PathBuf;

use credentials::Failure;
use providers::Mention;

use crate::ground::{env, ui};

/// What both files say of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AwsProfile {
    /// Whether either has it.
    pub(crate) exists: bool,
    /// Why it comes before our server: nothing, once or twice.
    pub(crate) wins: Vec<Win>,
}

/// Credentials of some kind in one of the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Win {
    pub(crate) key: &'static str,
    pub(crate) file: PathBuf,
    /// Which names another file.
    pub(crate) variable: &'static str,
}

impl AwsProfile {
    /// # Errors
    /// A line is malformed: no SDK would read the file.
    pub(crate) async fn read(name: &str) -> Result<Self, Failure> {
        let mentions = providers::before_containers(name).await?;
        let exists = mentions.iter().any(|mention| *mention != Mention::Absent);
        let files = FILES.into_iter().zip([env::aws_config_file(), env::aws_credentials_file()]);
        let win = |(mention, (variable, file)): (Mention, (&'static str, PathBuf))| match mention {
            Mention::Wins(key) => Some(Win { key, file, variable }),
            Mention::Absent | Mention::NoCredentials => None,
        };
        Ok(Self { exists, wins: mentions.into_iter().zip(files).filter_map(win).collect() })
    }
}

/// Says so when the `[default]` profile would be used instead of `what`.
pub(crate) async fn warn_of_default(what: &str) {
    let profile = match AwsProfile::read("default").await {
        Ok(profile) => profile,
        Err(error) => return ui::note(&format!("warning: {}.", ui::printable(&error.to_string()))),
    };
    for Win { key, file, variable } in profile.wins {
        let file = file.display().to_string();
        ui::note(&format!(
            "warning: SDKs use the [default] profile of {} before {what}, because it has {key}. \
             Rename it, or point {variable} at another file.",
            ui::printable(&file)
        ));
    }
}

/// Which name the files, in the order of both.
const FILES: [&str; 2] = ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];
