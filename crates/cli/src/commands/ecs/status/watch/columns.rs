//! The columns of the slots: their order, their widths, and which of them fit. Pure.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Row;

/// A column, in the order on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    Slot,
    Role,
    Left,
    State,
    Next,
    Reads,
    Last,
}

/// The width that the content of each column needs.
pub(super) struct Widths([(Column, usize); 7]);

impl Column {
    const ALL: [Self; 7] =
        [Self::Slot, Self::Role, Self::Left, Self::State, Self::Next, Self::Reads, Self::Last];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Slot => "Slot",
            Self::Role => "Role",
            Self::Left => "Time left",
            Self::State => "State",
            Self::Next => "Refresh",
            Self::Reads => "Reads",
            Self::Last => "Last read",
        }
    }

    /// The text of a cell. For the time left, the text after the bar.
    pub(super) fn cell(self, row: &Row) -> String {
        match self {
            Self::Slot => row.slot.clone(),
            Self::Role => format!("{}/{}", row.account, row.role),
            Self::Left => row.left.clone(),
            Self::State => row.state.clone(),
            Self::Next => row.next.clone(),
            Self::Reads => row.reads.clone(),
            Self::Last => row.last.clone(),
        }
    }

    /// The minimum width of a column whose text has this width.
    fn least(self, width: usize) -> usize {
        match self {
            Self::Slot => width.min(16),
            Self::Last => width.min(20),
            Self::Role | Self::Left | Self::State | Self::Next | Self::Reads => width,
        }
    }
}

impl Widths {
    pub(super) fn of(rows: &[Row]) -> Self {
        Self(Column::ALL.map(|column| {
            let cells = rows.iter().map(|row| column.cell(row).width()).max().unwrap_or(0);
            let width = match column {
                Column::Left => MIN_BAR + 1 + cells,
                Column::Slot
                | Column::Role
                | Column::State
                | Column::Next
                | Column::Reads
                | Column::Last => cells,
            };
            (column, width.max(column.name().width()))
        }))
    }

    /// The columns that fit into a line of this width, with their widths. Each is followed by a gap.
    pub(super) fn fitting(&self, width: usize) -> Vec<(Column, usize)> {
        let mut room = width;
        let mut fitting: Vec<(Column, usize)> = Vec::new();
        for column in [Column::Slot, Column::Left, Column::State, Column::Last] {
            let least = match column {
                Column::Slot => column.least(self.of_column(column)).min(room.saturating_sub(GAP)),
                Column::Role
                | Column::Left
                | Column::State
                | Column::Next
                | Column::Reads
                | Column::Last => column.least(self.of_column(column)),
            };
            if least + GAP <= room {
                room -= least + GAP;
                fitting.push((column, least));
            }
        }
        for (column, width) in &mut fitting {
            let more = self.of_column(*column).saturating_sub(*width).min(room);
            *width += more;
            room -= more;
        }
        for column in [Column::Role, Column::Next, Column::Reads] {
            let wanted = self.of_column(column);
            if wanted + GAP <= room {
                room -= wanted + GAP;
                fitting.push((column, wanted));
            }
        }
        // The bars use the remaining width.
        for (_, width) in fitting.iter_mut().filter(|(column, _)| *column == Column::Left) {
            *width += room.min(MAX_BAR - MIN_BAR);
        }
        fitting.sort_unstable_by_key(|(column, _)| *column);
        fitting
    }

    /// The width of the text after a bar, so that all bars have one length.
    pub(super) fn left_text_width(&self) -> usize {
        self.of_column(Column::Left).saturating_sub(MIN_BAR + 1)
    }

    fn of_column(&self, wanted: Column) -> usize {
        self.0.iter().find(|(column, _)| *column == wanted).map_or(0, |(_, width)| *width)
    }
}

/// The text, cut or padded to exactly this width.
pub(super) fn fit(text: &str, width: usize) -> String {
    let whole = text.width();
    if whole <= width {
        return format!("{text}{}", " ".repeat(width - whole));
    }
    let mut cut = String::new();
    let mut room = width.saturating_sub(1);
    for character in text.chars() {
        let wide = character.width().unwrap_or(0);
        if wide > room {
            break;
        }
        room -= wide;
        cut.push(character);
    }
    if width > 0 {
        cut.push('…');
    }
    cut + &" ".repeat(room)
}

/// The text in lines of at most this width, broken between words.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Width of the gap after each column.
pub(super) const GAP: usize = 2;
const MIN_BAR: usize = 6;
const MAX_BAR: usize = 40;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::words::rows;
    use super::super::super::words::tests::{NOW, slot, status};
    use super::*;

    fn widths() -> Widths {
        let read = json!({"LastRead": NOW - 130, "LastReader":
            {"Uid": 0, "Pid": 4242, "Exe": "/usr/bin/python3", "Time": NOW - 130}});
        Widths::of(&rows(&status(&[slot("payments-prod:ReadOnlyAccess", 2460, "ready", read)])))
    }

    #[test]
    fn more_width_shows_more_columns_and_they_always_fit() {
        use Column::{Last, Left, Next, Reads, Role, Slot, State};
        let widths = widths();
        for (width, columns) in [
            (8, &[Slot][..]),
            (30, &[Slot, Left]),
            (40, &[Slot, Left, State]),
            (78, &[Slot, Left, State, Last]),
            (118, &[Slot, Role, Left, State, Next, Last]),
            (198, &[Slot, Role, Left, State, Next, Reads, Last]),
        ] {
            let fitting = widths.fitting(width);
            assert_eq!(fitting.iter().map(|(column, _)| *column).collect::<Vec<_>>(), columns);
        }
        for width in 0..300 {
            let fitting = widths.fitting(width);
            let sum: usize = fitting.iter().map(|(_, width)| width + GAP).sum();
            assert!(sum <= width, "{width}: {fitting:?}");
        }
    }

    #[test]
    fn a_text_is_cut_by_its_display_width() {
        for (text, width, fitted) in [
            ("abc", 5, "abc  "),
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日… "),
            ("abc", 1, "…"),
            ("abc", 0, ""),
        ] {
            assert_eq!(fit(text, width), fitted, "{text} {width}");
        }
    }

    #[test]
    fn words_are_not_broken() {
        assert_eq!(wrapped("sign in: aws-sso login", 10), ["sign in:", "aws-sso", "login"]);
        assert_eq!(wrapped("a-long-word b", 4), ["a-long-word", "b"]);
        assert_eq!(wrapped("", 4), [""]);
    }
}
