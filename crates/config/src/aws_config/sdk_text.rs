//! The few sections that the SDK for Rust gets of the AWS config: one profile and the services that it names. The SDK refuses a
//! whole file for one line that botocore can read, and ignores profiles with names that botocore can read.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::ini::Entry;
use super::{AwsConfig, Block};

/// The text of a config file with one profile.
#[derive(Debug)]
pub struct SdkText {
    /// The name of the profile in the text.
    pub profile: String,
    /// The text, without access keys.
    pub text: String,
}

impl AwsConfig {
    /// The text for the SDK. Only the last value of each key is in it, and no setting that has more than one line, except the
    /// endpoints of services. A source profile is left out: we assume the roles ourselves.
    pub fn sdk_text(&self, profile: &Block) -> SdkText {
        let name = match profile.name() {
            name if name.chars().all(is_plain) => name,
            _ => "profile",
        };
        let mut text = format!("[profile {name}]\n");
        for (key, entry) in last_of_each(profile) {
            let value = profile.get(key).unwrap_or_default();
            let is_one_line = !entry.value.contains('\n') && !value.is_empty();
            if is_one_line && !NOT_FOR_SDK.contains(&key) {
                writeln!(text, "{key} = {value}").unwrap_or_default();
            }
        }
        let services = profile.get("services").and_then(|services| self.services.get(services));
        if let Some(services) = services.filter(|services| services.name().chars().all(is_plain)) {
            writeln!(text, "[services {}]", services.name()).unwrap_or_default();
            for (key, entry) in last_of_each(services) {
                let Some(nested) = entry.nested() else { continue };
                writeln!(text, "{key} =").unwrap_or_default();
                for (key, value) in nested {
                    writeln!(text, "  {key} = {value}").unwrap_or_default();
                }
            }
        }
        SdkText { profile: name.to_owned(), text }
    }
}

fn last_of_each(block: &Block) -> BTreeMap<&str, &Entry> {
    block.settings().map(|entry| (entry.key.as_str(), entry)).collect()
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-/.%@:+".contains(c)
}

/// What leads the SDK elsewhere, and secrets.
const NOT_FOR_SDK: [&str; 6] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "credential_process",
    "login_session",
    "source_profile",
];
