//! Draws the state into the cells of the screen. Pure.
//!
//! Colours only repeat what the marks, bars and words show.

use ratatui::Frame;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::columns::{Column, GAP, fit, wrapped};
use super::{Trouble, Watched};
use crate::commands::ecs::status::words::{Level, NOTHING_LOADED, Row};
use crate::ground::ui::printable;

/// The parts of the screen that fit.
pub(super) struct Plan {
    has_title: bool,
    about: Vec<String>,
    has_gap: bool,
    has_header: bool,
    /// Number of lines for slots.
    pub(super) rows: usize,
    notices: Vec<String>,
    has_footer: bool,
}

impl Plan {
    /// The plan for a screen of this size. The first slot comes first, then the most important parts.
    pub(super) fn new(watched: &Watched, (width, height): (u16, u16)) -> Self {
        let (snapshot, width, height) =
            (&watched.snapshot, usize::from(width), usize::from(height));
        let notices =
            snapshot.notices.iter().flat_map(|notice| wrapped(&format!("! {notice}"), width));
        let mut notices: Vec<String> = notices.take(height / 3).collect();
        let about = [Some(&snapshot.facts), snapshot.sessions.as_ref()].into_iter().flatten();
        let server = wrapped(&snapshot.server, width).into_iter().skip(1);
        let mut about: Vec<String> =
            server.chain(about.flat_map(|text| wrapped(text, width))).collect();
        let mut rows = height;
        let mut take = |lines: usize, least: usize| {
            let taken = if rows >= lines + least { lines } else { 0 };
            rows -= taken;
            taken
        };
        let (has_footer, has_title) = (take(1, 1) > 0, take(1, 1) > 0);
        let has_header = take(1, 3) > 0;
        notices.truncate(take(notices.len(), 3));
        about.truncate(take(about.len(), 6));
        let has_gap = take(1, 8) > 0;
        Self { has_title, about, has_gap, has_header, rows, notices, has_footer }
    }
}

/// Draws the whole screen.
pub(super) fn draw(watched: &Watched, has_colour: bool, frame: &mut Frame<'_>) {
    let area = frame.area();
    let plan = Plan::new(watched, (area.width, area.height));
    let paint = Paint { has_colour, is_old: watched.trouble.is_some() };
    let lines = lines(watched, plan, usize::from(area.width), paint);
    for (line, row) in lines.into_iter().zip(area.rows()) {
        frame.render_widget(line, row);
    }
}

fn lines(watched: &Watched, plan: Plan, width: usize, paint: Paint) -> Vec<Line<'static>> {
    let snapshot = &watched.snapshot;
    // The gap of the last column is outside the screen.
    let columns = snapshot.widths.fitting((width + GAP).saturating_sub(MARK));
    let mut lines = Vec::new();
    lines.extend(plan.has_title.then(|| title(watched, width, paint)));
    lines.extend(plan.about.into_iter().map(Line::from));
    lines.extend(plan.has_gap.then(Line::default));
    lines.extend(plan.has_header.then(|| header(&columns)));
    let above = lines.len();
    let first = watched.first.min(snapshot.rows.len().saturating_sub(plan.rows));
    if snapshot.rows.is_empty() {
        lines.extend(wrapped(NOTHING_LOADED, width).into_iter().take(plan.rows).map(Line::from));
    }
    let rows = snapshot.rows.iter().skip(first).take(plan.rows);
    let words = snapshot.widths.left_text_width();
    lines.extend(rows.map(|row| line(row, &columns, words, paint)));
    lines.resize(above + plan.rows, Line::default());
    let notices = plan.notices.into_iter();
    lines.extend(notices.map(|notice| Line::styled(notice, paint.of(Level::Bad))));
    lines.extend(plan.has_footer.then(|| footer(first, plan.rows, snapshot.rows.len(), width)));
    lines
}

fn title(watched: &Watched, width: usize, paint: Paint) -> Line<'static> {
    match &watched.trouble {
        Some(Trouble { why, age }) => {
            let text = format!("! {}s old, trying again: {}", age.as_secs(), printable(why));
            let style = Paint { is_old: false, ..paint }.of(Level::Bad).bold();
            Line::styled(fit(&text, width), style)
        }
        None => {
            let server = wrapped(&watched.snapshot.server, width).into_iter().next();
            Line::styled(server.unwrap_or_default(), Style::new().bold())
        }
    }
}

fn header(columns: &[(Column, usize)]) -> Line<'static> {
    let names = columns.iter().map(|(column, width)| fit(column.name(), width + GAP));
    Line::styled(
        format!("{}{}", " ".repeat(MARK), names.collect::<String>()),
        Style::new().underlined(),
    )
}

fn line(row: &Row, columns: &[(Column, usize)], words: usize, paint: Paint) -> Line<'static> {
    let style = paint.of(row.level);
    let mark = match row.level {
        Level::Good => "+",
        Level::Unsure => "~",
        Level::Bad => "!",
    };
    let mut spans = vec![Span::styled(fit(mark, MARK), style)];
    for (column, width) in columns {
        let cell = column.cell(row);
        let (cell, style) = match column {
            Column::Left => (bar(row.thousandths, &fit(&cell, words), *width), style),
            Column::State => (fit(&cell, *width), style),
            Column::Slot | Column::Role | Column::Next | Column::Reads | Column::Last => {
                (fit(&cell, *width), paint.plain())
            }
        };
        spans.push(Span::styled(cell + &" ".repeat(GAP), style));
    }
    Line::from(spans)
}

/// The time left, as a bar and as text.
fn bar(thousandths: u16, words: &str, width: usize) -> String {
    let length = width.saturating_sub(words.width() + 1);
    // Only expired credentials have an empty bar.
    let full = (length * usize::from(thousandths)).div_ceil(1000).min(length);
    format!("{}{} {words}", "█".repeat(full), "░".repeat(length - full))
}

fn footer(first: usize, page: usize, slots: usize, width: usize) -> Line<'static> {
    let text = match slots > page {
        true => format!(
            "q leaves   Up Down PgUp PgDn   slots {}-{} of {slots}",
            first + 1,
            (first + page).min(slots)
        ),
        false => "q leaves".to_owned(),
    };
    Line::styled(fit(&text, width), Style::new().dim())
}

/// The styles.
#[derive(Clone, Copy)]
struct Paint {
    has_colour: bool,
    /// Whether the shown status is old.
    is_old: bool,
}

impl Paint {
    fn of(self, level: Level) -> Style {
        let colour = match level {
            Level::Good => Color::Green,
            Level::Unsure => Color::Yellow,
            Level::Bad => Color::Red,
        };
        if self.has_colour { self.plain().fg(colour) } else { self.plain() }
    }

    fn plain(self) -> Style {
        if self.is_old { Style::new().dim() } else { Style::new() }
    }
}

/// Width of the mark before a slot.
const MARK: usize = 2;

#[cfg(test)]
mod tests;
