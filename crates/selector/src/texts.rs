//! The texts of all rows. Equal texts are kept once: thousands of roles share a few names, and each text is searched once.

use std::borrow::Cow;
use std::collections::HashMap;

use credentials::printable;
use nucleo_matcher::Utf32String;

/// The number of a text. The empty text is 0.
pub(crate) type TextId = u32;

/// A text of one or more rows.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    /// Printable.
    pub(crate) shown: Cow<'a, str>,
    /// The same text, as the matcher reads it.
    pub(crate) searched: Utf32String,
}

/// Collects texts and gives them numbers.
pub(crate) struct Texts<'a> {
    all: Vec<Text<'a>>,
    /// The texts that other rows may have too.
    known: HashMap<Cow<'a, str>, TextId>,
}

impl<'a> Texts<'a> {
    pub(crate) fn new() -> Self {
        let empty = Text { shown: "".into(), searched: "".into() };
        Self { all: vec![empty], known: HashMap::new() }
    }

    /// The number of a text that other rows may have too.
    pub(crate) fn id(&mut self, text: Cow<'a, str>) -> TextId {
        if text.is_empty() {
            return 0;
        }
        match self.known.get(&text) {
            Some(id) => *id,
            None => {
                let id = self.add(text.clone());
                self.known.insert(text, id);
                id
            }
        }
    }

    /// Adds a text that no other row has.
    pub(crate) fn add(&mut self, text: Cow<'a, str>) -> TextId {
        let shown = match text {
            Cow::Borrowed(text) => printable(text),
            Cow::Owned(text) => printable(&text).into_owned().into(),
        };
        let searched = Utf32String::from(&*shown);
        self.all.push(Text { shown, searched });
        TextId::try_from(self.all.len() - 1).unwrap_or_default()
    }

    /// All texts, in the order of their numbers.
    pub(crate) fn into_all(self) -> Vec<Text<'a>> {
        self.all
    }
}
