//! What is where on the screen, whatever its size.

use ratatui::layout::Rect;

/// The screen's parts. Where there is no room for one, it is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) query: Rect,
    pub(super) list: Rect,
    /// Below the list, or to its right where there is much room.
    pub(super) preview: Rect,
    pub(super) status: Rect,
}

impl Layout {
    pub(super) fn of(area: Rect) -> Self {
        let (query, rest) = off_top(area, 1);
        let status_height = if area.height >= 6 { 1 } else { 0 };
        let (rest, status) = off_bottom(rest, status_height);
        let (list, preview) = if area.width >= WIDE && area.height >= 12 {
            let width = (area.width / 3).min(PREVIEW_WIDTH);
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

/// So many lines, or as many as there are, and what is left.
fn off_top(area: Rect, lines: u16) -> (Rect, Rect) {
    let height = lines.min(area.height);
    let rest = Rect { y: area.y + height, height: area.height - height, ..area };
    (Rect { height, ..area }, rest)
}

/// What is left, and so many lines.
fn off_bottom(area: Rect, lines: u16) -> (Rect, Rect) {
    let height = area.height - lines.min(area.height);
    (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
}

/// From this width on the list and the preview fit side by side.
const WIDE: u16 = 140;
const PREVIEW_WIDTH: u16 = 64;
/// With the line above it.
const PREVIEW_HEIGHT: u16 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_size_no_part_leaves_the_screen_or_covers_another() {
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
