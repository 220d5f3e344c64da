//! Draws the state as cells. It makes all text of the caller printable; the texts of rows already are.

use credentials::printable;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};
use unicode_width::UnicodeWidthStr;

use super::columns::{GAP, columns};
use super::rows::{Column, Row};
use super::state::State;

/// The texts that are shown with the list.
#[derive(Clone, Copy, Debug, Default)]
pub struct Notes<'a> {
    /// Labels and values about the selected row, the most important first: there may be no room for all.
    pub preview: &'a [(&'static str, String)],
    /// The last line, instead of the keys.
    pub news: Option<&'a str>,
    /// Lines that are shown when there are no rows.
    pub without_rows: &'a [String],
}

/// The styles of the screen. No information is in colour alone.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    matched: Style,
    narrowing: Style,
}

impl Look {
    /// With colours, or without.
    pub fn new(with_colour: bool) -> Self {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        match with_colour {
            true => Self { matched: bold.fg(Color::Green), narrowing: bold.fg(Color::Cyan) },
            false => Self { matched: bold.add_modifier(Modifier::UNDERLINED), narrowing: bold },
        }
    }
}

/// Draws the whole screen onto a frame, and fits the state to its size.
pub fn draw<K>(state: &mut State<'_, K>, notes: Notes<'_>, look: Look, frame: &mut Frame<'_>) {
    state.fit(frame.area());
    let layout = state.layout;
    draw_query(state, look, layout.query, frame);
    if state.count() == 0 {
        let text = Paragraph::new(nothing_found(state, notes)).wrap(Wrap { trim: false });
        frame.render_widget(text, layout.list);
    }
    draw_list(state, look, layout.list, frame);
    draw_preview(notes, layout.preview, layout.preview.y == layout.list.y, frame);
    frame.render_widget(status(state, notes), layout.status);
}

/// `> [env=prod] payments adm                 12/10000`
fn draw_query<K>(state: &State<'_, K>, look: Look, area: Rect, frame: &mut Frame<'_>) {
    let width = usize::from(area.width);
    let count = format!(" {}/{}", state.count(), state.rows.rows.len());
    let count = if width >= 40 { count } else { String::new() };
    let chips = state.narrowings.iter().map(|narrowing| format!("[{}] ", narrowing.label()));
    let mut spans = vec![Span::raw(PROMPT)];
    spans.extend(cell(&chips.collect::<String>(), width / 2, &[], look.narrowing, look.narrowing));
    let start = spans.iter().map(Span::width).sum::<usize>();
    let room = width.saturating_sub(start + count.width());
    let (before, after) = state.query.halves();
    let before = tail(&before, room.saturating_sub(1));
    let cursor = start + before.width();
    spans.extend([Span::raw(before), Span::raw(after)]);
    frame.render_widget(
        Line::from(spans),
        Rect { width: area.width - cells(count.width()), ..area },
    );
    frame.render_widget(Line::from(Span::styled(count, FAINT)).right_aligned(), area);
    if !area.is_empty() {
        let last = area.width - 1;
        frame.set_cursor_position((area.x + cells(cursor).min(last), area.y));
    }
}

fn draw_list<K>(state: &State<'_, K>, look: Look, area: Rect, frame: &mut Frame<'_>) {
    // Rows that were used come first.
    let is_used = state.rows.rows.first().is_some_and(|row| row.used.is_some());
    let ages = if is_used && area.width >= 60 { AGE_WIDTH } else { 0 };
    let room = usize::from(area.width).saturating_sub(MARK.len() + ages);
    let columns = columns(&state.rows.widths, room);
    for ((row, is_selected), y) in state.visible().zip(area.y..) {
        let line = row_line(state, row, is_selected, &columns, look);
        let line_area = Rect { y, height: 1, ..area };
        frame.render_widget(line, line_area);
        if let Some(used) = row.used.filter(|_| ages > 0) {
            let style = if is_selected { SELECTED } else { FAINT };
            let age = Span::styled(used.age(), style);
            frame.render_widget(Line::from(age).right_aligned(), line_area);
        }
    }
}

fn row_line<'a, K>(
    state: &State<'a, K>,
    row: &'a Row<'a, K>,
    is_selected: bool,
    columns: &[(Column, usize)],
    look: Look,
) -> Line<'a> {
    let (mark, of_line, matched) = match is_selected {
        true => (MARK, SELECTED, SELECTED.add_modifier(Modifier::BOLD.union(Modifier::UNDERLINED))),
        false => ("  ", Style::new(), look.matched),
    };
    let mut spans = vec![Span::raw(mark)];
    for (number, (column, width)) in columns.iter().enumerate() {
        if number > 0 {
            spans.push(Span::raw(" ".repeat(GAP)));
        }
        let style = match is_selected {
            true => of_line,
            false if *column == Column::Profile => Style::new(),
            false => FAINT,
        };
        let marks = state.matching.marks(state.rows, row, *column);
        let spans_of_cell = cell(state.rows.shown(row, *column), *width, &marks, style, matched);
        let padding = width.saturating_sub(spans_of_cell.iter().map(Span::width).sum());
        spans.extend(spans_of_cell);
        spans.push(Span::raw(" ".repeat(padding)));
    }
    Line::from(spans).style(of_line)
}

