//! A table as text: a header, a line of `=`, rows, and `|` between columns that are as wide as they need to be.

use std::borrow::Cow;

use unicode_width::UnicodeWidthStr;

use credentials::printable;

/// The table as text. Every row ends with a line break.
pub(super) fn render<'a>(header: &[&str], rows: impl Iterator<Item = Vec<Cow<'a, str>>>) -> String {
    let header: Vec<Cow<'_, str>> = header.iter().map(|name| (*name).into()).collect();
    let mut rows: Vec<Vec<Cow<'a, str>>> = rows.collect();
    for cell in rows.iter_mut().flatten() {
        if let Cow::Owned(mended) = printable(cell) {
            *cell = mended.into();
        }
    }
    let mut widths: Vec<usize> = header.iter().map(|name| name.width()).collect();
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().max(*width);
        }
    }
    let separators = 3 * widths.len().saturating_sub(1);
    let whole: usize = widths.iter().sum::<usize>() + separators;
    let mut text = String::with_capacity((whole + 1) * (rows.len() + 2));
    write(&mut text, &widths, &header);
    text.push_str(&"=".repeat(whole));
    text.push('\n');
    for row in &rows {
        write(&mut text, &widths, row);
    }
    text
}

/// One row of a table with these column widths.
pub(super) fn row(widths: &[usize], row: &[Cow<'_, str>]) -> String {
    let mut text = String::new();
    write(&mut text, widths, row);
    text
}

fn write(text: &mut String, widths: &[usize], row: &[Cow<'_, str>]) {
    let mut gap = 0;
    for (number, (width, cell)) in widths.iter().zip(row).enumerate() {
        text.extend(std::iter::repeat_n(' ', gap));
        text.push_str(if number == 0 { "" } else { " | " });
        text.push_str(cell);
        gap = width.saturating_sub(cell.width());
    }
    text.truncate(text.trim_end_matches(' ').len());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_seen_in_them() {
        let rows = [vec!["日本".into(), "x".into()], vec!["a\u{1b}b".into(), "".into()]];
        assert_eq!(
            render(&["A", "Name"], rows.into_iter()),
            "A    | Name\n===========\n日本 | x\na\u{fffd}b  |\n"
        );
    }
}
