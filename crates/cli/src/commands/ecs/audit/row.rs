//! A record of the audit log as a row of a table.

use std::borrow::Cow;

use server::AuditLine;

use crate::ground::ui::Lines;

/// Prints the table's header. `false`: stdout is closed.
pub(super) fn header(lines: &mut Lines) -> bool {
    lines.push_row(&WIDTHS, &HEADER.map(Cow::from))
        && lines.push(&"=".repeat(WIDTHS.iter().sum::<usize>() + 3 * (WIDTHS.len() - 1)))
}

/// Prints one row. `false`: stdout is closed.
pub(super) fn push(lines: &mut Lines, line: &AuditLine<'_>) -> bool {
    lines.push_row(
        &WIDTHS,
        &[
            // Cut to seconds.
            line.time.get(..19).map_or(line.time.as_ref().into(), |time| format!("{time}Z").into()),
            line.verb.as_ref().into(),
            slot(line),
            role(line),
            outcome(line),
            who(line),
            line.token.as_deref().unwrap_or("-").into(),
        ],
    )
}

fn slot<'a>(line: &'a AuditLine<'_>) -> Cow<'a, str> {
    match (&line.slot, line.default_slot) {
        (Some(name), _) => name.as_ref().into(),
        (None, true) => "(default)".into(),
        (None, false) => "-".into(),
    }
}

fn role<'a>(line: &'a AuditLine<'_>) -> Cow<'a, str> {
    match (&line.account_id, &line.role_name, &line.profile) {
        (Some(account), Some(role), _) => format!("{account}/{role}").into(),
        (_, _, Some(profile)) => profile.as_ref().into(),
        (_, _, None) => "-".into(),
    }
}

fn outcome<'a>(line: &'a AuditLine<'_>) -> Cow<'a, str> {
    match (line.lost, line.status) {
        (0, 0 | 200) => line.outcome.as_ref().into(),
        (0, status) => format!("{} {status}", line.outcome).into(),
        (lost, _) => format!("{lost} lines lost").into(),
    }
}

/// The program, process and user, as far as they are known.
fn who(line: &AuditLine<'_>) -> Cow<'static, str> {
    let program = line.exe.as_deref().and_then(|exe| exe.rsplit('/').next()).unwrap_or("?");
    let forwards = if line.forwarder { ", forwards" } else { "" };
    match (line.pid, line.uid) {
        (Some(pid), Some(uid)) => format!("{program}[{pid}] of user {uid}{forwards}").into(),
        (None, Some(uid)) => format!("user {uid}").into(),
        _ => "-".into(),
    }
}

const HEADER: [&str; 7] = ["Time", "Verb", "Slot", "Role", "Outcome", "Who", "Token"];
/// Widths of the columns. The next rows are not known yet, so a wider cell shifts the rest of its row.
const WIDTHS: [usize; 7] = [20, 6, 16, 28, 12, 28, 8];
