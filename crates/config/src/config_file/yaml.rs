//! YAML text as a tree whose nodes know their line. No meaning: a scalar stays the text that was written, so that
//! `012345670123` is never an octal number and `on` is a word until a key wants a boolean.
//!
//! This uses the parser below serde-saphyr, not serde: keys are matched without regard to case, every node has
//! a line, and a scalar is not guessed to be a number, none of which survives deserialization.

use std::collections::{HashMap, HashSet};

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, Tag, options};

use super::problem::Problem;

/// How deep block collections may nest, and flow collections inside them. Ours need seven levels.
const DEEPEST: usize = 32;

/// How many nodes anchors and aliases may add to those that are written out.
const MOST_COPIED: usize = 100_000;

/// A value, and the line that it starts on.
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
    pub(super) text: String,
}

impl Node {
    /// Reads a file of one document; an empty one is null.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let options = options! {
            block_nesting_limit: DEEPEST,
            flow_nesting_limit: DEEPEST,
            emit_comments: false,
        };
        let mut tree = Tree::default();
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, span) = event.map_err(|error| syntax(text, &error))?;
            tree.add(event, span)?;
        }
        Ok(tree.root.unwrap_or(Self { line: 1, kind: Kind::Null }))
    }

    fn size(&self) -> usize {
        1 + match &self.kind {
            Kind::Null | Kind::Scalar(_) => 0,
            Kind::List(items) => items.iter().map(Self::size).sum(),
            Kind::Map(entries) => entries.iter().map(|(_, value)| 1 + value.size()).sum(),
        }
    }
}

/// The parser's own words hold nothing of the file but single characters.
fn syntax(text: &str, error: &ScanError) -> Problem {
    let line = error.marker().line();
    // The parser takes a tab on the next line for more of this line's text, and blames this line.
    if matches!(error.kind(), ErrorKind::TabInPlainScalar) {
        let mut below = (line + 1..).zip(text.lines().skip(line));
        let is_it = |(_, line): &(usize, &str)| line.trim_start_matches(' ').starts_with('\t');
        if let Some((line, _)) = below.find(is_it) {
            return Problem::new(line, "must not be indented with a tab");
        }
    }
    let column = error.marker().col() + 1;
    Problem::new(line, format!("is not YAML at column {column}: {}", error.info()))
}

/// A tree that grows by events.
#[derive(Default)]
struct Tree {
    root: Option<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    copied: usize,
}

/// A collection whose end has not come yet.
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
    fn add(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
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
                    Content::Map { entries, .. } => Kind::Map(merged(entries)?),
                };
                self.close(Node { line, kind }, anchor)
            }
            Event::Alias(id) => {
                let node = self.anchors.get(&id);
                let node = node.ok_or_else(|| Problem::new(line, "must not hold itself"))?.clone();
                self.charge(&node)?;
                self.close(node, 0)
            }
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(Problem::new(line, "must be one YAML document; here a second one starts"))
            }
            _ => Ok(()),
        }
    }

    /// Puts a finished node where it belongs.
    fn close(&mut self, node: Node, anchor: usize) -> Result<(), Problem> {
        if anchor != 0 {
            self.charge(&node)?;
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map { entries, key }) => match key.take() {
                Some(key) => entries.push((key, node)),
                None => *key = Some(Key::of(node)?),
            },
        }
        Ok(())
    }

    /// Counts a copy, so that aliases of aliases cannot fill the memory.
    fn charge(&mut self, node: &Node) -> Result<(), Problem> {
        self.copied = self.copied.saturating_add(node.size());
        if self.copied > MOST_COPIED {
            return Err(Problem::new(node.line, "must not be repeated so often by aliases"));
        }
        Ok(())
    }
}

impl Key {
    fn of(node: Node) -> Result<Self, Problem> {
        match node.kind {
            Kind::Scalar(text) => Ok(Self { line: node.line, text }),
            Kind::Null => Err(Problem::new(node.line, "must not have an empty key")),
            Kind::List(_) | Kind::Map(_) => Err(Problem::new(
                node.line,
                "must have text as its keys; quote what starts with { or [",
            )),
        }
    }
}

/// What YAML 1.1 writes for nothing is nothing, unless it is quoted or tagged as text.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Kind {
    let is_plain = style == ScalarStyle::Plain && tag.is_none_or(|tag| tag.suffix() != "str");
    match text {
        "" | "~" | "null" | "Null" | "NULL" if is_plain => Kind::Null,
        _ => Kind::Scalar(text.to_owned()),
    }
}

/// Puts the content of `<<` keys in; what the map says itself wins.
fn merged(entries: Vec<(Key, Node)>) -> Result<Vec<(Key, Node)>, Problem> {
    let (merges, mut own): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|(key, _)| key.text == "<<");
    if merges.is_empty() {
        return Ok(own);
    }
    let mut taken: HashSet<_> = own.iter().map(|(key, _)| key.text.to_lowercase()).collect();
    for (_, node) in merges {
        let sources = if let Kind::List(nodes) = node.kind { nodes } else { vec![node] };
        for source in sources {
            let Kind::Map(added) = source.kind else {
                return Err(Problem::new(source.line, "must be a map, as << merges maps"));
            };
            own.extend(added.into_iter().filter(|(key, _)| taken.insert(key.text.to_lowercase())));
        }
    }
    Ok(own)
}
