//! A picture of a terminal, for the documentation: what is on a screen as an SVG, in a window of its own colours, so that it
//! can be read on light and on dark pages. Pure: a screen in, text out. No fonts and no scripts are in it or are fetched.

mod glyph;
mod palette;
#[cfg(test)]
mod tests;

use std::fmt::Write;

use glyph::Shape;
use palette::{BACKGROUND, BAR, Colour, FOREGROUND, FRAME, TITLE};

/// What is on the screen, in a window with this title.
pub fn svg(screen: &vt100::Screen, title: &str) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let width = x(columns) + MARGIN;
    let height = y(rows) + MARGIN;
    let mut picture = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" \
         width=\"{width:.1}\" height=\"{height:.1}\" role=\"img\" \
         font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" \
         font-size=\"{FONT_SIZE}\">\n<title>{title}</title>\n{frame}",
        title = escaped(title),
        frame = frame(width, height, title),
    );
    for row in 0..rows {
        for run in runs(screen, row, columns) {
            draw(&mut picture, &run, row);
        }
    }
    if !screen.hide_cursor() {
        let (row, column) = screen.cursor_position();
        fill_cells(&mut picture, (x(column), y(row)), CELL_WIDTH, FOREGROUND, "0.5");
    }
    picture + "</svg>\n"
}

/// Cells beside each other that look the same.
struct Run {
    text: String,
    column: u16,
    /// In cells.
    width: u16,
    style: Style,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Style {
    foreground: Colour,
    background: Colour,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
}

impl Style {
    fn of(cell: &vt100::Cell) -> Self {
        let foreground = Colour::of(cell.fgcolor(), FOREGROUND, cell.bold());
        let background = Colour::of(cell.bgcolor(), BACKGROUND, false);
        let (foreground, background) = match cell.inverse() {
            true => (background, foreground),
            false => (foreground, background),
        };
        let (bold, dim, italic) = (cell.bold(), cell.dim(), cell.italic());
        Self { foreground, background, bold, dim, italic, underline: cell.underline() }
    }
}

fn runs(screen: &vt100::Screen, row: u16, columns: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for column in 0..columns {
        let Some(cell) = screen.cell(row, column).filter(|cell| !cell.is_wide_continuation())
        else {
            continue;
        };
        let text = if cell.has_contents() { cell.contents() } else { " " };
        let (style, width) = (Style::of(cell), 1 + u16::from(cell.is_wide()));
        // What isn't one column wide, or is drawn, has a run of its own: so it stands where it should in any font.
        let stands_alone = |text: &str| !text.is_ascii();
        match runs.last_mut() {
            Some(last)
                if last.style == style && !stands_alone(text) && !stands_alone(&last.text) =>
            {
                last.text.push_str(text);
                last.width += width;
            }
            _ => runs.push(Run { text: text.to_owned(), column, width, style }),
        }
    }
    runs
}

fn draw(picture: &mut String, run: &Run, row: u16) {
    let Run { text, column, width, style } = run;
    let (left, top) = (x(*column), y(row));
    if style.background != BACKGROUND {
        let wide = CELL_WIDTH * f32::from(*width);
        fill_cells(picture, (left, top), wide, style.background, "1");
    }
    if let Some(shape) = Shape::of(text) {
        shape.draw(picture, (left, top), style.foreground);
    } else if !text.trim().is_empty() {
        draw_text(picture, run, top + BASELINE);
    }
}

fn draw_text(picture: &mut String, run: &Run, baseline: f32) {
    let Run { text, column, style, .. } = run;
    let from_first_letter = text.trim_start_matches(' ');
    let spaces = u16::try_from(text.len() - from_first_letter.len()).unwrap_or_default();
    let (left, text) = (x(column + spaces), from_first_letter.trim_end_matches(' '));
    // ASCII stands in its columns whatever the font; what is beside it has a place of its own.
    let length = match text.is_ascii() {
        true => {
            let length = CELL_WIDTH * text.len() as f32;
            format!(" textLength=\"{length:.1}\" lengthAdjust=\"spacingAndGlyphs\"")
        }
        false => String::new(),
    };
    let mut looks = String::new();
    for (has, look) in [
        (style.bold, " font-weight=\"bold\""),
        (style.dim, " opacity=\"0.6\""),
        (style.italic, " font-style=\"italic\""),
        (style.underline, " text-decoration=\"underline\""),
    ] {
        looks += if has { look } else { "" };
    }
    let (fill, text) = (style.foreground, escaped(text));
    let _ = writeln!(
        picture,
        "<text x=\"{left:.1}\" y=\"{baseline:.1}\"{length} fill=\"{fill}\"{looks} \
         xml:space=\"preserve\">{text}</text>"
    );
}

fn fill_cells(
    picture: &mut String,
    (left, top): (f32, f32),
    wide: f32,
    colour: Colour,
    opacity: &str,
) {
    let _ = writeln!(
        picture,
        "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{CELL_HEIGHT}\" \
         fill=\"{colour}\" opacity=\"{opacity}\" shape-rendering=\"crispEdges\"/>"
    );
}

/// The window: its border, its bar, three buttons that do nothing, its title.
fn frame(width: f32, height: f32, title: &str) -> String {
    let (middle, right, bottom) = (width / 2.0, width - 1.0, height - 1.0);
    let mut frame = format!(
        "<rect x=\"0.5\" y=\"0.5\" width=\"{right:.1}\" height=\"{bottom:.1}\" rx=\"8\" \
         fill=\"{BACKGROUND}\" stroke=\"{FRAME}\"/>\n\
         <path d=\"M1 {BAR_HEIGHT}V9a8 8 0 0 1 8-8H{:.1}a8 8 0 0 1 8 8V{BAR_HEIGHT}z\" \
         fill=\"{BAR}\"/>\n",
        right - 8.0
    );
    for (x, colour) in [(18, "#ff5f57"), (38, "#febc2e"), (58, "#28c840")] {
        let _ = writeln!(frame, "<circle cx=\"{x}\" cy=\"15\" r=\"5.5\" fill=\"{colour}\"/>");
    }
    let title = escaped(title);
    frame
        + &format!(
            "<text x=\"{middle:.1}\" y=\"19.5\" text-anchor=\"middle\" font-size=\"12.5\" \
             fill=\"{TITLE}\">{title}</text>\n"
        )
}

/// Text as XML has it; what XML can't have (1.0, section 2.2) is replaced.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\u{fffe}' | '\u{ffff}' => escaped.push(char::REPLACEMENT_CHARACTER),
            c if c.is_control() => escaped.push(char::REPLACEMENT_CHARACTER),
            c => escaped.push(c),
        }
    }
    escaped
}

fn x(column: u16) -> f32 {
    MARGIN + CELL_WIDTH * f32::from(column)
}

fn y(row: u16) -> f32 {
    BAR_HEIGHT + MARGIN / 2.0 + CELL_HEIGHT * f32::from(row)
}

/// All in pixels.
const FONT_SIZE: f32 = 14.0;
const CELL_WIDTH: f32 = 8.4;
const CELL_HEIGHT: f32 = 18.0;
/// From a row's top to where its letters stand.
const BASELINE: f32 = 13.5;
const MARGIN: f32 = 12.0;
const BAR_HEIGHT: f32 = 30.0;
