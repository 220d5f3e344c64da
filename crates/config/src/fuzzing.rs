//! The parser of config.yaml, only for the fuzz targets in fuzz/. A fault is a panic.

use std::path::Path;

use crate::ConfigFile;

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
