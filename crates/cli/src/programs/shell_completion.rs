//! The shells with completion: their scripts, the input from the scripts, and the output for them.

mod word;

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use clap::ValueEnum;
use clap_complete::CompletionCandidate;
use serde::Serialize;

use crate::ground::{env, ui};
use word::{Quotes, Word};

/// A shell with completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
    #[value(alias = "pwsh")]
    Powershell,
    #[value(alias = "nu")]
    Nushell,
}

/// The line up to the cursor.
pub(crate) struct Typed {
    /// The words before the last, without quotes. The first is the program.
    pub(crate) before: Vec<String>,
    pub(crate) word: Word,
}

#[derive(Serialize)]
struct ForNushell<'a> {
    value: Cow<'a, str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
}

impl fmt::Display for Shell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
            Self::Nushell => "nushell",
        })
    }
}

impl Shell {
    /// The shell of the person who runs this program; bash if it has no completion.
    pub(crate) fn of_this_person() -> Self {
        let shell = env::shell();
        let name = Path::new(&shell).file_stem().unwrap_or_default();
        Self::from_str(&name.to_string_lossy(), true).unwrap_or(Self::Bash)
    }

    /// The completion script, with a comment that says how to load it.
    pub(crate) fn script(self) -> &'static str {
        match self {
            Self::Bash => include_str!("shell_completion/scripts/aws-sso.bash"),
            Self::Zsh => include_str!("shell_completion/scripts/aws-sso.zsh"),
            Self::Fish => include_str!("shell_completion/scripts/aws-sso.fish"),
            Self::Powershell => include_str!("shell_completion/scripts/aws-sso.ps1"),
            Self::Nushell => include_str!("shell_completion/scripts/aws-sso.nu"),
        }
    }

    /// The input from the script: bash gives the line; zsh words without quotes; fish the last with its quotes, and
    /// nushell all of them; PowerShell, which may lose empty arguments, words in a variable.
    pub(crate) fn typed(self) -> Option<Typed> {
        let mut words = match self {
            Self::Powershell => env::typed_words()?.split('\n').map(str::to_owned).collect(),
            Self::Bash | Self::Zsh | Self::Fish | Self::Nushell => env::typed_arguments(),
        };
        let last = words.pop()?;
        let whole = |text| Word { text, ..Word::default() };
        let (before, word) = match self {
            Self::Bash => Word::split_line(&last, &env::word_breaks()),
            Self::Zsh | Self::Powershell => (words, whole(last)),
            Self::Fish => (words, Word::read(&last, Quotes::Fish)),
            Self::Nushell => {
                let plain = |word: &String| Word::read(word, Quotes::Nushell).text;
                (words.iter().map(plain).collect(), Word::read(&last, Quotes::Nushell))
            }
        };
        // Without a program there is nothing to complete.
        (!before.is_empty()).then_some(Typed { before, word })
    }

    /// The output for the script: one line for each candidate, or JSON.
    pub(crate) fn answer(self, word: &Word, candidates: &[CompletionCandidate]) -> String {
        let candidates = candidates.iter().filter_map(|candidate| {
            let value = candidate.get_value().to_str()?;
            let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
            let help = help.lines().next().unwrap_or_default().to_owned();
            // A line break would make two candidates of it.
            (!value.contains(char::is_control))
                .then_some((value, ui::printable(&help).into_owned()))
        });
        if self == Self::Nushell {
            let candidates = candidates.map(|(value, description)| {
                let value = in_nushell(value);
                ForNushell { value, description }
            });
            return serde_json::to_string(&candidates.collect::<Vec<_>>()).unwrap_or_default();
        }
        let mut answer = String::new();
        for (value, help) in candidates {
            match self {
                Self::Bash => answer.extend(in_bash(value, word)),
                Self::Zsh => {
                    let escaped = value.replace('\\', r"\\").replace(':', r"\:");
                    answer.push_str(&escaped);
                    if !help.is_empty() {
                        answer.push(':');
                        answer.push_str(&help.replace('\\', r"\\"));
                    }
                }
                Self::Fish | Self::Powershell | Self::Nushell => {
                    answer.push_str(value);
                    if !help.is_empty() {
                        answer.push('\t');
                        answer.push_str(&help);
                    }
                }
            }
            answer.push('\n');
        }
        answer
    }
}

/// The text that readline inserts after the part that stays, with escapes.
fn in_bash(value: &str, word: &Word) -> Option<String> {
    let kept = word.text.get(..word.kept)?;
    let rest = value.strip_prefix(kept)?;
    let escaped = |special: &dyn Fn(char) -> bool| {
        let mut text = String::new();
        for c in rest.chars() {
            if special(c) {
                text.push('\\');
            }
            text.push(c);
        }
        text
    };
    Some(match word.quote {
        Some('\'') => rest.replace('\'', r"'\''"),
        Some(_) => escaped(&|c| "\"\\$`".contains(c)),
        None => {
            escaped(&|c| c.is_ascii() && !c.is_ascii_alphanumeric() && !"-_./:=@%+,".contains(c))
        }
    })
}

fn in_nushell(value: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=@%+,".contains(c);
    match value.chars().all(is_plain) {
        true => value.into(),
        false => format!("\"{}\"", value.replace('\\', r"\\").replace('"', "\\\"")).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bash_puts_after_a_colon_or_a_quote_fits_there() {
        for (value, text, kept, quote, answer) in [
            ("Team:Read Only", "Team:R", 5, None, r"Read\ Only"),
            ("Team:Read Only", "Te", 0, None, r"Team:Read\ Only"),
            ("it's $1", "it", 0, None, r"it\'s\ \$1"),
            ("it's $1", "it", 0, Some('\''), r"it'\''s $1"),
            ("it's $1", "it", 0, Some('"'), r"it's \$1"),
            ("Zürich:x", "Z", 0, None, "Zürich:x"),
        ] {
            let word = Word { text: text.to_owned(), kept, quote };
            let candidate = CompletionCandidate::new(value);
            assert_eq!(Shell::Bash.answer(&word, &[candidate]), format!("{answer}\n"));
        }
    }

    #[test]
    fn a_candidate_is_one_line_without_control_characters() {
        let odd = CompletionCandidate::new("a\nb");
        let named = CompletionCandidate::new("c").help(Some("x\x1b[31m\ty\nz".to_owned().into()));
        let word = Word::default();
        let answer = Shell::Fish.answer(&word, &[odd, named]);
        assert!(answer.starts_with("c\tx") && answer.lines().count() == 1, "{answer:?}");
        assert!(!answer.contains('\x1b'), "{answer:?}");
    }

    #[test]
    fn nushell_gets_json() {
        let word = Word::default();
        let candidate = CompletionCandidate::new("a \"b").help(Some("Help".into()));
        let answer = Shell::Nushell.answer(&word, &[candidate, CompletionCandidate::new("c:d")]);
        assert_eq!(answer, r#"[{"value":"\"a \\\"b\"","description":"Help"},{"value":"c:d"}]"#);
    }
}
