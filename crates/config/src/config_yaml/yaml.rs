//! Parses YAML into a tree in which every node has its line. Values have no types here: a scalar is the text of the file, so that
//! `012345670123` is never an octal number and `on` is text until a key wants a boolean.
//!
//! This uses the parser that serde-saphyr is built on, without serde. Deserialization would lose the lines, would match keys by
//! case, and would guess that a scalar is a number.

use std::collections::{HashMap, HashSet};

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, Tag, options};

use super::field_error::FieldError;
use super::findings::Findings;

/// Maximum depth of block collections, and of flow collections inside them. config.yaml has seven levels.
const MAX_DEPTH: usize = 32;

/// Maximum number of nodes that are copies, made for anchors and aliases.
const MAX_COPIED_NODES: usize = 100_000;

/// A value and the line on which it starts.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Null,
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) line: usize,
    /// Empty if the key is not a text. Readers of maps refuse it.
    pub(super) text: String,
}

impl Node {
    /// Parses the first document of a file. An empty file is null.
    pub(super) fn parse(text: &str, findings: &mut Findings) -> Result<Self, FieldError> {
        let options = options! {
            block_nesting_limit: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            emit_comments: false,
        };
        let mut tree = Tree::default();
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, span) = event.map_err(|error| syntax(text, &error))?;
            if matches!(event, Event::DocumentStart(..)) && tree.root.is_some() {
                let text = "starts a second YAML document, which is not read";
                findings.problems.push(FieldError::new(span.start.line(), text));
                break;
            }
            tree.add(event, span)?;
        }
        Ok(tree.root.unwrap_or(Self { line: 1, kind: Kind::Null }))
    }

    /// Whether this is a map or a list of maps.
    fn is_of_maps(&self) -> bool {
        match &self.kind {
            Kind::Map(_) => true,
            Kind::List(items) => items.iter().all(|item| matches!(item.kind, Kind::Map(_))),
            Kind::Null | Kind::Scalar(_) => false,
        }
    }

    fn size(&self) -> usize {
        1 + match &self.kind {
            Kind::Null | Kind::Scalar(_) => 0,
            Kind::List(items) => items.iter().map(Self::size).sum(),
            Kind::Map(entries) => entries.iter().map(|(_, value)| 1 + value.size()).sum(),
        }
    }
}

/// The parser's error as ours. Its text contains single characters of the file at most.
fn syntax(text: &str, error: &ScanError) -> FieldError {
    let line = error.marker().line();
    // A tab at the start of a line is reported for the line above, because the parser reads both as one text.
    if matches!(error.kind(), ErrorKind::TabInPlainScalar) {
        let mut below = (line + 1..).zip(text.lines().skip(line));
        let has_tab = |(_, line): &(usize, &str)| line.trim_start_matches(' ').starts_with('\t');
        if let Some((line, _)) = below.find(has_tab) {
            return FieldError::new(line, "must not be indented with a tab");
        }
    }
    let column = error.marker().col() + 1;
    FieldError::new(line, format!("is not YAML at column {column}: {}", error.info()))
}

/// A tree that is built from the parser's events.
#[derive(Default)]
struct Tree {
    root: Option<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    copied_nodes: usize,
}

/// A collection that the parser has not finished.
struct Open {
    line: usize,
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map { entries: Vec<(Key, Node)>, key: Option<Key> },
}

impl Tree {
    fn add(&mut self, event: Event<'_>, span: Span) -> Result<(), FieldError> {
        let line = span.start.line();
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let kind = scalar(&text, style, tag.as_deref());
                self.close(Node { line, kind }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open.push(Open { line, anchor, content: Content::List(Vec::new()) });
                Ok(())
            }
            Event::MappingStart(_, anchor, _) => {
                let content = Content::Map { entries: Vec::new(), key: None };
                self.open.push(Open { line, anchor, content });
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { line, anchor, content }) = self.open.pop() else { return Ok(()) };
                let kind = match content {
                    Content::List(items) => Kind::List(items),
                    Content::Map { entries, .. } => Kind::Map(merged(entries)),
                };
                self.close(Node { line, kind }, anchor)
            }
            Event::Alias(id) => {
                let node = self.anchors.get(&id);
                let node =
                    node.ok_or_else(|| FieldError::new(line, "must not contain itself"))?.clone();
                self.count_copy(&node)?;
                self.close(node, 0)
            }
            Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(..)
            | Event::DocumentEnd
            | Event::Anchor(..)
            | Event::UnresolvedAlias(_)
            | _ => Ok(()),
        }
    }

    /// Adds a finished node to its collection.
    fn close(&mut self, node: Node, anchor: usize) -> Result<(), FieldError> {
        if anchor != 0 {
            self.count_copy(&node)?;
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map { entries, key }) => match key.take() {
                Some(key) => entries.push((key, node)),
                None => *key = Some(Key::of(node)),
            },
        }
        Ok(())
    }

    /// Counts the nodes of a copy, so that aliases of aliases cannot fill the memory.
    fn count_copy(&mut self, node: &Node) -> Result<(), FieldError> {
        self.copied_nodes = self.copied_nodes.saturating_add(node.size());
        if self.copied_nodes > MAX_COPIED_NODES {
            return Err(FieldError::new(node.line, "must not be repeated that often by aliases"));
        }
        Ok(())
    }
}

impl Key {
    fn of(node: Node) -> Self {
        let text = match node.kind {
            Kind::Scalar(text) => text,
            Kind::Null | Kind::List(_) | Kind::Map(_) => String::new(),
        };
        Self { line: node.line, text }
    }
}

/// The kind of a scalar. The words for null in YAML 1.1 are null, unless they are quoted or have the tag of text.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Kind {
    let is_plain = style == ScalarStyle::Plain && tag.is_none_or(|tag| tag.suffix() != "str");
    match text {
        "" | "~" | "null" | "Null" | "NULL" if is_plain => Kind::Null,
        _ => Kind::Scalar(text.to_owned()),
    }
}

/// Adds the entries of `<<` keys to a map. The map's own entries win. A `<<` that does not have maps stays: readers refuse it.
fn merged(entries: Vec<(Key, Node)>) -> Vec<(Key, Node)> {
    let (merges, mut own): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|(key, node)| key.text == "<<" && node.is_of_maps());
    if merges.is_empty() {
        return own;
    }
    let mut taken: HashSet<_> = own.iter().map(|(key, _)| key.text.to_lowercase()).collect();
    for (_, node) in merges {
        let sources = if let Kind::List(nodes) = node.kind { nodes } else { vec![node] };
        for source in sources {
            let Kind::Map(added) = source.kind else { continue };
            own.extend(added.into_iter().filter(|(key, _)| taken.insert(key.text.to_lowercase())));
        }
    }
    own
}
