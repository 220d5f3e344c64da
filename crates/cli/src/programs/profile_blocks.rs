//! The blocks of profiles that `aws-sso setup profiles` writes into an AWS config, between the marker lines of the
//! reference. Finds, replaces, appends and removes them. The rest of the file stays the same, byte for byte. No I/O.

mod section;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::ops::Range;

use credentials::InstanceName;

pub(crate) use section::{Fit, ProcessLine, Section};

/// The new block of an instance.
pub(crate) struct Block<'a> {
    pub(crate) instance: &'a InstanceName,
    pub(crate) sections: Vec<Section<'a>>,
}

/// An AWS config, with the blocks that are in it.
pub(crate) struct Layout<'a> {
    file: &'a [u8],
    present: Vec<Present>,
}

/// Marker lines that do not match. Replacing the lines between them could lose the person's own text.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("line {line} begins a block of profiles within the one that line {open} begins")]
    Nested { line: usize, open: usize },
    #[error("line {line} ends a block of profiles that no line begins")]
    NotBegun { line: usize },
    #[error("line {line} ends another block of profiles than line {open} begins")]
    Crossed { line: usize, open: usize },
    #[error("line {open} begins a block of profiles that no line ends")]
    NotEnded { open: usize },
    #[error("line {line} begins a block of profiles that is there already, from line {first} on")]
    Doubled { line: usize, first: usize },
}

/// A block in the file.
struct Present {
    key: String,
    /// The number of its first line.
    line: usize,
    /// From its first line to the end of its last.
    range: Range<usize>,
    /// Whether we wrote it, together with the line break before it.
    is_ours: bool,
}

struct Line<'a> {
    number: usize,
    start: usize,
    bytes: &'a [u8],
}

enum Marker {
    Begin(String),
    End(String),
}

impl Block<'_> {
    /// The text of the block, with these line breaks.
    pub(crate) fn text(&self, line_end: &str) -> String {
        let suffix = suffix(self.instance);
        let sections: Vec<String> = self.sections.iter().map(Section::to_string).collect();
        let text = format!("{BEGIN}{suffix}\n{NOTE}\n{}{END}{suffix}\n", sections.join("\n"));
        text.replace('\n', line_end)
    }
}

impl<'a> Layout<'a> {
    /// Finds the blocks.
    pub(crate) fn of(file: &'a [u8]) -> Result<Self, Malformed> {
        let mut present: Vec<Present> = Vec::new();
        let mut open: Option<Present> = None;
        for line in lines(file) {
            let Line { number, start, bytes } = line;
            let end = start + bytes.len();
            match (marker(bytes), open.take()) {
                (None, None) => {}
                (None, Some(mut block)) => {
                    block.is_ours |= bytes.trim_ascii() == NOTE.as_bytes();
                    open = Some(block);
                }
                (Some(Marker::Begin(key)), None) => {
                    if let Some(first) = present.iter().find(|block| block.key == key) {
                        return Err(Malformed::Doubled { line: number, first: first.line });
                    }
                    // What comes before a block in the very first line is a byte-order mark.
                    let start = if number == 1 { byte_order_mark(file) } else { start };
                    open = Some(Present { key, line: number, range: start..end, is_ours: false });
                }
                (Some(Marker::Begin(_)), Some(block)) => {
                    return Err(Malformed::Nested { line: number, open: block.line });
                }
                (Some(Marker::End(_)), None) => return Err(Malformed::NotBegun { line: number }),
                (Some(Marker::End(key)), Some(block)) if key == block.key => {
                    present.push(Present { range: block.range.start..end, ..block });
                }
                (Some(Marker::End(_)), Some(block)) => {
                    return Err(Malformed::Crossed { line: number, open: block.line });
                }
            }
        }
        match open {
            Some(block) => Err(Malformed::NotEnded { open: block.line }),
            None => Ok(Self { file, present }),
        }
    }

    /// The names of all profiles outside the blocks of these instances.
    pub(crate) fn profiles_outside(&self, instances: &[&InstanceName]) -> HashSet<String> {
        let keys: Vec<String> = instances.iter().map(|instance| key(instance)).collect();
        let replaced: Vec<&Range<usize>> = self
            .present
            .iter()
            .filter(|block| keys.contains(&block.key))
            .map(|block| &block.range)
            .collect();
        lines(self.file)
            .filter(|line| !replaced.iter().any(|range| range.contains(&line.start)))
            .filter_map(|line| section::profile_of_header(&String::from_utf8_lossy(line.bytes)))
            .collect()
    }

