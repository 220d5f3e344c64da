//! Finds the rows that match a query, best first. Each word must match some text of the row, in any order, and letters
//! can be left out (`pyadm` finds `payments:AdministratorAccess`). As in fzf, `'word` allows no letter to be left out,
//! `^word` matches at the start of a text, `word$` at its end, and `!word` must match no text.
//!
//! A word is searched once in each different text. A word that continues an earlier one is searched only where that matched.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::rc::Rc;

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher};

use super::rows::{Column, Row, Rows};
use super::texts::{Text, TextId};

/// The matcher, and what it has found so far.
#[derive(Debug)]
pub(crate) struct Matching {
    matcher: RefCell<Matcher>,
    /// The words of the query.
    words: Vec<Rc<Word>>,
    /// The latest words, the newest first. Typing on or deleting uses them again.
    recent: VecDeque<Rc<Word>>,
}

#[derive(Debug)]
struct Word {
    typed: String,
    atom: Atom,
    /// How well it matches each text.
    scores: Vec<Option<u16>>,
}

impl Matching {
    pub(crate) fn new() -> Self {
        let matcher = RefCell::new(Matcher::new(Config::DEFAULT));
        Self { matcher, words: Vec::new(), recent: VecDeque::new() }
    }

    /// The candidates that match the query, the best first. Candidates are in the order of their use, and equal matches
    /// keep it.
    pub(crate) fn find<K>(
        &mut self,
        rows: &Rows<'_, K>,
        candidates: &[u32],
        query: &str,
    ) -> Vec<u32> {
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

    /// The places of the grapheme clusters in a row's text that the query has matched. Only in the columns where a word
    /// matches best.
    pub(crate) fn marks<K>(
        &self,
        rows: &Rows<'_, K>,
        row: &Row<'_, K>,
        column: Column,
    ) -> Vec<u32> {
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
                None => Rc::new(self.search(typed, texts)),
            };
            self.recent.push_front(Rc::clone(&word));
            self.recent.truncate(MAX_RECENT_WORDS);
            // A single `!` or `^` has no text to search yet.
            if !word.atom.needle_text().is_empty() {
                self.words.push(word);
            }
        }
    }

    /// Searches a word in all texts.
    fn search(&self, typed: &str, texts: &[Text<'_>]) -> Word {
        let atom = Atom::parse(typed, CaseMatching::Smart, Normalization::Smart);
        let mut word = Word { typed: typed.to_owned(), atom, scores: Vec::new() };
        let is_continued = |known: &&Rc<Word>| known.narrows() && typed.starts_with(&known.typed);
        let earlier = self.recent.iter().filter(is_continued).max_by_key(|known| known.typed.len());
        let earlier = earlier.filter(|_| word.narrows());
        let matcher = &mut self.matcher.borrow_mut();
        let score = |(id, text): (usize, &Text<'_>)| {
            let cannot_match = earlier.is_some_and(|earlier| earlier.scores.get(id) == Some(&None));
            (!cannot_match).then(|| word.atom.score(text.searched.slice(..), matcher)).flatten()
        };
        word.scores = texts.iter().enumerate().map(score).collect();
        word
    }

    /// None if a word does not match the row.
    fn score<K>(&self, row: &Row<'_, K>) -> Option<u32> {
        let mut sum = use_bonus(row.frecency());
        for word in &self.words {
            sum += u32::from(word.best(row)?);
        }
        Some(sum)
    }
}

impl Word {
    /// Whether each letter that follows can only lead to fewer matches.
    fn narrows(&self) -> bool {
        self.atom.kind == AtomKind::Fuzzy && !self.atom.negative && !self.typed.contains('\\')
    }

    fn score(&self, text: TextId) -> Option<u16> {
        self.scores.get(text as usize).copied().flatten()
    }

    /// How well it matches the text of the row that it matches best.
    fn best<K>(&self, row: &Row<'_, K>) -> Option<u16> {
        let mut scores = row.texts.iter().map(|text| self.score(*text));
        match self.atom.negative {
            // A text that must not match makes no row better than another.
            true => scores.all(|score| score.is_some()).then_some(0),
            false => scores.flatten().max(),
        }
    }
}

/// How much use adds to a match, in which each letter counts 16, and one at the start of a word 24: a habit decides among
/// similar matches, and hides no better one.
fn use_bonus(frecency: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is 0 to 24")]
    let bonus = (8.0 * frecency).clamp(0.0, 24.0) as u32;
    bonus
}

/// With 20,000 texts, one word takes 80 kB.
const MAX_RECENT_WORDS: usize = 32;
