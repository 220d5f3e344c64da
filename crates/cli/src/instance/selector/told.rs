//! What the selector was told beside its rows: what the server holds, how a refresh goes, which catalogues are empty.

use credentials::Source;
use server::wire::{ProfileObject, State};

use super::rows::Row;
use crate::ground::ui::printable;

#[derive(Default)]
pub(super) struct Told {
    /// What the server holds; `None` until it has answered.
    pub(super) loaded: Option<Vec<Loaded>>,
    /// The last news, for the line at the bottom.
    pub(super) news: Option<String>,
    /// What to do where nothing can be chosen: a line for each instance whose roles are not known.
    pub(super) unknown: Vec<String>,
}

/// A slot of the server.
pub(super) struct Loaded {
    pub(super) is_default: bool,
    pub(super) profile: ProfileObject,
    /// Its source, which says what it is.
    pub(super) source: Option<Source>,
}

impl Told {
    /// Whether credentials for the row are at hand, in words; none while that is not known.
    pub(super) fn at_hand(&self, row: &Row<'_>) -> String {
        let Some(loaded) = &self.loaded else { return String::new() };
        let source = row.source();
        let of_row = |loaded: &&Loaded| {
            source.is_some() && loaded.source == source && loaded.profile.state != State::Expired
        };
        let Some(Loaded { is_default, profile, .. }) = loaded.iter().find(of_row) else {
            return "not at hand: AWS is asked for them".to_owned();
        };
        let slot = match is_default {
            true => "the default slot".to_owned(),
            false => format!("the slot `{}`", printable(&profile.profile_name)),
        };
        format!("at hand: the server has them in {slot}, for {}", printable(&profile.expires))
    }
}
