//! The widths of the list's columns, and the columns that are dropped where there is no room.

use super::rows::Column;

/// The columns that fit, in their order, and their widths; with [`GAP`] between them.
pub(crate) fn columns(
    widths: &[usize; Column::ALL.len()],
    available: usize,
) -> Vec<(Column, usize)> {
    let natural = |column: Column| widths.get(column as usize).copied().unwrap_or_default();
    let mut columns: Vec<Column> =
        SHOWN.into_iter().filter(|column| natural(*column) > 0).collect();
    for dropped in DROPPED_FIRST {
        let wanted: Vec<_> = columns.iter().map(|column| (*column, natural(*column))).collect();
        if let Some(fitting) = fit(&wanted, available) {
            return fitting;
        }
        columns.retain(|column| *column != dropped);
    }
    let width = natural(Column::Profile).min(available);
    vec![(Column::Profile, width)]
}

/// The profile name gets two fifths of the room, or more if no other column needs it. The account's id gets its full
/// width. The other columns share the rest, so that the widest are cut. None if they would be too narrow.
fn fit(wanted: &[(Column, usize)], available: usize) -> Option<Vec<(Column, usize)>> {
    let room = available.checked_sub(GAP * wanted.len().saturating_sub(1))?;
    let cut = |name: usize, shared: usize| {
        wanted.iter().map(move |(column, width)| match column {
            Column::Profile => (*column, name.min(*width)),
            Column::AccountId => (*column, *width),
            Column::Account
            | Column::Role
            | Column::Tags
            | Column::Origin
            | Column::AccountAlias => (*column, shared.min(*width)),
        })
    };
    let name = room * 2 / 5;
    let sum = |shared| cut(name, shared).map(|(_, width)| width).sum::<usize>();
    let widest = wanted.iter().map(|(_, width)| *width).max()?;
    let shared = (0..=widest).rev().find(|shared| sum(*shared) <= room)?;
    if shared < MIN_WIDTH && sum(shared) < sum(widest) {
        return None;
    }
    Some(cut(name + room - sum(shared), shared).collect())
}

/// The space between two columns.
pub(crate) const GAP: usize = 2;
/// A column that is cut below this width is useless.
const MIN_WIDTH: usize = 10;
const SHOWN: [Column; 6] = [
    Column::Profile,
    Column::Account,
    Column::AccountId,
    Column::Role,
    Column::Tags,
    Column::Origin,
];
const DROPPED_FIRST: [Column; 5] =
    [Column::Tags, Column::Role, Column::Account, Column::AccountId, Column::Origin];

#[cfg(test)]
mod tests {
    use super::*;

    /// Profile, account, account id, role, tags, origin, alias.
    const WIDTHS: [usize; 7] = [36, 14, 12, 19, 20, 0, 9];

    #[test]
    fn every_column_has_its_full_width_where_there_is_room() {
        let all = columns(&WIDTHS, 110);
        let widths: Vec<usize> = all.iter().map(|(_, width)| *width).collect();
        assert_eq!(widths, [36, 14, 12, 19, 20]);
    }

    #[test]
    fn columns_never_exceed_the_room_and_the_name_always_stays() {
        for available in 0..120 {
            let fitting = columns(&WIDTHS, available);
            let widths: usize = fitting.iter().map(|(_, width)| *width).sum();
            assert!(widths + GAP * (fitting.len() - 1) <= available, "{available}: {fitting:?}");
            assert_eq!(fitting[0].0, Column::Profile);
        }
        let names = |available| columns(&WIDTHS, available).len();
        assert_eq!((names(78), names(60), names(20)), (5, 4, 1));
    }

    #[test]
    fn a_name_wider_than_the_screen_is_cut() {
        let mut widths = WIDTHS;
        widths[Column::Profile as usize] = 512;
        let fitting = columns(&widths, 200);
        assert_eq!(fitting.len(), 5);
        assert!(fitting[0].1 > 80, "{fitting:?}");
    }
}
