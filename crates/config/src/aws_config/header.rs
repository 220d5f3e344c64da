//! What a section's header means: a profile, an sso-session, services, or nothing to us. By the rules of botocore.

/// A section of one of the two files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Header {
    Profile(String),
    SsoSession(String),
    Services(String),
    /// A profile whose header begins with white space: SDKs other than botocore take it for one.
    Spaced(String),
    /// The kind of the section is known, but it has no name, or more than one word as its name.
    NoName,
    Other,
}

impl Header {
    /// Reads the header of a section of the AWS config file.
    pub(super) fn of_config(header: &str) -> Self {
        let kind = KINDS.into_iter().find(|(word, _)| header.starts_with(word));
        if let Some((_, kind)) = kind {
            let words = words(header).unwrap_or_default();
            return match <[String; 2]>::try_from(words) {
                Ok([_, name]) => kind(name),
                Err(_) => Self::NoName,
            };
        }
        match (header, Some(header.trim()).filter(|trimmed| *trimmed != header)) {
            ("default", _) => Self::Profile(header.to_owned()),
            (_, Some(trimmed)) => match Self::of_config(trimmed) {
                Self::Profile(name) => Self::Spaced(name),
                Self::Spaced(_)
                | Self::SsoSession(_)
                | Self::Services(_)
                | Self::NoName
                | Self::Other => Self::Other,
            },
            (_, None) => Self::Other,
        }
    }
}

type Kind = (&'static str, fn(String) -> Header);

/// The words that headers begin with.
const KINDS: [Kind; 3] = [
    ("profile", Header::Profile),
    ("sso-session", Header::SsoSession),
    ("services", Header::Services),
];

/// The words of a header, split as a POSIX shell does. `None` if a quote is not closed.
fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\'' | '"' => quoted(c, &mut chars, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(chars.next()?),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

/// Reads up to the closing quote.
fn quoted(quote: char, chars: &mut impl Iterator<Item = char>, word: &mut String) -> Option<()> {
    loop {
        match chars.next()? {
            c if c == quote => return Some(()),
            '\\' if quote == '"' => {
                let next = chars.next()?;
                if !['"', '\\'].contains(&next) {
                    word.push('\\');
                }
                word.push(next);
            }
            c => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_does() {
        for (text, expected) in [
            ("profile dev", Some(vec!["profile", "dev"])),
            ("profile \"a b\"", Some(vec!["profile", "a b"])),
            ("profile 'it is'\"'\"s", Some(vec!["profile", "it is's"])),
            (r"profile a\ b", Some(vec!["profile", "a b"])),
            (r#"profile "a\"\\\n""#, Some(vec!["profile", r#"a"\\n"#])),
            ("profile ''", Some(vec!["profile", ""])),
            ("profile #1", Some(vec!["profile", "#1"])),
            ("profile 'open", None),
            ("profile \\", None),
            ("", Some(vec![])),
        ] {
            let expected = expected.map(|words| words.into_iter().map(str::to_owned).collect());
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn a_header_names_what_botocore_sees_in_it() {
        for (text, expected) in [
            ("default", Header::Profile("default".to_owned())),
            ("profile default", Header::Profile("default".to_owned())),
            ("profiles dev", Header::Profile("dev".to_owned())),
            ("sso-session corp", Header::SsoSession("corp".to_owned())),
            ("services local", Header::Services("local".to_owned())),
            ("profile", Header::NoName),
            ("profile a b", Header::NoName),
            ("dev", Header::Other),
            (" default", Header::Spaced("default".to_owned())),
            (" profile dev ", Header::Spaced("dev".to_owned())),
            ("Default", Header::Other),
        ] {
            assert_eq!(Header::of_config(text), expected, "{text}");
        }
    }
}