/// A text that is cut to a width, with the grapheme clusters at `marks` in another style.
fn cell(
    text: &str,
    width: usize,
    marks: &[u32],
    style: Style,
    matched: Style,
) -> Vec<Span<'static>> {
    let (end, ellipsis) = match text.width() <= width {
        true => (width, ""),
        false => (width.saturating_sub(1), if width > 0 { "…" } else { "" }),
    };
    let mut spans: Vec<Span<'static>> = Vec::new();
    let mut used = 0;
    for (place, grapheme) in (0_u32..).zip(Span::raw(text).styled_graphemes(Style::new())) {
        used += grapheme.symbol.width();
        if used > end {
            break;
        }
        let style = if marks.binary_search(&place).is_ok() { matched } else { style };
        match spans.last_mut().filter(|last| last.style == style) {
            Some(last) => last.content.to_mut().push_str(grapheme.symbol),
            None => spans.push(Span::styled(grapheme.symbol.to_owned(), style)),
        }
    }
    if !ellipsis.is_empty() {
        spans.push(Span::styled(ellipsis, style));
    }
    spans
}

/// The end of a text, as much of it as fits.
fn tail(text: &str, width: usize) -> String {
    let mut rest = text.chars();
    while rest.as_str().width() > width && rest.next().is_some() {}
    rest.as_str().to_owned()
}

fn draw_preview(notes: Notes<'_>, area: Rect, is_at_the_right: bool, frame: &mut Frame<'_>) {
    if area.is_empty() {
        return;
    }
    let (rule, rest) = match is_at_the_right {
        true => (Rect { width: 1, ..area }, Rect { x: area.x + 2, width: area.width - 2, ..area }),
        false => {
            (Rect { height: 1, ..area }, Rect { y: area.y + 1, height: area.height - 1, ..area })
        }
    };
    let strokes = match is_at_the_right {
        true => vec![Line::raw("│"); usize::from(rule.height)],
        false => vec![Line::raw("─".repeat(usize::from(rule.width)))],
    };
    frame.render_widget(Paragraph::new(strokes).style(FAINT), rule);
    let line = |(label, value): &(&'static str, String)| {
        let label = Span::styled(format!("{label:<12}"), FAINT);
        Line::from(vec![label, Span::raw(printable(value).into_owned())])
    };
    let text = Paragraph::new(notes.preview.iter().map(line).collect::<Vec<_>>());
    // Below the list there is little room, so each value has one line.
    let text = if is_at_the_right { text.wrap(Wrap { trim: false }) } else { text };
    frame.render_widget(text, rest);
}

fn nothing_found<'a, K>(state: &State<'_, K>, notes: Notes<'a>) -> Vec<Line<'a>> {
    if state.rows.is_empty() {
        return notes.without_rows.iter().map(|line| Line::raw(printable(line))).collect();
    }
    match state.narrowings.is_empty() {
        true => vec![Line::raw("No role matches.")],
        false => {
            vec![Line::raw("No role matches within […]. Shift-Tab removes the last of these.")]
        }
    }
}

/// The next narrowing while narrowings are tried; else the news; else the keys.
fn status<'a, K>(state: &State<'_, K>, notes: Notes<'a>) -> Line<'a> {
    match (state.tried_next(), notes.news) {
        (Some(Some(next)), _) => {
            Line::raw(format!("Tab: [{}] instead · Shift-Tab: remove", next.label()))
        }
        (Some(None), _) => Line::raw("Tab or Shift-Tab: remove"),
        (None, Some(news)) => Line::raw(printable(news)),
        (None, None) => Line::styled(KEYS, FAINT),
    }
}

/// A width as ratatui counts it.
fn cells(width: usize) -> u16 {
    u16::try_from(width).unwrap_or(u16::MAX)
}

const PROMPT: &str = "> ";
const MARK: &str = "> ";
/// The column of the last use, with a gap.
const AGE_WIDTH: usize = 6;
const KEYS: &str = "Enter choose · Tab narrow · Ctrl-R refresh · Esc leave";
const FAINT: Style = Style::new().add_modifier(Modifier::DIM);
const SELECTED: Style = Style::new().add_modifier(Modifier::REVERSED);
