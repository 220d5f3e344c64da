//! The status as lines and a table.

use std::borrow::Cow;

use server::wire::StatusObject;

use super::words::{self, Row};
use crate::ground::ui;

/// Prints the status on stdout, and the warnings on stderr.
pub(super) fn show(status: &StatusObject) {
    ui::data(&words::server(status));
    ui::data(&words::facts(status));
    if let Some(sessions) = words::sessions(status) {
        ui::data(&sessions);
    }
    let rows = words::rows(status);
    if rows.is_empty() {
        ui::note(words::NOTHING_LOADED);
    } else {
        ui::data("");
        ui::table(&HEADER, rows.iter().map(cells));
    }
    for notice in words::notices(status) {
        ui::note(&format!("warning: {notice}"));
    }
}

fn cells(row: &Row) -> Vec<Cow<'_, str>> {
    let cells = [
        &row.slot,
        &row.account,
        &row.role,
        &row.left,
        &row.state,
        &row.next,
        &row.reads,
        &row.last,
    ];
    cells.map(|cell| Cow::from(cell.as_str())).into()
}

const HEADER: [&str; 8] =
    ["Slot", "AccountId", "RoleName", "Expires", "State", "Refresh", "Reads", "Last read"];
