//! A unified diff of a change to a person's file, without the secrets in it.

use std::time::Duration;

use similar::TextDiff;

use super::output::{data, is_data_seen, note};
use credentials::printable;

/// The lines of a unified diff.
pub(crate) struct Diff(Vec<String>);

impl Diff {
    /// Compares the old contents with the new ones.
    pub(crate) fn of(path: &str, old: &[u8], new: &[u8]) -> Self {
        let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
        // After the timeout, a longer diff is good enough.
        let diff = TextDiff::configure().timeout(DIFF_TIMEOUT).diff_lines(&*old, &*new);
        let text = diff.unified_diff().header(path, path).to_string();
        Self(text.lines().map(without_secret).collect())
    }

    /// Writes the diff to stdout. If that is no terminal, characters are not replaced.
    pub(crate) fn as_data(&self) {
        let is_seen = is_data_seen();
        for line in &self.0 {
            if is_seen { data(&shown(line)) } else { data(line) }
        }
    }

    /// Writes the diff to stderr.
    pub(crate) fn as_notes(&self) {
        self.0.iter().for_each(|line| note(&shown(line)));
    }
}

fn shown(line: &str) -> String {
    let line = line.replace('\t', "    ");
    printable(line.trim_end_matches('\r')).into_owned()
}

fn without_secret(line: &str) -> String {
    match line.split_once('=') {
        Some((key, _)) if SECRET.iter().any(|part| key.to_lowercase().contains(part)) => {
            format!("{key}= (not shown)")
        }
        _ => line.to_owned(),
    }
}

/// Parts of the names of keys with secret values.
const SECRET: [&str; 3] = ["secret", "token", "password"];
const DIFF_TIMEOUT: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_next_to_a_change_are_not_shown() {
        let old = "[default]\naws_secret_access_key = hush\nAws_Session_Token=hush";
        let diff = Diff::of("config", old.as_bytes(), format!("{old}\nregion = x\n").as_bytes());
        let text = diff.0.join("\n");
        assert!(!text.contains("hush"), "{text}");
        assert!(
            text.contains("+region = x") && text.contains("-Aws_Session_Token= (not"),
            "{text}"
        );
    }

    #[test]
    fn nothing_in_a_file_reaches_a_terminal_as_more_than_text() {
        let diff = Diff::of("config", b"", b"a\tb \x1b[31m\xff\r\n");
        let shown: Vec<String> = diff.0.iter().map(|line| shown(line)).collect();
        assert_eq!(shown.last().unwrap(), "+a    b \u{fffd}[31m\u{fffd}");
    }
}
