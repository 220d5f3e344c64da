//! Reads maps of a YAML tree, so that a value that cannot be taken costs only its key. Keys are matched in any case, as in
//! aws-sso-cli.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use credentials::Invalid;

use super::field_error::{FieldError, shown};
use super::findings::Findings;
use super::yaml::{Key, Kind, Node};

/// A map with keys that this program defines. The reader takes the keys that it knows, then calls `done`.
pub(super) struct Fields<'a, 'f> {
    line: usize,
    fields: Vec<Field<'a>>,
    findings: &'f mut Findings,
}

struct Field<'a> {
    key: &'a Key,
    node: &'a Node,
    /// The line of an earlier key with the same name. YAML has no rule for which of them counts, so none does.
    earlier: Option<usize>,
}

impl<'a, 'f> Fields<'a, 'f> {
    /// Makes a map of a node. Null is an empty map, and a list of maps is one map.
    pub(super) fn of(node: &'a Node, findings: &'f mut Findings) -> Result<Self, FieldError> {
        let mut fields: Vec<Field<'a>> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for (key, value) in entries(node, findings)? {
            let new = Field { key, node: value, earlier: None };
            let known = places.get(&key.text.to_lowercase()).and_then(|at| fields.get_mut(*at));
            match known {
                Some(known) => *known = Field { earlier: Some(known.key.line), ..new },
                None => {
                    places.insert(key.text.to_lowercase(), fields.len());
                    fields.push(new);
                }
            }
        }
        Ok(Self { line: node.line, fields, findings })
    }

    /// Takes the value of a key and parses it with `read`. Null or an empty text counts as a missing key, and so does a value
    /// that cannot be read.
    pub(super) fn take<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Node) -> Result<T, FieldError>,
    ) -> Option<T> {
        let value = self.try_take(name, read);
        self.findings.keep(value).flatten()
    }

    /// Like `take`, for a key whose loss must not go unnoticed: the caller decides what a bad value costs.
    pub(super) fn try_take<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Node) -> Result<T, FieldError>,
    ) -> Result<Option<T>, FieldError> {
        let node = self.try_take_node(name)?.filter(|node| !node.is_blank());
        node.map(read).transpose().map_err(|error| error.within(name))
    }

    /// Like `try_take`, for a required key.
    pub(super) fn take_required<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Node) -> Result<T, FieldError>,
    ) -> Result<T, FieldError> {
        self.try_take(name, read)?
            .ok_or_else(|| FieldError::new(self.line, "must be given").within(name))
    }

    /// Like `take`, for a value with keys of its own. Each of them is lost by itself.
    pub(super) fn take_map<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Node, &mut Findings) -> Result<T, FieldError>,
    ) -> Option<T> {
        let node = self.try_take_node(name);
        let node = self.findings.keep(node).flatten().filter(|node| !node.is_blank())?;
        self.findings.within(name, |findings| {
            let value = read(node, findings);
            findings.keep(value)
        })
    }

    /// Takes the value of a key, even if it is null.
    pub(super) fn try_take_node(&mut self, name: &str) -> Result<Option<&'a Node>, FieldError> {
        let matches = |field: &Field<'_>| field.key.text.eq_ignore_ascii_case(name);
        let Some(at) = self.fields.iter().position(matches) else { return Ok(None) };
        let Field { key, node, earlier } = self.fields.swap_remove(at);
        match earlier {
            None => Ok(Some(node)),
            Some(earlier) => Err(given_twice(key.line, earlier).within(&key.text)),
        }
    }

    /// The line of a key that was not taken yet.
    pub(super) fn line_of(&self, name: &str) -> Option<usize> {
        let field = self.fields.iter().find(|field| field.key.text.eq_ignore_ascii_case(name));
        field.map(|field| field.key.line)
    }

    /// Keeps a problem that the caller found.
    pub(super) fn add_problem(&mut self, problem: FieldError) {
        self.findings.problems.push(problem);
    }

    /// Notes the keys that were not taken. `unused` are the keys of aws-sso-cli that have no effect here.
    pub(super) fn done(self, unused: &[&str]) {
        let mut rest = self.fields;
        rest.sort_by_key(|field| field.key.line);
        for Field { key, .. } in rest {
            let Key { line, text } = key;
            let note = format!("line {line}: the key `{}` is not used by aws-sso", shown(text));
            match unused.iter().any(|unused| text.eq_ignore_ascii_case(unused)) {
                true => self.findings.unused.push(note),
                false => self.findings.unknown.push(note),
            }
        }
    }
}

