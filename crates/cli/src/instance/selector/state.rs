//! The selector's state: what is typed, narrowed, found and chosen. An action goes in, a step comes out; nothing is drawn,
//! read or asked here.

use ratatui::layout::{Position, Rect};

use super::keys::{Action, Jump};
use super::layout::Layout;
use super::matching::Matching;
use super::narrowing::{Narrowing, Trying};
use super::query::{Motion, Query};
use super::rows::{Row, Rows};
use crate::instance::history::Key;

pub(super) struct State<'r> {
    pub(super) rows: &'r Rows<'r>,
    pub(super) query: Query,
    pub(super) narrowings: Vec<Narrowing>,
    pub(super) matching: Matching,
    pub(super) layout: Layout,
    /// Rows, the best first.
    found: Vec<u32>,
    /// Which of those that are found.
    chosen: usize,
    /// The first of those found that is on the screen.
    first: usize,
    trying: Option<Trying>,
    /// What the narrowings leave.
    candidates: Vec<u32>,
}

/// What comes of an action.
pub(super) enum Step<'r> {
    Stay,
    Refresh,
    Redraw,
    Chosen(&'r Row<'r>),
    Left,
}

/// What is kept when the rows are made anew.
#[derive(Default)]
pub(super) struct Kept {
    query: Query,
    narrowings: Vec<Narrowing>,
    chosen: Option<Key>,
    /// How far down on the screen that is.
    line: usize,
}

impl<'r> State<'r> {
    pub(super) fn new(rows: &'r Rows<'r>, kept: Kept) -> Self {
        let Kept { query, narrowings, chosen, line } = kept;
        let mut state = Self {
            rows,
            query,
            narrowings,
            matching: Matching::new(),
            layout: Layout::default(),
            found: Vec::new(),
            chosen: 0,
            first: 0,
            trying: None,
            candidates: Vec::new(),
        };
        state.narrow();
        state.chosen = line;
        state.choose_row(chosen.and_then(|key| rows.place(&key)));
        state
    }

    pub(super) fn into_kept(self) -> Kept {
        let (chosen, line) = (self.chosen().map(Row::key), self.chosen - self.first);
        Kept { query: self.query, narrowings: self.narrowings, chosen, line }
    }

    /// The row that would be taken.
    pub(super) fn chosen(&self) -> Option<&'r Row<'r>> {
        self.row(*self.found.get(self.chosen)?)
    }

    /// How many rows are found.
    pub(super) fn count(&self) -> usize {
        self.found.len()
    }

    /// What Tab does next, while one narrowing after another is tried.
    pub(super) fn tried_next(&self) -> Option<Option<&Narrowing>> {
        self.trying.as_ref().map(Trying::upcoming)
    }

    /// The rows on the screen, and whether each is the chosen one.
    pub(super) fn visible(&self) -> impl Iterator<Item = (&'r Row<'r>, bool)> {
        let page = usize::from(self.layout.list.height);
        let on_screen = self.found.iter().enumerate().skip(self.first).take(page);
        on_screen.filter_map(|(at, row)| Some((self.row(*row)?, at == self.chosen)))
    }

    /// The screen has this size, from now on.
    pub(super) fn fit(&mut self, area: Rect) {
        self.layout = Layout::of(area);
        self.scroll();
    }

