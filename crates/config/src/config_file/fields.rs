//! Values out of a YAML tree, as weakly typed as the reference's: keys in any case, a number for text, text for a
//! list.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use credentials::Invalid;

use super::problem::{Problem, shown};
use super::yaml::{Key, Kind, Node};

/// A map whose keys are ours. Whoever reads one takes what it knows and then says that it is done.
pub(super) struct Fields<'a> {
    line: usize,
    entries: Vec<(&'a Key, &'a Node)>,
}

impl<'a> Fields<'a> {
    /// Nothing is an empty map, and a list of one-key maps is a map.
    pub(super) fn of(node: &'a Node) -> Result<Self, Problem> {
        let entries = entries(node)?;
        let mut lines = HashMap::new();
        for (key, _) in &entries {
            once(&mut lines, key.text.to_lowercase(), key.line)
                .map_err(|problem| problem.within(&key.text))?;
        }
        Ok(Self { line: node.line, entries })
    }

    /// What `read` makes of a key's value. Nothing, or an empty text, is as if the key was not there.
    pub(super) fn take<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Node) -> Result<T, Problem>,
    ) -> Result<Option<T>, Problem> {
        let node = self.take_node(name).filter(|node| !node.is_blank());
        node.map(read).transpose().map_err(|problem| problem.within(name))
    }

    /// As `take`, for what has to be there.
    pub(super) fn take_required<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Node) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        self.take(name, read)?.ok_or_else(|| Problem::new(self.line, "must be given").within(name))
    }

    /// The value of a key, even if it is nothing.
    pub(super) fn take_node(&mut self, name: &str) -> Option<&'a Node> {
        let is_it = |(key, _): &(&Key, &Node)| key.text.eq_ignore_ascii_case(name);
        let at = self.entries.iter().position(is_it)?;
        Some(self.entries.swap_remove(at).1)
    }

    /// Notes the keys that nobody took.
    pub(super) fn done(self, notes: &mut Vec<String>) {
        let mut rest = self.entries;
        rest.sort_by_key(|(key, _)| key.line);
        notes.extend(rest.into_iter().map(|(key, _)| {
            format!("line {}: the key `{}` is not used by aws-sso", key.line, shown(&key.text))
        }));
    }
}

/// A map whose keys are the person's: `key` parses them, those of one `identity` are the same, and `read` makes
/// an item of each.
pub(super) fn items<K, T>(
    node: &Node,
    key: impl Fn(&str) -> Result<K, Invalid>,
    identity: impl Fn(&K) -> String,
    mut read: impl FnMut(K, &Node) -> Result<T, Problem>,
) -> Result<Vec<T>, Problem> {
    let mut lines = HashMap::new();
    let mut item = |(name, value): (&Key, &Node)| {
        let wrong = |invalid: Invalid| Problem::new(name.line, format!("as a key {invalid}"));
        let key = key(&name.text).map_err(wrong)?;
        once(&mut lines, identity(&key), name.line)?;
        read(key, value)
    };
    let within = |entry: (&Key, &Node)| {
        let name = &entry.0.text;
        item(entry).map_err(|problem| problem.within(name))
    };
    entries(node)?.into_iter().map(within).collect()
}

fn entries(node: &Node) -> Result<Vec<(&Key, &Node)>, Problem> {
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

fn one_map(node: &Node) -> Result<Vec<(&Key, &Node)>, Problem> {
    match &node.kind {
        Kind::Map(entries) => Ok(entries.iter().map(|(key, value)| (key, value)).collect()),
        _ => Err(must_be_a_map(node)),
    }
}

fn must_be_a_map(node: &Node) -> Problem {
    Problem::new(node.line, "must be a map of keys to values")
}

/// Refuses a second key that means the same.
fn once(lines: &mut HashMap<String, usize>, identity: String, line: usize) -> Result<(), Problem> {
    match lines.insert(identity, line) {
        None => Ok(()),
        Some(first) => {
            Err(Problem::new(line, format!("must be given once; it is on line {first} too")))
        }
    }
}

impl Node {
    fn is_blank(&self) -> bool {
        matches!(&self.kind, Kind::Null)
            || matches!(&self.kind, Kind::Scalar(text) if text.is_empty())
    }

    fn must_be(&self, what: impl Display) -> Problem {
        Problem::new(self.line, format!("must be {what}"))
    }

    /// Text; a number and a boolean are the text that they are written as.
    pub(super) fn text(&self) -> Result<String, Problem> {
        match &self.kind {
            Kind::Null => Ok(String::new()),
            Kind::Scalar(text) => Ok(text.clone()),
            Kind::List(_) | Kind::Map(_) => {
                Err(self.must_be("text, in quotes if it starts with { or ["))
            }
        }
    }

    /// Text that `parse` makes something of.
    pub(super) fn parsed<T>(
        &self,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Result<T, Problem> {
        parse(&self.text()?).map_err(|invalid| Problem::new(self.line, invalid.to_string()))
    }

    pub(super) fn number<T: FromStr>(&self) -> Result<T, Problem> {
        self.text()?.parse().map_err(|_| self.must_be("a whole number"))
    }

    pub(super) fn boolean(&self) -> Result<bool, Problem> {
        match self.text()?.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err(self.must_be("true or false")),
        }
    }

    /// A list of texts, or one text with commas between the items.
    pub(super) fn texts(&self) -> Result<Vec<String>, Problem> {
        match &self.kind {
            Kind::List(items) => items.iter().map(Self::text).collect(),
            _ => Ok(self.text()?.split(',').map(|item| item.trim().to_owned()).collect()),
        }
    }
}