/// A key that the person chose, and what was read there.
type Item<K, T> = (K, Result<T, FieldError>);

/// Reads a map with keys that the person chose. `parse` parses a key, two keys with one `identity` are the same, and `read` makes
/// an item of each entry. An entry that cannot be read is left out.
pub(super) fn items<K, T>(
    node: &Node,
    findings: &mut Findings,
    parse: impl Fn(&str) -> Result<K, Invalid>,
    identity: impl Fn(&K) -> String,
    read: impl FnMut(&K, &Node, &mut Findings) -> Result<T, FieldError>,
) -> Result<Vec<T>, FieldError> {
    let items = items_or_errors(node, findings, parse, identity, read)?;
    Ok(items.into_iter().filter_map(|(_, item)| findings.keep(item)).collect())
}

/// Like `items`, with the error of each entry that has a valid key and cannot be read.
pub(super) fn items_or_errors<K, T>(
    node: &Node,
    findings: &mut Findings,
    parse: impl Fn(&str) -> Result<K, Invalid>,
    identity: impl Fn(&K) -> String,
    mut read: impl FnMut(&K, &Node, &mut Findings) -> Result<T, FieldError>,
) -> Result<Vec<Item<K, T>>, FieldError> {
    let mut found: Vec<(K, Field<'_>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (name, value) in entries(node, findings)? {
        let wrong = |invalid: Invalid| {
            FieldError::new(name.line, format!("as a key {invalid}")).within(&name.text)
        };
        let Some(key) = findings.keep(parse(&name.text).map_err(wrong)) else { continue };
        let new = Field { key: name, node: value, earlier: None };
        match places.entry(identity(&key)) {
            Entry::Occupied(at) => {
                if let Some((_, known)) = found.get_mut(*at.get()) {
                    *known = Field { earlier: Some(known.key.line), ..new };
                }
            }
            Entry::Vacant(place) => {
                place.insert(found.len());
                found.push((key, new));
            }
        }
    }
    let items = found.into_iter().map(|(key, Field { key: name, node, earlier })| {
        let item = match earlier {
            Some(earlier) => Err(given_twice(name.line, earlier)),
            None => findings.within(&name.text, |findings| read(&key, node, findings)),
        };
        (key, item.map_err(|error| error.within(&name.text)))
    });
    Ok(items.collect())
}

/// The entries of a map. What is no entry, such as a text in a list of maps, is left out.
fn entries<'a>(
    node: &'a Node,
    findings: &mut Findings,
) -> Result<Vec<(&'a Key, &'a Node)>, FieldError> {
    let maps = match &node.kind {
        Kind::Null => Vec::new(),
        Kind::Map(_) => vec![node],
        Kind::List(items) => items.iter().collect(),
        Kind::Scalar(_) => return Err(must_be_a_map(node)),
    };
    let mut entries = Vec::new();
    for map in maps {
        let Kind::Map(of_map) = &map.kind else {
            findings.problems.push(must_be_a_map(map));
            continue;
        };
        for (key, value) in of_map {
            match key.text.as_str() {
                "" => findings.problems.push(FieldError::new(key.line, KEY_MUST_BE)),
                // What can be merged is merged already.
                "<<" => findings.problems.push(FieldError::new(key.line, MERGE_MUST_BE)),
                _ => entries.push((key, value)),
            }
        }
    }
    Ok(entries)
}

fn must_be_a_map(node: &Node) -> FieldError {
    FieldError::new(node.line, "must be a map of keys to values")
}

fn given_twice(line: usize, earlier: usize) -> FieldError {
    FieldError::new(line, format!("must be given once; it is on line {earlier} too"))
}

const KEY_MUST_BE: &str = "must have text as keys, in quotes if it starts with { or [";
const MERGE_MUST_BE: &str = "must have a map as the value of <<, which merges maps";