    pub(super) fn act(&mut self, action: Action) -> Step<'r> {
        if action != Action::Narrow {
            self.trying = None;
        }
        match action {
            Action::Insert(text) => self.edit(|query| query.insert(&text)),
            Action::Delete(motion) => self.edit(|query| query.delete(motion)),
            Action::Backspace if self.query.is_empty() => self.widen(),
            Action::Backspace => self.edit(|query| query.delete(Motion::Left)),
            Action::DeleteOrLeave if self.query.is_empty() => return Step::Left,
            Action::DeleteOrLeave => self.edit(|query| query.delete(Motion::Right)),
            Action::Go(motion) => self.query.go(motion),
            Action::Jump(jump) => self.jump(jump),
            Action::Click(at) => return self.click(at),
            Action::Narrow => self.try_next(),
            Action::Widen => self.widen(),
            Action::Refresh => return Step::Refresh,
            Action::Redraw => return Step::Redraw,
            Action::Choose => return self.take(),
            Action::Leave => return Step::Left,
        }
        Step::Stay
    }

    /// After an edit the best match is the chosen one.
    fn edit(&mut self, edit: impl FnOnce(&mut Query)) {
        edit(&mut self.query);
        self.find();
        (self.chosen, self.first) = (0, 0);
    }

    fn jump(&mut self, jump: Jump) {
        let page = usize::from(self.layout.list.height).max(1);
        let last = self.found.len().saturating_sub(1);
        self.chosen = match jump {
            Jump::Up => self.chosen.saturating_sub(1),
            Jump::Down => self.chosen + 1,
            Jump::PageUp => self.chosen.saturating_sub(page),
            Jump::PageDown => self.chosen + page,
            Jump::First => 0,
            Jump::Last => last,
        }
        .min(last);
        self.scroll();
    }

    /// A click chooses a row; a click on the chosen one takes it, and so does a double click.
    fn click(&mut self, at: Position) -> Step<'r> {
        let list = self.layout.list;
        let clicked = self.first + usize::from(at.y.saturating_sub(list.y));
        if !list.contains(at) || clicked >= self.found.len() {
            return Step::Stay;
        }
        if clicked == self.chosen {
            return self.take();
        }
        self.chosen = clicked;
        Step::Stay
    }

    /// With nothing found there is nothing to take.
    fn take(&self) -> Step<'r> {
        self.chosen().map_or(Step::Stay, Step::Chosen)
    }

    /// Another narrowing in the place of the one before; after the last one, none.
    fn try_next(&mut self) {
        let chosen = self.found.get(self.chosen).copied();
        let mut trying = match self.trying.take() {
            Some(trying) => {
                self.narrowings.pop();
                trying
            }
            None => {
                let Some(row) = self.chosen() else { return };
                Trying::of(Narrowing::offered(self.rows, row, &self.narrowings))
            }
        };
        if let Some(narrowing) = trying.next() {
            self.narrowings.push(narrowing);
            self.trying = Some(trying);
        }
        self.narrow();
        self.choose_row(chosen);
    }

    fn widen(&mut self) {
        let chosen = self.found.get(self.chosen).copied();
        if self.narrowings.pop().is_some() {
            self.narrow();
            self.choose_row(chosen);
        }
    }

    fn narrow(&mut self) {
        let all = (0..).zip(&self.rows.rows);
        let holds = |row| self.narrowings.iter().all(|narrowing| narrowing.holds(self.rows, row));
        self.candidates = all.filter(|(_, row)| holds(row)).map(|(at, _)| at).collect();
        self.find();
    }

    fn find(&mut self) {
        self.found = self.matching.find(self.rows, &self.candidates, &self.query.text());
    }

    /// The same row as before, on the same line if it can be; else the best one.
    fn choose_row(&mut self, row: Option<u32>) {
        let line = self.chosen - self.first;
        let at = row.and_then(|row| self.found.iter().position(|found| *found == row));
        self.chosen = at.unwrap_or(0);
        self.first = self.chosen.saturating_sub(line);
        self.scroll();
    }

    /// So that the chosen row is on the screen.
    fn scroll(&mut self) {
        let page = usize::from(self.layout.list.height).max(1);
        let last_first = self.found.len().saturating_sub(page);
        let lowest = (self.chosen + 1).saturating_sub(page);
        self.first = self.first.clamp(lowest, self.chosen).min(last_first);
    }

    fn row(&self, at: u32) -> Option<&'r Row<'r>> {
        self.rows.rows.get(at as usize)
    }
}
