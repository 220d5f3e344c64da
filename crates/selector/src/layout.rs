//! The places of the parts on a screen of any size.

use ratatui::layout::Rect;

/// The parts of the screen. A part without room is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) query: Rect,
    pub(crate) list: Rect,
    /// Below the list, or to its right if the screen is wide.
    pub(crate) preview: Rect,
    pub(crate) status: Rect,
}

impl Layout {
    pub(crate) fn of(area: Rect) -> Self {
        let (query, rest) = off_top(area, 1);
        let status_height = if area.height >= 6 { 1 } else { 0 };
        let (rest, status) = off_bottom(rest, status_height);
        let (list, preview) = if area.width >= MIN_WIDE_WIDTH && area.height >= 12 {
            let width = (area.width / 3).min(MAX_PREVIEW_WIDTH);
            let list = Rect { width: rest.width - width, ..rest };
            (list, Rect { x: rest.x + list.width, width, ..rest })
        } else if area.height >= 16 && area.width >= 30 {
            off_bottom(rest, PREVIEW_HEIGHT)
        } else {
            (rest, Rect::default())
        };
        Self { query, list, preview, status }
    }
}

/// The first lines of an area, as many as there are, and the rest.
fn off_top(area: Rect, lines: u16) -> (Rect, Rect) {
    let height = lines.min(area.height);
    let rest = Rect { y: area.y + height, height: area.height - height, ..area };
    (Rect { height, ..area }, rest)
}

/// The rest, and the last lines of an area, as many as there are.
fn off_bottom(area: Rect, lines: u16) -> (Rect, Rect) {
    let height = area.height - lines.min(area.height);
    (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
}

/// From this width on, the list and the preview fit side by side.
const MIN_WIDE_WIDTH: u16 = 140;
const MAX_PREVIEW_WIDTH: u16 = 64;
/// It includes the line between the preview and the list.
const PREVIEW_HEIGHT: u16 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_every_size_no_part_leaves_the_screen_or_covers_another() {
        for width in [0, 1, 10, 29, 30, 80, 139, 140, 200, 500] {
            for height in [0, 1, 2, 3, 5, 6, 12, 15, 16, 24, 50] {
                let area = Rect::new(0, 0, width, height);
                let Layout { query, list, preview, status } = Layout::of(area);
                let parts = [query, list, preview, status];
                let covered: u32 = parts.iter().map(|part| part.area()).sum();
                assert!(covered <= area.area(), "{area}");
                for (number, part) in parts.iter().enumerate() {
                    assert_eq!(part.intersection(area).area(), part.area(), "{area}");
                    for other in parts.iter().skip(number + 1) {
                        assert!(part.intersection(*other).is_empty(), "{area}");
                    }
                }
                assert!(height < 2 || width == 0 || !list.is_empty(), "{area}");
            }
        }
    }
}
