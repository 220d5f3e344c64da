//! Narrowing the list down to what has something in common with the chosen row: its account, a tag, its instance.

use credentials::InstanceName;

use super::rows::{Column, Of, Row, Rows};

/// What rows have in common. It outlives them: the list may be made anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Narrowing {
    Account { id: String, name: String },
    Tag(String, String),
    Instance(InstanceName),
}

/// Trying one narrowing after another, with Tab.
#[derive(Debug)]
pub(super) struct Trying {
    left: std::vec::IntoIter<Narrowing>,
}

impl Narrowing {
    /// Those that a row offers, beside those that are there already.
    pub(super) fn offered(rows: &Rows<'_>, row: &Row<'_>, present: &[Self]) -> Vec<Self> {
        let id = rows.shown(row, Column::AccountId).to_owned();
        let name = rows.shown(row, Column::Account).to_owned();
        let account = (!id.is_empty()).then_some(Self::Account { id, name });
        let tags = row.tags.iter().cloned().map(|(key, value)| Self::Tag(key, value));
        let has_several =
            rows.widths.get(Column::Instance as usize).is_some_and(|width| *width > 0);
        let instance = row.instance().filter(|_| has_several).cloned().map(Self::Instance);
        let all = account.into_iter().chain(tags).chain(instance);
        all.filter(|offered| !present.contains(offered)).collect()
    }

    pub(super) fn holds(&self, rows: &Rows<'_>, row: &Row<'_>) -> bool {
        match self {
            Self::Account { id, .. } => rows.shown(row, Column::AccountId) == id,
            Self::Tag(key, value) => row.tags.iter().any(|(k, v)| k == key && v == value),
            Self::Instance(name) => match &row.of {
                Of::Role { roles, .. } => roles.instance_name() == name,
                Of::AwsConfig { .. } => false,
            },
        }
    }

    /// As it is shown before the query.
    pub(super) fn label(&self) -> String {
        match self {
            Self::Account { id, name } if name.is_empty() => format!("account {id}"),
            Self::Account { name, .. } => format!("account {name}"),
            Self::Tag(key, value) => format!("{key}={value}"),
            Self::Instance(name) => format!("instance {name}"),
        }
    }
}

impl Trying {
    pub(super) fn of(offered: Vec<Narrowing>) -> Self {
        Self { left: offered.into_iter() }
    }

    /// None once all were tried.
    pub(super) fn next(&mut self) -> Option<Narrowing> {
        self.left.next()
    }

    /// What comes next.
    pub(super) fn upcoming(&self) -> Option<&Narrowing> {
        self.left.as_slice().first()
    }
}
