//! The selector's state: the query, the narrowings, the rows found and the one selected. An event goes in, a step comes
//! out. Nothing is drawn or read here.

use ratatui::crossterm::event::Event;
use ratatui::layout::{Position, Rect};

use super::keys::{Action, Jump, action};
use super::layout::Layout;
use super::matching::Matching;
use super::narrowing::{Narrowing, Trying};
use super::query::{Motion, Query};
use super::rows::{Row, Rows};

/// What a person has typed, and where they are in the list.
#[derive(Debug)]
pub struct State<'r, K> {
    pub(crate) rows: &'r Rows<'r, K>,
    pub(crate) query: Query,
    pub(crate) narrowings: Vec<Narrowing>,
    pub(crate) matching: Matching,
    pub(crate) layout: Layout,
    /// Numbers of rows, the best first.
    found: Vec<u32>,
    /// The place of the selected row in those found.
    selected: usize,
    /// The place of the first row on the screen in those found.
    first: usize,
    trying: Option<Trying>,
    /// The rows that all narrowings hold for.
    candidates: Vec<u32>,
}

/// What the caller must do after an event.
#[derive(Debug)]
pub enum Step<'r, K> {
    /// Draw what has changed.
    Stay,
    /// Update the rows.
    Refresh,
    /// Draw the whole screen again.
    Redraw,
    /// End: the person chose this.
    Chosen(&'r K),
    /// End: the person chose nothing.
    Cancelled,
}

/// The part of a state that is kept when the rows are made again.
#[derive(Debug, Default)]
pub struct Kept {
    query: Query,
    narrowings: Vec<Narrowing>,
    /// The line of the selected row on the screen.
    line: usize,
}

impl<'r, K> State<'r, K> {
    /// A state of these rows. It selects the row that `is_selected` finds by its key, or else the first row.
    pub fn new(rows: &'r Rows<'r, K>, kept: Kept, is_selected: impl Fn(&K) -> bool) -> Self {
        let Kept { query, narrowings, line } = kept;
        let mut state = Self {
            rows,
            query,
            narrowings,
            matching: Matching::new(),
            layout: Layout::default(),
            found: Vec::new(),
            selected: 0,
            first: 0,
            trying: None,
            candidates: Vec::new(),
        };
        state.narrow();
        state.selected = line;
        let selected = rows.rows.iter().position(|row| is_selected(&row.key));
        state.select(selected.and_then(|at| u32::try_from(at).ok()));
        state
    }

    /// Returns the part that is kept when the rows are made again. The caller keeps the key of the selected row.
    pub fn into_kept(self) -> Kept {
        let line = self.selected - self.first;
        Kept { query: self.query, narrowings: self.narrowings, line }
    }

    /// The row that Enter would choose.
    pub fn selected(&self) -> Option<&'r Row<'r, K>> {
        self.row(*self.found.get(self.selected)?)
    }

    /// The number of rows found.
    pub(crate) fn count(&self) -> usize {
        self.found.len()
    }

    /// The narrowing that Tab would try next. The outer option is None if none is being tried.
    pub(crate) fn tried_next(&self) -> Option<Option<&Narrowing>> {
        self.trying.as_ref().map(Trying::upcoming)
    }

    /// The rows on the screen, and whether each is the selected one.
    pub(crate) fn visible(&self) -> impl Iterator<Item = (&'r Row<'r, K>, bool)> {
        let page = usize::from(self.layout.list.height);
        let on_screen = self.found.iter().enumerate().skip(self.first).take(page);
        on_screen.filter_map(|(at, row)| Some((self.row(*row)?, at == self.selected)))
    }

    /// Sets the size of the screen.
    pub(crate) fn fit(&mut self, area: Rect) {
        self.layout = Layout::of(area);
        self.scroll();
    }

