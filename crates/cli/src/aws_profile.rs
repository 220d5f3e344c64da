//! A profile of the AWS config, as far as SDKs take it before they would ask our server.

use std::path::PathBuf;

use providers::{Mention, ProviderError};

use crate::env;

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
    pub(crate) async fn read(name: &str) -> Result<Self, ProviderError> {
        let mentions = providers::before_containers(name).await?;
        let exists = mentions.iter().any(|mention| *mention != Mention::Absent);
        let files = FILES.into_iter().zip(env::aws_config_files());
        let win = |(mention, (variable, file)): (Mention, (&'static str, PathBuf))| match mention {
            Mention::Wins(key) => Some(Win { key, file, variable }),
            _ => None,
        };
        Ok(Self { exists, wins: mentions.into_iter().zip(files).filter_map(win).collect() })
    }
}

/// Which name the files, in the order of both.
const FILES: [&str; 2] = ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];
