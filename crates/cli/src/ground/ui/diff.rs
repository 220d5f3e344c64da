//! What a change does to a person's file, for their eyes: a unified diff, without what is secret in the lines around.

use std::time::Duration;

use similar::TextDiff;

use super::output::{data, is_data_seen, note};
use credentials::printable;

/// The lines of a unified diff.
pub(crate) struct Diff(Vec<String>);

impl Diff {
    /// From what there is to what is to be.
    pub(crate) fn of(path: &str, old: &[u8], new: &[u8]) -> Self {
        let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
        // A poor diff is as good, if a better one takes long.
        let diff = TextDiff::configure().timeout(LONGEST).diff_lines(&*old, &*new);
        let text = diff.unified_diff().header(path, path).to_string();
        Self(text.lines().map(without_secret).collect())
    }

    /// On stdout. Other programs get the characters as they are.
    pub(crate) fn as_data(&self) {
        let is_seen = is_data_seen();
        for line in &self.0 {
            if is_seen { data(&shown(line)) } else { data(line) }
        }
    }

    /// For the person alone.
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

/// In the names of keys whose values are nobody's business.
const SECRET: [&str; 3] = ["secret", "token", "password"];
const LONGEST: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_beside_a_change_are_not_shown() {
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
