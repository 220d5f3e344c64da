//! Reads typed values from a YAML tree. Types are as weak as in aws-sso-cli: keys in any case, a number for a text, a text for a
//! list.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use credentials::Invalid;

use super::field_error::{FieldError, shown};
use super::yaml::{Key, Kind, Node};

/// A map with keys that this program defines. The reader takes the keys that it knows, then calls `done`.
pub(super) struct Fields<'a> {
    line: usize,
    entries: Vec<(&'a Key, &'a Node)>,
}

impl<'a> Fields<'a> {
    /// Makes a map of a node. Null is an empty map, and a list of maps is one map.
    pub(super) fn of(node: &'a Node) -> Result<Self, FieldError> {
        let entries = entries(node)?;
        let mut lines = HashMap::new();
        for (key, _) in &entries {
            check_unique(&mut lines, key.text.to_lowercase(), key.line)
                .map_err(|error| error.within(&key.text))?;
        }
        Ok(Self { line: node.line, entries })
    }

    /// Takes the value of a key and parses it with `read`. Null or an empty text counts as a missing key.
    pub(super) fn take<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Node) -> Result<T, FieldError>,
    ) -> Result<Option<T>, FieldError> {
        let node = self.take_node(name).filter(|node| !node.is_blank());
        node.map(read).transpose().map_err(|error| error.within(name))
    }

    /// Like `take`, for a required key.
    pub(super) fn take_required<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Node) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        self.take(name, read)?
            .ok_or_else(|| FieldError::new(self.line, "must be given").within(name))
    }

    /// Takes the value of a key, even if it is null.
    pub(super) fn take_node(&mut self, name: &str) -> Option<&'a Node> {
        let matches = |(key, _): &(&Key, &Node)| key.text.eq_ignore_ascii_case(name);
        let at = self.entries.iter().position(matches)?;
        Some(self.entries.swap_remove(at).1)
    }

    /// Notes the keys that were not taken.
    pub(super) fn done(self, notes: &mut Vec<String>) {
        let mut rest = self.entries;
        rest.sort_by_key(|(key, _)| key.line);
        notes.extend(rest.into_iter().map(|(key, _)| {
            format!("line {}: the key `{}` is not used by aws-sso", key.line, shown(&key.text))
        }));
    }
}

/// Reads a map with keys that the person chose. `key` parses a key, two keys with one `identity` are the same, and `read` makes
/// an item of each entry.
pub(super) fn items<K, T>(
    node: &Node,
    key: impl Fn(&str) -> Result<K, Invalid>,
    identity: impl Fn(&K) -> String,
    mut read: impl FnMut(K, &Node) -> Result<T, FieldError>,
) -> Result<Vec<T>, FieldError> {
    let mut lines = HashMap::new();
    let mut item = |(name, value): (&Key, &Node)| {
        let error = |invalid: Invalid| FieldError::new(name.line, format!("as a key {invalid}"));
        let key = key(&name.text).map_err(error)?;
        check_unique(&mut lines, identity(&key), name.line)?;
        read(key, value)
    };
    let within = |entry: (&Key, &Node)| {
        let name = &entry.0.text;
        item(entry).map_err(|error| error.within(name))
    };
    entries(node)?.into_iter().map(within).collect()
}

fn entries(node: &Node) -> Result<Vec<(&Key, &Node)>, FieldError> {
    match &node.kind {
        Kind::Null => Ok(Vec::new()),
        Kind::Map(entries) => Ok(entries.iter().map(|(key, value)| (key, value)).collect()),
        Kind::List(items) => {
            let parts: Result<Vec<_>, _> = items.iter().map(one_map).collect();
            Ok(parts?.into_iter().flatten().collect())
        }
        Kind::Scalar(_) => Err(must_be_a_map(node)),
    }
}

fn one_map(node: &Node) -> Result<Vec<(&Key, &Node)>, FieldError> {
    match &node.kind {
        Kind::Map(entries) => Ok(entries.iter().map(|(key, value)| (key, value)).collect()),
        Kind::Null | Kind::Scalar(_) | Kind::List(_) => Err(must_be_a_map(node)),
    }
}

fn must_be_a_map(node: &Node) -> FieldError {
    FieldError::new(node.line, "must be a map of keys to values")
}

/// Refuses a second key with the same identity.
fn check_unique(
    lines: &mut HashMap<String, usize>,
    identity: String,
    line: usize,
) -> Result<(), FieldError> {
    match lines.insert(identity, line) {
        None => Ok(()),
        Some(first) => {
            Err(FieldError::new(line, format!("must be given once; it is on line {first} too")))
        }
    }
}

impl Node {
    fn is_blank(&self) -> bool {
        matches!(&self.kind, Kind::Null)
            || matches!(&self.kind, Kind::Scalar(text) if text.is_empty())
    }

    fn must_be(&self, what: impl Display) -> FieldError {
        FieldError::new(self.line, format!("must be {what}"))
    }

    /// A text. A number or a boolean is the text of the file. Null is empty.
    pub(super) fn text(&self) -> Result<String, FieldError> {
        match &self.kind {
            Kind::Null => Ok(String::new()),
            Kind::Scalar(text) => Ok(text.clone()),
            Kind::List(_) | Kind::Map(_) => {
                Err(self.must_be("text, in quotes if it starts with { or ["))
            }
        }
    }

    /// A text that is parsed by `parse`.
    pub(super) fn parsed<T>(
        &self,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Result<T, FieldError> {
        parse(&self.text()?).map_err(|invalid| FieldError::new(self.line, invalid.to_string()))
    }

    pub(super) fn number<T: FromStr>(&self) -> Result<T, FieldError> {
        self.text()?.parse().map_err(|_| self.must_be("a whole number"))
    }

    pub(super) fn boolean(&self) -> Result<bool, FieldError> {
        match self.text()?.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err(self.must_be("true or false")),
        }
    }

    /// A list of texts, or one text with a comma between the items.
    pub(super) fn texts(&self) -> Result<Vec<String>, FieldError> {
        match &self.kind {
            Kind::List(items) => items.iter().map(Self::text).collect(),
            Kind::Null | Kind::Scalar(_) | Kind::Map(_) => {
                Ok(self.text()?.split(',').map(|item| item.trim().to_owned()).collect())
            }
        }
    }
}
