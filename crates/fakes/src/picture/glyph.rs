//! Lines and blocks are drawn, not set: a font's don't meet where rows are further apart than its letters are high.

use std::fmt::Write;

use super::palette::Colour;
use super::{CELL_HEIGHT, CELL_WIDTH};

/// What a character is that fills its cell in some way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    /// Lines from the middle of the cell to these of its sides.
    Lines { left: bool, right: bool, up: bool, down: bool, heavy: bool },
    /// A part of the cell, as fractions of it: from the left, from the top, width, height; and how much of it is filled.
    Block { from: (f32, f32), size: (f32, f32), opacity: f32 },
}

impl Shape {
    /// Of a cell's text. None: it is text.
    pub(super) fn of(text: &str) -> Option<Self> {
        let mut chars = text.chars();
        let (Some(c), None) = (chars.next(), chars.next()) else { return None };
        Self::lines(c).or_else(|| Self::block(c))
    }

    fn lines(c: char) -> Option<Self> {
        // Left, right, up, down.
        let (left, right, up, down) = match c {
            '─' | '━' => (true, true, false, false),
            '│' | '┃' => (false, false, true, true),
            '┌' | '┏' | '╭' => (false, true, false, true),
            '┐' | '┓' | '╮' => (true, false, false, true),
            '└' | '┗' | '╰' => (false, true, true, false),
            '┘' | '┛' | '╯' => (true, false, true, false),
            '├' | '┣' => (false, true, true, true),
            '┤' | '┫' => (true, false, true, true),
            '┬' | '┳' => (true, true, false, true),
            '┴' | '┻' => (true, true, true, false),
            '┼' | '╋' => (true, true, true, true),
            '╴' | '╸' => (true, false, false, false),
            '╶' | '╺' => (false, true, false, false),
            _ => return None,
        };
        let heavy = "━┃┏┓┗┛┣┫┳┻╋╸╺".contains(c);
        Some(Self::Lines { left, right, up, down, heavy })
    }

    fn block(c: char) -> Option<Self> {
        let eighths = |first: char| (u32::from(c) - u32::from(first)) as f32 / 8.0;
        let (from, size, opacity) = match c {
            // Full, then each an eighth narrower, at the left.
            '█'..='▏' => ((0.0, 0.0), (1.0 - eighths('█'), 1.0), 1.0),
            '▀' => ((0.0, 0.0), (1.0, 0.5), 1.0),
            // An eighth, then each an eighth higher, at the bottom.
            '▁'..='▇' => {
                let high = eighths('▀');
                ((0.0, 1.0 - high), (1.0, high), 1.0)
            }
            '▐' => ((0.5, 0.0), (0.5, 1.0), 1.0),
            '░' => ((0.0, 0.0), (1.0, 1.0), 0.25),
            '▒' => ((0.0, 0.0), (1.0, 1.0), 0.5),
            '▓' => ((0.0, 0.0), (1.0, 1.0), 0.75),
            _ => return None,
        };
        Some(Self::Block { from, size, opacity })
    }

    /// Draws it into the cell whose upper left corner is there.
    pub(super) fn draw(self, picture: &mut String, (left, top): (f32, f32), colour: Colour) {
        let _ = match self {
            // Bars in neighbouring rows don't touch, as with fonts whose blocks are lower than a row.
            Self::Block { from, size, opacity } => writeln!(
                picture,
                "<rect x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{:.2}\" fill=\"{colour}\" \
                 opacity=\"{opacity}\" shape-rendering=\"crispEdges\"/>",
                left + from.0 * CELL_WIDTH,
                top + GAP + from.1 * (CELL_HEIGHT - 2.0 * GAP),
                size.0 * CELL_WIDTH,
                size.1 * (CELL_HEIGHT - 2.0 * GAP),
            ),
            Self::Lines { left: to_left, right, up, down, heavy } => {
                let (x, y) = (left + CELL_WIDTH / 2.0, top + CELL_HEIGHT / 2.0);
                let mut path = String::new();
                for (has, line) in [
                    (to_left, format!("M{x:.2} {y:.2}H{left:.2}")),
                    (right, format!("M{x:.2} {y:.2}H{:.2}", left + CELL_WIDTH)),
                    (up, format!("M{x:.2} {y:.2}V{top:.2}")),
                    (down, format!("M{x:.2} {y:.2}V{:.2}", top + CELL_HEIGHT)),
                ] {
                    path += if has { &line } else { "" };
                }
                let width = if heavy { 3.0 } else { 1.2 };
                writeln!(
                    picture,
                    "<path d=\"{path}\" stroke=\"{colour}\" stroke-width=\"{width}\" \
                     stroke-linecap=\"square\" fill=\"none\"/>"
                )
            }
        };
    }
}

/// Above and below a block, in pixels.
const GAP: f32 = 2.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_fill_as_much_of_the_cell_as_unicode_says() {
        let size = |text| match Shape::of(text) {
            Some(Shape::Block { size, .. }) => size,
            other => panic!("{text} is {other:?}"),
        };
        for (text, wide) in [("█", 1.0), ("▉", 0.875), ("▌", 0.5), ("▏", 0.125)] {
            assert_eq!(size(text), (wide, 1.0), "{text}");
        }
        for (text, high) in [("▁", 0.125), ("▄", 0.5), ("▇", 0.875), ("▀", 0.5)] {
            assert_eq!(size(text), (1.0, high), "{text}");
        }
    }

    #[test]
    fn letters_are_no_shapes() {
        for text in ["a", " ", "é", "東", "▶", "ab", ""] {
            assert_eq!(Shape::of(text), None, "{text}");
        }
    }
}
