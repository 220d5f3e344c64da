//! Readers of the settings that are more than a word: durations, variables of the AWS config, the template of profile names.

use std::time::Duration;

use credentials::Invalid;

use super::field_error::FieldError;
use super::fields::{Fields, items};
use super::findings::Findings;
use super::yaml::Node;
use crate::profile_name::ProfileFormat;

/// A number of hours. A negative number is zero.
pub(super) fn hours(node: &Node) -> Result<Duration, FieldError> {
    let hours = u64::try_from(node.number::<i64>()?).unwrap_or(0);
    Ok(Duration::from_secs(hours.saturating_mul(60 * 60)))
}

/// `ConsoleDuration`. The limits are those of AWS for a session of the console.
pub(super) fn console_duration(node: &Node) -> Result<Duration, FieldError> {
    let minutes = node.number::<u64>().ok().filter(|minutes| (15..=720).contains(minutes));
    let minutes = minutes.ok_or_else(|| node.must_be("a number of minutes from 15 to 720"))?;
    Ok(Duration::from_secs(minutes * 60))
}

/// `ProfileFormat`. A template that cannot be used counts as missing.
pub(super) fn profile_format(fields: &mut Fields<'_, '_>) -> Option<String> {
    let read = |node: &Node| {
        let text = node.text()?;
        match ProfileFormat::of_config(Some(&text)) {
            Ok(_) => Ok(text),
            Err(error) => Err(FieldError::new(node.line, error.to_string())),
        }
    };
    let node = fields.try_take_node("ProfileFormat");
    let format = node
        .and_then(|node| node.map(read).transpose().map_err(|error| error.within("ProfileFormat")));
    match format {
        Ok(format) => format,
        Err(error) => {
            fields.add_problem(error);
            None
        }
    }
}

/// `ConfigVariables`, sorted by key. A key or a value that would break the AWS config is left out.
pub(super) fn variables(
    node: &Node,
    findings: &mut Findings,
) -> Result<Vec<(String, String)>, FieldError> {
    let read = |key: &String, node: &Node, _: &mut Findings| Ok((key.clone(), line(node)?));
    let mut variables = items(node, findings, variable_key, |key| key.to_lowercase(), read)?;
    // An empty value would begin a nested section.
    variables.retain(|(_, value)| !value.is_empty());
    variables.sort();
    Ok(variables)
}

fn variable_key(text: &str) -> Result<String, Invalid> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("credential_process") {
        return Err(Invalid(
            "another setting than credential_process, which aws-sso writes itself",
        ));
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => Ok(text.to_owned()),
        false => Err(Invalid("a setting of the AWS config: letters, digits, and _-.")),
    }
}

fn line(node: &Node) -> Result<String, FieldError> {
    let text = node.text()?;
    match text.contains(char::is_control) {
        true => Err(node.must_be("text on one line")),
        false => Ok(text.trim().to_owned()),
    }
}
