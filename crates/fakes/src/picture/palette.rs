//! The colours of the window, and those that programs name by number.

use std::fmt;

/// Red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Colour(u8, u8, u8);

impl Colour {
    /// Bold text in one of the first eight colours is bright, as most terminals show it.
    pub(super) fn of(colour: vt100::Color, by_default: Self, bold: bool) -> Self {
        match colour {
            vt100::Color::Default => by_default,
            vt100::Color::Idx(number @ 0..=7) if bold => Self::numbered(number + 8),
            vt100::Color::Idx(number) => Self::numbered(number),
            vt100::Color::Rgb(red, green, blue) => Self(red, green, blue),
        }
    }

    /// The 256 colours of xterm: 16 with names, a cube of six a side, and greys.
    fn numbered(number: u8) -> Self {
        if let Some(colour) = NAMED.get(usize::from(number)) {
            return *colour;
        }
        if number >= FIRST_GREY {
            let grey = 8 + 10 * (number - FIRST_GREY);
            return Self(grey, grey, grey);
        }
        let number = number - FIRST_OF_CUBE;
        let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
        Self(level(number / 36), level(number / 6 % 6), level(number % 6))
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

pub(super) const FOREGROUND: Colour = Colour(0xd8, 0xde, 0xe9);
pub(super) const BACKGROUND: Colour = Colour(0x1b, 0x1f, 0x27);
pub(super) const BAR: Colour = Colour(0x2b, 0x31, 0x3c);
pub(super) const TITLE: Colour = Colour(0xa9, 0xb2, 0xc0);
/// Seen on white and on black.
pub(super) const FRAME: Colour = Colour(0x6b, 0x74, 0x83);

const FIRST_OF_CUBE: u8 = 16;
const FIRST_GREY: u8 = 232;
const NAMED: [Colour; 16] = [
    Colour(0x2b, 0x31, 0x3c),
    Colour(0xe0, 0x6c, 0x75),
    Colour(0x98, 0xc3, 0x79),
    Colour(0xe5, 0xc0, 0x7b),
    Colour(0x61, 0xaf, 0xef),
    Colour(0xc6, 0x78, 0xdd),
    Colour(0x56, 0xb6, 0xc2),
    Colour(0xc8, 0xcf, 0xda),
    Colour(0x7a, 0x84, 0x94),
    Colour(0xf2, 0x8b, 0x93),
    Colour(0xb5, 0xdb, 0x98),
    Colour(0xf3, 0xd7, 0x9a),
    Colour(0x8c, 0xc8, 0xff),
    Colour(0xda, 0x9b, 0xec),
    Colour(0x7f, 0xd2, 0xdc),
    Colour(0xff, 0xff, 0xff),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_colours_of_xterm() {
        for (number, shown) in [
            (16, "#000000"),
            (21, "#0000ff"),
            (46, "#00ff00"),
            (208, "#ff8700"),
            (231, "#ffffff"),
            (232, "#080808"),
            (255, "#eeeeee"),
        ] {
            assert_eq!(Colour::numbered(number).to_string(), shown, "{number}");
        }
    }

    #[test]
    fn bold_text_in_a_named_colour_is_bright() {
        let red = vt100::Color::Idx(1);
        assert_eq!(Colour::of(red, FOREGROUND, true), Colour::numbered(9));
        assert_eq!(Colour::of(red, FOREGROUND, false), Colour::numbered(1));
    }
}
