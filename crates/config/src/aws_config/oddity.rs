//! Lines of the two files that programs refuse or read differently. Our commands read the rest of the file.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::block::{Place, without_comment};
use super::header::Header;
use super::ini::{FaultKind, Ini, Section};
use super::{KEYS, portal};

/// Something odd in a file. It is printed as a sentence without a full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// Where it is.
    pub place: Place,
    /// What it is.
    pub kind: OddityKind,
}

/// The kinds of [`Oddity`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OddityKind {
    /// botocore refuses the whole file.
    Refused(FaultKind),
    /// `[default]` and `[profile default]`: botocore takes the last one, other SDKs `[profile default]`.
    TwoDefaults {
        /// The line of the first one.
        first: usize,
    },
    /// A section of the config file that has credentials and is no profile, because `profile` is missing: `[dev]`.
    NotAProfile {
        /// The header.
        header: String,
    },
    /// `[ default ]`: the white space hides the profile from botocore, and not from other SDKs.
    Spaced {
        /// The header.
        header: String,
    },
    /// `[profile a b]` or a quote that is not closed: the section has no name.
    NoName {
        /// The header.
        header: String,
    },
    /// A comment behind a value. botocore takes it as part of the value.
    Comment {
        /// The key.
        key: String,
    },
}

impl Oddity {
    /// Whether botocore, and with it the AWS CLI and boto3, refuses the whole file.
    pub fn is_refused(&self) -> bool {
        matches!(self.kind, OddityKind::Refused(_))
    }
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, kind } = self;
        match kind {
            OddityKind::Refused(FaultKind::RepeatedSection { header, first }) => {
                write!(f, "{place} begins [{header}], which line {first} begins too")
            }
            OddityKind::Refused(FaultKind::RepeatedKey { key, first }) => {
                write!(f, "{place} has {key}, which line {first} has too")
            }
            OddityKind::Refused(FaultKind::BeforeSections) => {
                write!(f, "{place} stands before the first section")
            }
            OddityKind::Refused(FaultKind::NoKey) => {
                write!(f, "{place} is neither a section nor a key with a value")
            }
            OddityKind::Refused(FaultKind::NoNestedKey) => {
                write!(f, "{place} is in an indented block and is not a key with a value")
            }
            OddityKind::Refused(FaultKind::ByteOrderMark) => {
                write!(f, "{place} starts with a byte-order mark")
            }
            OddityKind::Refused(FaultKind::NotUtf8) => write!(f, "{place} is not UTF-8"),
            OddityKind::TwoDefaults { first } => {
                write!(f, "{place} begins the profile `default`, which line {first} begins too")
            }
            OddityKind::NotAProfile { header } => {
                write!(
                    f,
                    "{place} begins [{header}], which is not a profile: [profile {header}] is one"
                )
            }
            OddityKind::Spaced { header } => {
                write!(f, "{place} begins [{header}] with white space before the word")
            }
            OddityKind::NoName { header } => {
                write!(
                    f,
                    "{place} begins [{header}], which names nothing: quote a name with spaces"
                )
            }
            OddityKind::Comment { key } => {
                write!(f, "{place} has a comment behind the value of {key}")
            }
        }
    }
}

/// The oddities of the config file.
pub(super) fn of_config(ini: &Ini, path: &Arc<PathBuf>) -> Vec<Oddity> {
    let mut oddities = refused(ini, path);
    let mut default = None;
    let odd = |line, kind| Oddity { place: Place { path: Arc::clone(path), line }, kind };
    for section in &ini.sections {
        let Section { header, line, .. } = section;
        match Header::of_config(header) {
            Header::Profile(name) if name == "default" => match default {
                Some(first) => oddities.push(odd(*line, OddityKind::TwoDefaults { first })),
                None => default = Some(*line),
            },
            Header::Spaced(_) => {
                let header = header.clone();
                oddities.push(odd(*line, OddityKind::Spaced { header }));
            }
            Header::NoName => {
                let header = header.clone();
                oddities.push(odd(*line, OddityKind::NoName { header }));
            }
            Header::Other if has_credentials(section) => {
                let header = header.clone();
                oddities.push(odd(*line, OddityKind::NotAProfile { header }));
            }
            Header::Profile(_) | Header::SsoSession(_) | Header::Services(_) | Header::Other => {}
        }
        oddities.extend(comments(section, path));
    }
    oddities.sort_by_key(|oddity| oddity.place.line);
    oddities
}

/// The oddities of the credentials file, where each section is a profile.
pub(super) fn of_credentials(ini: &Ini, path: &Arc<PathBuf>) -> Vec<Oddity> {
    let mut oddities = refused(ini, path);
    oddities.extend(ini.sections.iter().flat_map(|section| comments(section, path)));
    oddities.sort_by_key(|oddity| oddity.place.line);
    oddities
}

fn refused(ini: &Ini, path: &Arc<PathBuf>) -> Vec<Oddity> {
    let faults = ini.faults.iter().map(|fault| Oddity {
        place: Place { path: Arc::clone(path), line: fault.line },
        kind: OddityKind::Refused(fault.kind.clone()),
    });
    faults.collect()
}

/// The comments behind values that a program needs to the letter.
fn comments(section: &Section, path: &Arc<PathBuf>) -> Vec<Oddity> {
    let is_behind = |key: &str, value: &str| {
        TO_THE_LETTER.contains(&key) && without_comment(value).len() < value.len()
    };
    let odd = section.entries.iter().filter(|entry| is_behind(&entry.key, &entry.value));
    odd.map(|entry| Oddity {
        place: Place { path: Arc::clone(path), line: entry.line },
        kind: OddityKind::Comment { key: entry.key.clone() },
    })
    .collect()
}

fn has_credentials(section: &Section) -> bool {
    let is_one = |key: &str| KEYS.contains(&key) || key == portal::GRANTED_START_URL;
    section.entries.iter().any(|entry| is_one(&entry.key))
}

/// Keys whose values are looked up or sent as they are.
const TO_THE_LETTER: [&str; 11] = [
    "aws_access_key_id",
    "credential_source",
    "region",
    "role_arn",
    "source_profile",
    "sso_account_id",
    "sso_region",
    "sso_role_name",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
];
