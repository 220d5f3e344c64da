//! Narrows the list to rows that have something in common with the selected row: its account, a tag, its instance.

use super::rows::{Column, Row, Rows};

/// What the rows must have in common. It holds no row, so it can be kept when the rows are made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Narrowing {
    Account { id: String, name: String },
    Tag(String, String),
    Instance(String),
}

/// The narrowings that Tab tries one after another.
#[derive(Debug)]
pub(crate) struct Trying {
    left: std::vec::IntoIter<Narrowing>,
}

impl Narrowing {
    /// The narrowings that a row offers, without those that are present already.
    pub(crate) fn offered<K>(rows: &Rows<'_, K>, row: &Row<'_, K>, present: &[Self]) -> Vec<Self> {
        let id = rows.shown(row, Column::AccountId).to_owned();
        let name = rows.shown(row, Column::Account).to_owned();
        let account = (!id.is_empty()).then_some(Self::Account { id, name });
        let tags = row.tags.iter().cloned().map(|(key, value)| Self::Tag(key, value));
        let has_origins = rows.widths.get(Column::Origin as usize).is_some_and(|width| *width > 0);
        let instance = row.instance.as_deref().filter(|_| has_origins);
        let instance = instance.map(|name| Self::Instance(name.to_owned()));
        let all = account.into_iter().chain(tags).chain(instance);
        all.filter(|offered| !present.contains(offered)).collect()
    }

    /// Whether it holds for a row.
    pub(crate) fn holds<K>(&self, rows: &Rows<'_, K>, row: &Row<'_, K>) -> bool {
        match self {
            Self::Account { id, .. } => rows.shown(row, Column::AccountId) == id,
            Self::Tag(key, value) => row.tags.iter().any(|(k, v)| k == key && v == value),
            Self::Instance(name) => row.instance.as_deref() == Some(name),
        }
    }

    /// The text that is shown before the query.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Account { id, name } if name.is_empty() => format!("account {id}"),
            Self::Account { name, .. } => format!("account {name}"),
            Self::Tag(key, value) => format!("{key}={value}"),
            Self::Instance(name) => format!("instance {name}"),
        }
    }
}

impl Trying {
    pub(crate) fn of(offered: Vec<Narrowing>) -> Self {
        Self { left: offered.into_iter() }
    }

    /// The next one. None after the last one.
    pub(crate) fn next(&mut self) -> Option<Narrowing> {
        self.left.next()
    }

    /// The one that [`Self::next`] would return.
    pub(crate) fn upcoming(&self) -> Option<&Narrowing> {
        self.left.as_slice().first()
    }
}