    /// The file with these blocks. They replace the blocks of the same instances, or are appended. Empty blocks are
    /// removed.
    pub(crate) fn with(&self, blocks: &[Block<'_>]) -> Vec<u8> {
        let (blocks, empty): (Vec<_>, Vec<_>) =
            blocks.iter().partition(|block| !block.sections.is_empty());
        let line_end = self.line_end();
        let mut new = self.file.to_vec();
        // From the end, so that the positions of earlier blocks stay valid.
        for present in self.present.iter().rev() {
            if empty.iter().any(|block| key(block.instance) == present.key) {
                take_out(&mut new, present);
            }
            let block = blocks.iter().find(|block| key(block.instance) == present.key);
            if let Some(block) = block {
                let before = new.get(..present.range.start).unwrap_or_default();
                let gap = if present.is_ours { "" } else { gap(before, line_end) };
                let text = format!("{gap}{}", block.text(line_end));
                new.splice(present.range.clone(), text.into_bytes());
            }
        }
        for block in blocks {
            if !self.present.iter().any(|present| present.key == key(block.instance)) {
                let text = format!("{}{}", gap(&new, line_end), block.text(line_end));
                new.extend_from_slice(text.as_bytes());
            }
        }
        new
    }

    /// The file without the block of that instance, or without any.
    pub(crate) fn without(&self, instance: Option<&InstanceName>) -> Vec<u8> {
        let key = instance.map(key);
        let mut new = self.file.to_vec();
        for present in self.present.iter().rev() {
            if key.as_ref().is_none_or(|key| *key == present.key) {
                take_out(&mut new, present);
            }
        }
        new
    }

    /// The line break for blocks: that of an existing block, otherwise that of the file's first line.
    fn line_end(&self) -> &'static str {
        let start = self.present.first().map_or(0, |block| block.range.start);
        line_end(self.file.get(start..).unwrap_or_default())
    }
}

/// The line break of the first line.
fn line_end(bytes: &[u8]) -> &'static str {
    match lines(bytes).next() {
        Some(line) if line.bytes.ends_with(b"\r\n") => "\r\n",
        _ => "\n",
    }
}

/// The text before a block: a line break, except at the start of a file.
fn gap<'a>(before: &[u8], line_end: &'a str) -> &'a str {
    if before.len() == byte_order_mark(before) { "" } else { line_end }
}

/// Removes a block, with the line break that was added before it.
fn take_out(new: &mut Vec<u8>, block: &Present) {
    let rest = new.split_off(block.range.end);
    let of_block = line_end(new.get(block.range.start..).unwrap_or_default());
    new.truncate(block.range.start);
    if block.is_ours {
        let line_end = if new.ends_with(of_block.as_bytes()) { of_block } else { "\n" };
        if let Some(shorter) = new.strip_suffix(line_end.as_bytes()) {
            // The block may have been moved: two lines must not become one.
            let ends_here = rest.is_empty() || rest.starts_with(line_end.as_bytes());
            if ends_here || shorter.is_empty() || shorter.ends_with(b"\n") {
                new.truncate(shorter.len());
            }
        }
    }
    new.extend_from_slice(&rest);
}

fn lines(file: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut end = 0;
    file.split_inclusive(|byte| *byte == b'\n').enumerate().map(move |(index, bytes)| {
        let start = end;
        end += bytes.len();
        Line { number: index + 1, start, bytes }
    })
}

fn marker(line: &[u8]) -> Option<Marker> {
    let line = line.get(byte_order_mark(line)..)?.trim_ascii();
    let begin = line.strip_prefix(BEGIN.as_bytes());
    let suffix = begin.or_else(|| line.strip_prefix(END.as_bytes()))?;
    let suffix = std::str::from_utf8(suffix).ok()?;
    let key = match suffix {
        "" => DEFAULT.to_lowercase(),
        suffix => suffix.strip_prefix('_')?.trim().to_lowercase(),
    };
    Some(if begin.is_some() { Marker::Begin(key) } else { Marker::End(key) })
}

/// The key of an instance. Instance names are compared without case.
fn key(instance: &InstanceName) -> String {
    instance.as_str().trim().to_lowercase()
}

fn suffix(instance: &InstanceName) -> String {
    match instance.as_str().eq_ignore_ascii_case(DEFAULT) {
        true => String::new(),
        false => format!("_{}", instance.as_str().trim()),
    }
}

/// The length of the byte-order mark at the start.
fn byte_order_mark(bytes: &[u8]) -> usize {
    if bytes.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 }
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// The markers of the reference, so that its block is replaced and not doubled.
const BEGIN: &str = "# BEGIN_AWS_SSO_CLI";
const END: &str = "# END_AWS_SSO_CLI";
/// The instance whose markers have no suffix.
const DEFAULT: &str = "Default";
/// The line that only our blocks have, not those of the reference.
const NOTE: &str =
    "# Written by aws-sso setup profiles, which replaces everything between these lines.";
