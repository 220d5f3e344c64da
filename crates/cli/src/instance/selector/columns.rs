//! How wide the list's columns are, and which are left out where there is no room.

use super::rows::Column;

/// The columns that fit, in their order, and their widths; with [`GAP`] between them.
pub(super) fn columns(
    widths: &[usize; Column::ALL.len()],
    available: usize,
) -> Vec<(Column, usize)> {
    let natural = |column: Column| widths.get(column as usize).copied().unwrap_or_default();
    let mut columns: Vec<Column> =
        SHOWN.into_iter().filter(|column| natural(*column) > 0).collect();
    for dispensable in DISPENSABLE {
        let wanted: Vec<_> = columns.iter().map(|column| (*column, natural(*column))).collect();
        if let Some(fitting) = fit(&wanted, available) {
            return fitting;
        }
        columns.retain(|column| *column != dispensable);
    }
    let width = natural(Column::Profile).min(available);
    vec![(Column::Profile, width)]
}

/// The name has two fifths of the room, or more if it is there; the account's id all that it needs; the others share the
/// rest, so that the widest are cut. None if they would be too narrow.
fn fit(wanted: &[(Column, usize)], available: usize) -> Option<Vec<(Column, usize)>> {
    let gaps = GAP * wanted.len().saturating_sub(1);
    let room = available.checked_sub(gaps)?;
    let whole = |column| column == Column::AccountId;
    let mut fixed = 0;
    let mut shared = Vec::new();
    for (column, width) in wanted {
        match column {
            Column::Profile => fixed += (*width).min(room * 2 / 5),
            column if whole(*column) => fixed += width,
            _ => shared.push(*width),
        }
    }
    let rest = room.checked_sub(fixed)?;
    let most = highest(&shared, rest);
    if shared.iter().any(|width| *width > most) && most < NARROWEST {
        return None;
    }
    let spare = rest - shared.iter().map(|width| (*width).min(most)).sum::<usize>();
    let width = |(column, width): &(Column, usize)| match column {
        Column::Profile => (*column, (*width).min(room * 2 / 5 + spare)),
        column if whole(*column) => (*column, *width),
        _ => (*column, (*width).min(most)),
    };
    Some(wanted.iter().map(width).collect())
}

/// The greatest width to which all have to be cut to fit.
fn highest(widths: &[usize], room: usize) -> usize {
    let widest = widths.iter().copied().max().unwrap_or_default();
    let sum = |most: usize| widths.iter().map(|width| (*width).min(most)).sum::<usize>();
    (0..=widest).rev().find(|most| sum(*most) <= room).unwrap_or_default()
}

pub(super) const GAP: usize = 2;
const NARROWEST: usize = 10;
const SHOWN: [Column; 6] = [
    Column::Profile,
    Column::Account,
    Column::AccountId,
    Column::Role,
    Column::Tags,
    Column::Instance,
];
/// What is left out first.
const DISPENSABLE: [Column; 5] =
    [Column::Tags, Column::Role, Column::Account, Column::AccountId, Column::Instance];

#[cfg(test)]
mod tests {
    use super::*;

    /// Profile, account, account id, role, tags, instance, alias.
    const WIDTHS: [usize; 7] = [36, 14, 12, 19, 20, 0, 9];

    #[test]
    fn all_columns_are_as_wide_as_they_need_to_be_where_there_is_room() {
        let all = columns(&WIDTHS, 110);
        let widths: Vec<usize> = all.iter().map(|(_, width)| *width).collect();
        assert_eq!(widths, [36, 14, 12, 19, 20]);
    }

    #[test]
    fn they_never_take_more_than_there_is_and_the_name_stays() {
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
    fn a_name_that_fills_the_screen_is_cut() {
        let mut widths = WIDTHS;
        widths[Column::Profile as usize] = 512;
        let fitting = columns(&widths, 200);
        assert_eq!(fitting.len(), 5);
        assert!(fitting[0].1 > 80, "{fitting:?}");
    }
}
