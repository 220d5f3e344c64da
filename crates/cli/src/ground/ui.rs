//! All output: data on stdout, everything else on stderr.
//!
//! Control characters in text from a socket are replaced before a terminal gets it.

mod diff;
mod notice;
mod output;
mod screen;
mod table;

use std::borrow::Cow;
use std::error::Error;
use std::io::{self, BufRead, BufWriter, IsTerminal, Read, Stdout, Write};
use std::pin::pin;
use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use server::wire::ProfileObject;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, filter::Targets, fmt};
use zeroize::Zeroizing;

use crate::ground::env;
use crate::ground::exit_code::exit_code;
use config::profile_name::Renamed;
use credentials::{Failure, Timestamp};

pub(crate) use credentials::printable;
pub(crate) use diff::Diff;
pub(crate) use notice::{notice, session_ending};
pub(crate) use output::{check_written, data, has_terminal, is_data_seen, json, note, raw};
pub(crate) use screen::{On, Screen};

const SLOW_AFTER: Duration = Duration::from_secs(3);
const MAX_ANSWER_BYTES: u64 = 4096;

/// Starts the log on stderr. It has only events of our crates: those of the SDK and of hyper can contain secrets.
pub(crate) fn start_log(level: LevelFilter) {
    let ours = Targets::new()
        .with_target("aws_sso", level)
        .with_target("providers", level)
        .with_target("server", level);
    let colour = io::stderr().is_terminal() && env::wants_colour();
    // The report of a failed write would panic if stderr is a terminal that has hung up.
    let lines = fmt::layer()
        .log_internal_errors(false)
        .with_writer(|| screen::Log)
        .with_ansi(colour)
        .with_target(false);
    tracing_subscriber::registry().with(lines.without_time().with_filter(ours)).init();
}

/// A buffered writer of many lines of data.
pub(crate) struct Lines(BufWriter<Stdout>);

impl Lines {
    pub(crate) fn new() -> Self {
        Self(BufWriter::new(io::stdout()))
    }

    /// Writes a line. Returns whether stdout is still open.
    pub(crate) fn push(&mut self, line: &str) -> bool {
        output::is_written(writeln!(self.0, "{}", printable(line)))
    }

    /// Writes a row with these minimal column widths, when the other rows are not known yet.
    pub(crate) fn push_row(&mut self, widths: &[usize], row: &[Cow<'_, str>]) -> bool {
        let line = table::row(widths, row);
        self.push(line.trim_end())
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        output::is_written(self.0.flush());
    }
}

/// The colour of a word on a terminal.
#[derive(Clone, Copy)]
pub(crate) enum Colour {
    Red = 31,
    Green = 32,
    Yellow = 33,
}

/// Writes a line of data after a coloured word, such as `ok` or `problem`.
pub(crate) fn marked(word: &str, colour: Colour, line: &str) {
    let word = format!("{word:<7}");
    let word = match is_data_seen() && env::wants_colour() {
        true => format!("\u{1b}[{}m{word}\u{1b}[0m", colour as u8),
        false => word,
    };
    data(&format!("  {word}  {}", printable(line)));
}

/// Awaits the work, with a note if it takes long.
pub(crate) async fn note_if_slow<T>(what: &str, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    tokio::select! {
        outcome = &mut work => return outcome,
        () = tokio::time::sleep(SLOW_AFTER) => {}
    }
    if has_terminal() {
        note(what);
    }
    work.await
}

/// Asks for a secret, which is not shown.
pub(crate) fn ask_secret(question: &str) -> Result<Zeroizing<String>, Failure> {
    let answer = rpassword::prompt_password(question);
    answer.map(Zeroizing::new).map_err(|error| {
        Failure::failed(format!("no question can be asked on this terminal: {error}"))
    })
}

/// Asks for a line.
pub(crate) fn ask(question: &str) -> Result<String, Failure> {
    write!(io::stderr(), "{question}").ok();
    let mut line = String::new();
    match io::stdin().lock().take(MAX_ANSWER_BYTES).read_line(&mut line) {
        Ok(0) => Err(Failure::failed("nobody answered")),
        Ok(_) => Ok(line.trim().to_owned()),
        Err(error) => Err(Failure::failed(format!("no answer can be read: {error}"))),
    }
}

/// Asks for a yes; anything else is a no.
pub(crate) fn confirm(question: &str) -> Result<bool, Failure> {
    let answer = ask(question)?.to_lowercase();
    Ok(answer == "y" || answer == "yes")
}

/// A progress bar for long work. Invisible without a terminal.
pub(crate) fn progress_bar(what: &str) -> ProgressBar {
    let bar = match has_terminal() {
        true => ProgressBar::new(0),
        false => ProgressBar::hidden(),
    };
    // This cannot fail: the template is a constant.
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar.with_message(what.to_owned())
}

/// Warns that a role got another name than its profile format gives.
pub(crate) fn renamed(Renamed { from, to }: &Renamed) {
    let (from, to) = (printable(from.as_str()), printable(to.as_str()));
    note(&format!("warning: several roles would be called `{from}`; one of them is `{to}`."));
}

/// Prints a table of profiles on stdout, and notices about them on stderr.
pub(crate) fn profiles(profiles: &[ProfileObject], now: Timestamp) {
    let row = |profile: &ProfileObject| {
        let known = |text: &Option<String>| text.clone().map_or(Cow::Borrowed("-"), Cow::Owned);
        vec![
            profile.profile_name.clone().into(),
            known(&profile.account_id),
            known(&profile.role_name),
            // The server of aws-sso-cli pads it.
            profile.expires.trim_start().to_owned().into(),
            profile.state.to_string().into(),
            known(&profile.source_text),
        ]
    };
    let header = ["ProfileName", "AccountId", "RoleName", "Expires", "State", "Source"];
    table(&header, profiles.iter().map(row));
    let mut said: Vec<String> = Vec::new();
    for notice in profiles.iter().filter_map(|profile| notice(profile, now)) {
        if !said.contains(&notice) {
            note(&format!("warning: {}", printable(&notice)));
            said.push(notice);
        }
    }
}

/// Prints a table on stdout.
pub(crate) fn table<'a>(header: &[&str], rows: impl Iterator<Item = Vec<Cow<'a, str>>>) {
    data(table::render(header, rows).trim_end());
}

/// Shows a failure and gives its exit code.
pub(crate) fn report(error: &Failure) -> ExitCode {
    if !error.message.is_empty() {
        note(&format!("error: {}", printable(&error.message)));
    }
    if let Some(hint) = &error.hint {
        note(&format!("hint: {}", printable(hint)));
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        tracing::debug!("caused by: {}", printable(&error.to_string()));
        cause = error.source();
    }
    ExitCode::from(exit_code(error.problem))
}