    /// Changes the state according to a key or a click. None if the event means nothing here.
    pub fn handle(&mut self, event: Event) -> Option<Step<'r, K>> {
        action(event).map(|action| self.act(action))
    }

    pub(crate) fn act(&mut self, action: Action) -> Step<'r, K> {
        if action != Action::Narrow {
            self.trying = None;
        }
        match action {
            Action::Insert(text) => self.edit(|query| query.insert(&text)),
            Action::Delete(motion) => self.edit(|query| query.delete(motion)),
            Action::Backspace if self.query.is_empty() => self.widen(),
            Action::Backspace => self.edit(|query| query.delete(Motion::Left)),
            Action::DeleteOrLeave if self.query.is_empty() => return Step::Cancelled,
            Action::DeleteOrLeave => self.edit(|query| query.delete(Motion::Right)),
            Action::Go(motion) => self.query.go(motion),
            Action::Jump(jump) => self.jump(jump),
            Action::Click(at) => return self.click(at),
            Action::Narrow => self.try_next(),
            Action::Widen => self.widen(),
            Action::Refresh => return Step::Refresh,
            Action::Redraw => return Step::Redraw,
            Action::Choose => return self.choose(),
            Action::Leave => return Step::Cancelled,
        }
        Step::Stay
    }

    /// After an edit the best match is selected.
    fn edit(&mut self, edit: impl FnOnce(&mut Query)) {
        edit(&mut self.query);
        self.find();
        (self.selected, self.first) = (0, 0);
    }

    fn jump(&mut self, jump: Jump) {
        let page = usize::from(self.layout.list.height).max(1);
        let last = self.found.len().saturating_sub(1);
        self.selected = match jump {
            Jump::Up => self.selected.saturating_sub(1),
            Jump::Down => self.selected + 1,
            Jump::PageUp => self.selected.saturating_sub(page),
            Jump::PageDown => self.selected + page,
            Jump::First => 0,
            Jump::Last => last,
        }
        .min(last);
        self.scroll();
    }

    /// A click selects a row. A click on the selected row chooses it, so a double click does too.
    fn click(&mut self, at: Position) -> Step<'r, K> {
        let list = self.layout.list;
        let clicked = self.first + usize::from(at.y.saturating_sub(list.y));
        if !list.contains(at) || clicked >= self.found.len() {
            return Step::Stay;
        }
        if clicked == self.selected {
            return self.choose();
        }
        self.selected = clicked;
        Step::Stay
    }

    fn choose(&self) -> Step<'r, K> {
        self.selected().map_or(Step::Stay, |row| Step::Chosen(&row.key))
    }

    /// Replaces the narrowing that is being tried by the next one; after the last one, by none.
    fn try_next(&mut self) {
        let selected = self.found.get(self.selected).copied();
        let mut trying = match self.trying.take() {
            Some(trying) => {
                self.narrowings.pop();
                trying
            }
            None => {
                let Some(row) = self.selected() else { return };
                Trying::of(Narrowing::offered(self.rows, row, &self.narrowings))
            }
        };
        if let Some(narrowing) = trying.next() {
            self.narrowings.push(narrowing);
            self.trying = Some(trying);
        }
        self.narrow();
        self.select(selected);
    }

    /// Removes the last narrowing.
    fn widen(&mut self) {
        let selected = self.found.get(self.selected).copied();
        if self.narrowings.pop().is_some() {
            self.narrow();
            self.select(selected);
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

    /// Selects a row, on the same line as the selected one was if possible. If the row is not found, selects the best one.
    fn select(&mut self, row: Option<u32>) {
        let line = self.selected - self.first;
        let at = row.and_then(|row| self.found.iter().position(|found| *found == row));
        self.selected = at.unwrap_or(0);
        self.first = self.selected.saturating_sub(line);
        self.scroll();
    }

    /// Brings the selected row onto the screen.
    fn scroll(&mut self) {
        let page = usize::from(self.layout.list.height).max(1);
        let last_first = self.found.len().saturating_sub(page);
        let lowest = (self.selected + 1).saturating_sub(page);
        self.first = self.first.clamp(lowest, self.selected).min(last_first);
    }

    fn row(&self, at: u32) -> Option<&'r Row<'r, K>> {
        self.rows.rows.get(at as usize)
    }
}
