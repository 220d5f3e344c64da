//! Which rows a query means, best first. Each word must match some text of the row, in any order; characters between are
//! allowed (`pyadm` finds `payments:AdministratorAccess`). As in fzf, `'word` is found as it is, `^word` at a text's
//! start, `word$` at its end, and `!word` must be in none.
//!
//! A word looks through each different text once, and where it goes on from an earlier word only through what that found.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::rc::Rc;

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher};

use super::rows::{Column, Row, Rows, Text, TextId};

/// What looks through the texts, and what it has found so far.
pub(super) struct Matching {
    matcher: RefCell<Matcher>,
    /// Those of the query.
    words: Vec<Rc<Word>>,
    /// These and others, the last first: who types on or deletes comes back to them.
    recent: VecDeque<Rc<Word>>,
}

struct Word {
    typed: String,
    atom: Atom,
    /// How well it matches each text.
    scores: Vec<Option<u16>>,
}

impl Matching {
    pub(super) fn new() -> Self {
        let matcher = RefCell::new(Matcher::new(Config::DEFAULT));
        Self { matcher, words: Vec::new(), recent: VecDeque::new() }
    }

    /// The candidates that the query means: the best first, the more used first among equals. The candidates are in the
    /// order of their use.
    pub(super) fn find(&mut self, rows: &Rows<'_>, candidates: &[u32], query: &str) -> Vec<u32> {
        self.take_words(&rows.texts, query);
        if self.words.is_empty() {
            return candidates.to_vec();
        }
        let scored = |candidate: &u32| {
            let row = rows.rows.get(*candidate as usize)?;
            Some((Reverse(self.score(row)?), *candidate))
        };
        let mut found: Vec<(Reverse<u32>, u32)> = candidates.iter().filter_map(scored).collect();
        found.sort_unstable();
        found.into_iter().map(|(_, candidate)| candidate).collect()
    }

    /// The characters of a row's text that its words have matched: places of grapheme clusters. Only in the columns where a
    /// word matched best.
    pub(super) fn marks(&self, rows: &Rows<'_>, row: &Row<'_>, column: Column) -> Vec<u32> {
        let mut marks = Vec::new();
        let id = row.text(column);
        let Some(text) = rows.texts.get(id as usize) else { return marks };
        for word in self.words.iter().filter(|word| !word.atom.negative) {
            let score = word.score(id);
            if score.is_some() && score == word.best(row) {
                let matcher = &mut self.matcher.borrow_mut();
                word.atom.indices(text.searched.slice(..), matcher, &mut marks);
            }
        }
        marks.sort_unstable();
        marks.dedup();
        marks
    }

    fn take_words(&mut self, texts: &[Text<'_>], query: &str) {
        self.words.clear();
        for typed in query.split_whitespace() {
            if self.words.iter().any(|word| word.typed == typed) {
                continue;
            }
            let known = self.recent.iter().position(|word| word.typed == typed);
            let word = match known.and_then(|at| self.recent.remove(at)) {
                Some(word) => word,
                None => Rc::new(self.look_for(typed, texts)),
            };
            self.recent.push_front(Rc::clone(&word));
            self.recent.truncate(REMEMBERED);
            // A lone `!` or `^` says nothing yet.
            if !word.atom.needle_text().is_empty() {
                self.words.push(word);
            }
        }
    }

    fn look_for(&self, typed: &str, texts: &[Text<'_>]) -> Word {
        let atom = Atom::parse(typed, CaseMatching::Smart, Normalization::Smart);
        let mut word = Word { typed: typed.to_owned(), atom, scores: Vec::new() };
        let goes_on = |known: &&Rc<Word>| known.may_go_on() && typed.starts_with(&known.typed);
        let earlier = self.recent.iter().filter(goes_on).max_by_key(|known| known.typed.len());
        let earlier = earlier.filter(|_| word.may_go_on());
        let matcher = &mut self.matcher.borrow_mut();
        let score = |(id, text): (usize, &Text<'_>)| {
            let is_in_vain = earlier.is_some_and(|earlier| earlier.scores.get(id) == Some(&None));
            (!is_in_vain).then(|| word.atom.score(text.searched.slice(..), matcher)).flatten()
        };
        word.scores = texts.iter().enumerate().map(score).collect();
        word
    }

    /// None if a word matches nothing of the row.
    fn score(&self, row: &Row<'_>) -> Option<u32> {
        let mut sum = favour(row.frecency);
        for word in &self.words {
            sum += u32::from(word.best(row)?);
        }
        Some(sum)
    }
}

impl Word {
    /// Whether what it doesn't find, a longer one doesn't find either.
    fn may_go_on(&self) -> bool {
        self.atom.kind == AtomKind::Fuzzy && !self.atom.negative && !self.typed.contains('\\')
    }

    fn score(&self, text: TextId) -> Option<u16> {
        self.scores.get(text as usize).copied().flatten()
    }

    /// How well it matches the text that it matches best.
    fn best(&self, row: &Row<'_>) -> Option<u16> {
        let mut scores = row.texts.iter().map(|text| self.score(*text));
        match self.atom.negative {
            // What it must not match doesn't count for anything else.
            true => scores.all(|score| score.is_some()).then_some(0),
            false => scores.flatten().max(),
        }
    }
}

/// What use counts for beside a match, in which each character is worth 16 and one at a word's start 24: a habit wins among
/// like matches, and doesn't hide a better one.
fn favour(frecency: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is 0 to 24")]
    let favour = (8.0 * frecency).clamp(0.0, 24.0) as u32;
    favour
}

/// In words. Of 20,000 texts, one takes 80 kB.
const REMEMBERED: usize = 32;
