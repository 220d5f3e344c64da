//! The rows of the list, made once. Each row has the numbers of its texts, and the key of the caller.

use std::borrow::Cow;
use std::cmp::Reverse;

use credentials::printable;
use unicode_width::UnicodeWidthStr;

use super::texts::{Text, TextId, Texts};
use super::used::Used;

/// The data of a row from the caller. Every text may be empty, and is made printable.
#[derive(Debug)]
pub struct Entry<'a, K> {
    /// The value that the caller gets when this row is chosen.
    pub key: K,
    /// The profile name: the first column. Rows of equal use are sorted by it.
    pub profile: &'a str,
    /// The account's name.
    pub account: &'a str,
    /// Another name of the account: searched, but not shown.
    pub account_alias: &'a str,
    /// The account's id.
    pub account_id: &'a str,
    /// The role's name.
    pub role: &'a str,
    /// Keys and values.
    pub tags: Vec<(String, String)>,
    /// The last column: the origin of the role, if the roles have several.
    pub origin: &'a str,
    /// The instance to which the list can be narrowed.
    pub instance: Option<&'a str>,
    /// None if it was never used.
    pub used: Option<Used>,
}

/// One line of the list.
#[derive(Debug)]
pub struct Row<'a, K> {
    /// The value that the caller gets when this row is chosen.
    pub key: K,
    /// None if it was never used.
    pub used: Option<Used>,
    pub(crate) texts: [TextId; Column::ALL.len()],
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) instance: Option<Cow<'a, str>>,
}

/// All rows: the most used first, then by origin and profile name.
#[derive(Debug)]
pub struct Rows<'a, K> {
    pub(crate) texts: Vec<Text<'a>>,
    pub(crate) rows: Vec<Row<'a, K>>,
    /// The width of the widest text of each column.
    pub(crate) widths: [usize; Column::ALL.len()],
}

/// A place for a text in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Profile,
    Account,
    AccountId,
    Role,
    Tags,
    Origin,
    /// Searched, but not shown.
    AccountAlias,
}

impl Column {
    pub(crate) const ALL: [Self; 7] = [
        Self::Profile,
        Self::Account,
        Self::AccountId,
        Self::Role,
        Self::Tags,
        Self::Origin,
        Self::AccountAlias,
    ];
}

impl<K> Row<'_, K> {
    pub(crate) fn text(&self, column: Column) -> TextId {
        self.texts.get(column as usize).copied().unwrap_or_default()
    }

    pub(crate) fn frecency(&self) -> f64 {
        self.used.map_or(0.0, |used| used.frecency)
    }
}

impl<'a, K> Rows<'a, K> {
    /// Makes the rows and sorts them.
    pub fn of(entries: impl IntoIterator<Item = Entry<'a, K>>) -> Self {
        let mut texts = Texts::new();
        let mut rows: Vec<_> = entries.into_iter().map(|entry| row(&mut texts, entry)).collect();
        let texts = texts.into_all();
        let profile = |row: &Row<'_, K>| {
            texts.get(row.text(Column::Profile) as usize).map(|text| &text.shown)
        };
        // The bits of numbers that are not negative have the order of the numbers.
        let by_use = |row: &Row<'_, K>| Reverse(row.frecency().to_bits());
        rows.sort_by_cached_key(|row| (by_use(row), row.text(Column::Origin), profile(row)));
        let widths = widths(&texts, &rows);
        Self { texts, rows, widths }
    }

    /// Whether there is nothing to choose from.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The text of a row in a column.
    pub(crate) fn shown(&self, row: &Row<'_, K>, column: Column) -> &str {
        self.texts.get(row.text(column) as usize).map_or("", |text| &text.shown)
    }
}

fn row<'a, K>(texts: &mut Texts<'a>, entry: Entry<'a, K>) -> Row<'a, K> {
    let mut tags = entry.tags;
    for text in tags.iter_mut().flat_map(|(key, value)| [key, value]) {
        if let Cow::Owned(printable) = printable(text) {
            *text = printable;
        }
    }
    Row {
        texts: [
            texts.add(entry.profile.into()),
            texts.id(entry.account.into()),
            texts.id(entry.account_id.into()),
            texts.id(entry.role.into()),
            texts.id(shown_tags(&tags).into()),
            texts.id(entry.origin.into()),
            texts.id(entry.account_alias.into()),
        ],
        key: entry.key,
        used: entry.used,
        tags,
        instance: entry.instance.map(printable),
    }
}

/// Tags as one text: `env=prod team=web`.
pub fn shown_tags(tags: &[(String, String)]) -> String {
    let tags = tags.iter().map(|(key, value)| format!("{key}={value}"));
    tags.collect::<Vec<_>>().join(" ")
}

fn widths<K>(texts: &[Text<'_>], rows: &[Row<'_, K>]) -> [usize; Column::ALL.len()] {
    let of_texts: Vec<usize> = texts.iter().map(|text| text.shown.width()).collect();
    let mut widths = [0; Column::ALL.len()];
    for row in rows {
        for (width, text) in widths.iter_mut().zip(row.texts) {
            *width = of_texts.get(text as usize).copied().unwrap_or_default().max(*width);
        }
    }
    widths
}
