//! `aws-sso ecs audit`

mod log;
mod row;

use std::fs::File;
use std::path::PathBuf;

use clap::Args;
use credentials::{Clock, Failure, ProfileName, Timestamp, shell_word};
use jiff::{SignedDuration, Span, SpanRelativeTo};
use server::{AuditLine, AuditLog};

use crate::ground::arguments::{Output, OutputArguments};
use crate::ground::clock::SystemClock;
use crate::ground::ui;
use crate::ground::values::Values;
use log::Log;

/// Show the audit log of a server: who used which role, and when
///
/// FILE is the file of `aws-sso ecs run --audit-log FILE`. Its older parts, FILE.5 to FILE.1, are read first, so that the
/// oldest record comes first.
#[derive(Args)]
#[command(after_help = "Example:\n  aws-sso ecs audit ~/ecs-audit.log --since 2h --refused")]
pub(crate) struct Arguments {
    /// The audit log
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Show only this named slot
    #[arg(short, long, value_name = "NAME", value_parser = ProfileName::parse,
          conflicts_with = "default_slot", add = Values::Slots)]
    slot: Option<ProfileName>,
    /// Show only the default slot
    #[arg(long)]
    default_slot: bool,
    /// Show only records from this time on: 30m, 2h or 7d ago, or 2026-11-22T21:16:31Z
    #[arg(long, value_name = "WHEN", value_parser = Since::parse)]
    since: Option<Since>,
    /// Show only refused requests
    #[arg(long)]
    refused: bool,
    /// Show only requests with the authorization token of this serial
    #[arg(long, value_name = "SERIAL")]
    token: Option<String>,
    #[command(flatten)]
    output: OutputArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Since {
    Ago(SignedDuration),
    Instant(Timestamp),
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let mut logs = open(&arguments.file)?;
    let filter = Filter::new(&arguments, SystemClock.now());
    let mut shown = Shown::new(arguments.output.output);
    let mut unreadable = 0_u64;
    'all: while let Some(mut log) = logs.pop() {
        while let Some(line) = log.next_line().map_err(|error| unusable(&arguments, &error))? {
            match serde_json::from_str::<AuditLine<'_>>(line) {
                Ok(parsed) if filter.wants(&parsed) => {
                    if !shown.push(line, &parsed) {
                        break 'all; // stdout is closed
                    }
                }
                Ok(_) => {}
                Err(_) => unreadable += 1,
            }
        }
    }
    shown.end();
    match unreadable {
        0 => {}
        1 => ui::note("warning: one line could not be read and was left out."),
        _ => ui::note(&format!("warning: {unreadable} lines could not be read and were left out.")),
    }
    Ok(())
}

/// Opens the log and its older parts, the newest first, so that a rotation meanwhile loses no record.
fn open(path: &std::path::Path) -> Result<Vec<Log<File>>, Failure> {
    let mut logs: Vec<Log<File>> = Vec::new();
    let mut seen = Vec::new();
    for path in AuditLog::files(path) {
        match files::open(&path) {
            Ok(file) => {
                let id = files::file_id(&file);
                if !seen.contains(&id) || id.is_none() {
                    seen.push(id);
                    logs.push(Log::new(file));
                }
            }
            Err(error) if error.is_missing() => {}
            Err(error) => return Err(error.into()),
        }
    }
    match logs.is_empty() {
        false => Ok(logs),
        true => Err(Failure::failed(format!("there is no audit log {}", path.display()))
            .with_hint(format!(
                "Start a server that writes it: aws-sso ecs run --audit-log {}",
                shell_word(&path.to_string_lossy())
            ))),
    }
}

fn unusable(arguments: &Arguments, error: &std::io::Error) -> Failure {
    let path = arguments.file.display();
    Failure::failed(format!("the audit log {path} cannot be read: {error}"))
}

/// The filter for records.
struct Filter<'a> {
    arguments: &'a Arguments,
    since: Option<Timestamp>,
}

impl<'a> Filter<'a> {
    fn new(arguments: &'a Arguments, now: Timestamp) -> Self {
        let since = arguments.since.map(|since| match since {
            Since::Instant(at) => at,
            Since::Ago(age) => now.saturating_sub(age).unwrap_or(Timestamp::MIN),
        });
        Self { arguments, since }
    }

    fn wants(&self, line: &AuditLine<'_>) -> bool {
        let is_old = |since| line.time.parse::<Timestamp>().is_ok_and(|at| at < since);
        if self.since.is_some_and(is_old) {
            return false;
        }
        // A missing value matches any filter.
        let Arguments { slot, default_slot, refused, token, .. } = self.arguments;
        line.lost > 0
            || slot.as_ref().is_none_or(|slot| line.slot.as_deref() == Some(slot.as_str()))
                && (!default_slot || line.default_slot)
                && (!refused || line.outcome == "refused")
                && token.as_ref().is_none_or(|token| line.token.as_deref() == Some(token))
    }
}

/// The printer of the matching lines.
struct Shown {
    output: Output,
    lines: ui::Lines,
    is_empty: bool,
    /// Whether a program that forwards connections got something without a token.
    has_forwarder: bool,
}

impl Shown {
    fn new(output: Output) -> Self {
        Self { output, lines: ui::Lines::new(), is_empty: true, has_forwarder: false }
    }

    /// Prints a line. `false`: stdout is closed.
    fn push(&mut self, line: &str, parsed: &AuditLine<'_>) -> bool {
        let is_first = std::mem::take(&mut self.is_empty);
        self.has_forwarder |=
            parsed.forwarder && parsed.token.is_none() && parsed.outcome == "allowed";
        match self.output {
            Output::Json => self.lines.push(line),
            Output::Text => {
                (!is_first || row::header(&mut self.lines)) && row::push(&mut self.lines, parsed)
            }
        }
    }

    fn end(self) {
        if self.is_empty && self.output == Output::Text {
            ui::note("The audit log has no such records.");
        }
        if self.has_forwarder && self.output == Output::Text {
            ui::note(FORWARDS);
        }
    }
}

const FORWARDS: &str = "warning: a program that forwards connections got answers without a token, and others may have sent \
                        its requests. Require a token from every program: aws-sso ecs run --require-token";

impl Since {
    fn parse(text: &str) -> Result<Self, &'static str> {
        const MUST_BE: &str =
            "it must be an age such as 30m, 2h or 7d, or an instant such as 2026-11-22T21:16:31Z";
        if let Ok(at) = text.parse() {
            return Ok(Self::Instant(at));
        }
        let span: Span = text.parse().map_err(|_| MUST_BE)?;
        let age = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| MUST_BE)?;
        if age.is_negative() { Err(MUST_BE) } else { Ok(Self::Ago(age)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_an_age_or_an_instant() {
        for (text, seconds) in [("30s", 30), ("5m", 300), ("2h", 7200), ("7d", 604_800)] {
            assert_eq!(
                Since::parse(text),
                Ok(Since::Ago(SignedDuration::from_secs(seconds))),
                "{text}"
            );
        }
        let instant = "2026-11-22T21:16:31Z";
        assert_eq!(Since::parse(instant), Ok(Since::Instant(instant.parse().unwrap())));
        for wrong in ["", "2", "h", "-2h", "2h ago", "2x", "99999999999999999999h", "yesterday"] {
            assert!(Since::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
