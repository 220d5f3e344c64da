//! Everything that a person sees: data on stdout, the rest on stderr.
//!
//! Text that came over a socket is stripped of control characters before a terminal gets it.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use comfy_table::{ContentLineStyle, LineStyle, Table, TableStyle};
use serde::Serialize;
use server::wire::ProfileObject;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, filter::Targets, fmt};

use crate::env;
use crate::error::CommandError;

/// A header, a line of `=`, and rows.
const STYLE: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none().junction('|'))
    .header_separator(LineStyle::none().fill('=').junction('='))
    .content_lines(ContentLineStyle::none().junction('|'));

/// Logs to stderr. Only our own crates' events: those of the SDK and of hyper can hold secrets.
pub(crate) fn start_log(level: LevelFilter) {
    let ours = Targets::new()
        .with_target("aws_sso", level)
        .with_target("providers", level)
        .with_target("server", level);
    let colour = io::stderr().is_terminal() && env::wants_colour();
    let lines = fmt::layer().with_writer(io::stderr).with_ansi(colour).with_target(false);
    tracing_subscriber::registry().with(lines.without_time().with_filter(ours)).init();
}

/// A line of data, for programs or for a shell.
pub(crate) fn data(line: &str) {
    // Who closed stdout doesn't want it.
    let _ = writeln!(io::stdout(), "{line}");
}

/// Data as JSON, on one line.
pub(crate) fn json(value: &impl Serialize) {
    data(&serde_json::to_string(value).unwrap_or_default());
}

/// A line for the person.
pub(crate) fn note(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// A table of profiles, on stdout.
pub(crate) fn profiles(profiles: &[ProfileObject]) {
    let mut table = Table::new();
    table.load_style(STYLE).set_header(["ProfileName", "AccountId", "RoleName", "Expires"]);
    for profile in profiles {
        let known = |text: &Option<String>| printable(text.as_deref().unwrap_or("-"));
        table.add_row([
            printable(&profile.profile_name),
            known(&profile.account_id),
            known(&profile.role_name),
            printable(&profile.expires),
        ]);
    }
    if let Some(first) = table.column_mut(0) {
        first.set_padding((0, 1));
    }
    data(&table.trim_fmt());
}

/// Shows a failure and gives its exit code.
pub(crate) fn report(error: &CommandError) -> ExitCode {
    note(&format!("error: {}", printable(&error.text)));
    if let Some(hint) = &error.hint {
        note(&format!("hint: {}", printable(hint)));
    }
    ExitCode::from(error.kind.exit_code())
}

/// Text without control characters: nothing in it moves a cursor or changes a colour.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
