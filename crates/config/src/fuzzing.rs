//! The readers of people's files, only for the fuzz targets in fuzz/. A fault is a panic.

use std::path::Path;

use crate::ConfigFile;
use crate::aws_config::{AwsConfig, model};

/// Any text is read or refused, and what is said about it is one line that a terminal can show.
pub fn config_yaml(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let (path, home) = (Path::new("config.yaml"), Path::new("/home/me"));
    let said: Vec<String> = match ConfigFile::parse(text, path, home) {
        Err(failure) => vec![failure.message],
        Ok(config) => {
            let problems = config.problems.iter().map(|problem| problem.in_file("config.yaml"));
            problems.chain(config.notes).chain(config.unused).collect()
        }
    };
    for line in said {
        assert!(!line.contains(char::is_control), "not one line: {line:?}");
    }
}

/// Any file is read, as the plain model reads it. Each profile has a way or a failure, and the SDK gets no secret.
pub fn aws_config(bytes: &[u8]) {
    model::compare(bytes);
    let config =
        AwsConfig::of(["config".into(), "credentials".into()], &[bytes.into(), bytes.into()]);
    for failure in config.broken() {
        assert!(!failure.message.contains(char::is_control), "not one line: {failure:?}");
    }
    for profile in config.names().filter_map(|name| config.profile(name)) {
        let text = config.sdk_text(profile).text;
        assert!(!text.lines().any(|line| line.starts_with("aws_secret_access_key")), "{text:?}");
    }
}
