//! Splits one file into sections, keys and values by the rules of Python's `configparser`, which botocore reads with. What
//! botocore refuses is noted as a fault, and reading goes on: a fault costs its line only.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

/// A file, as far as it can be read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ini {
    /// The sections, in the order of the file. A repeated one is merged with the first.
    pub sections: Vec<Section>,
    /// What botocore refuses, in the order of the file.
    pub faults: Vec<Fault>,
}

/// A section: `[header]` and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The text between the brackets.
    pub header: String,
    /// The number of its line, from 1.
    pub line: usize,
    /// Its entries. A repeated key has its last value.
    pub entries: Vec<Entry>,
}

/// A key and its value, which may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key in lower case.
    pub key: String,
    /// The value, without white space around it. Continuation lines follow after line breaks. botocore knows no comments
    /// behind a value: they are part of it.
    pub value: String,
    /// The number of its first line, from 1.
    pub line: usize,
}

/// Why botocore refuses a file, and so do the AWS CLI and boto3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub kind: FaultKind,
}

/// The kinds of [`Fault`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A section whose header is on an earlier line too.
    RepeatedSection {
        /// The header.
        header: String,
        /// The earlier line.
        first: usize,
    },
    /// A key that the section has on an earlier line too.
    RepeatedKey {
        /// The key.
        key: String,
        /// The earlier line.
        first: usize,
    },
    /// The line is before the first section.
    BeforeSections,
    /// The line is neither a section nor a key with a value.
    NoKey,
    /// A line of an indented block is not `key = value`.
    NoNestedKey,
    /// The file starts with a byte-order mark.
    ByteOrderMark,
    /// The line is not UTF-8.
    NotUtf8,
}

impl Ini {
    /// Reads the content of a file.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut ini = Self::default();
        let without_mark = bytes.strip_prefix(BYTE_ORDER_MARK);
        if without_mark.is_some() {
            ini.faults.push(Fault { line: 1, kind: FaultKind::ByteOrderMark });
        }
        let bytes = without_mark.unwrap_or(bytes);
        let text = with_unix_lines(String::from_utf8_lossy(bytes));
        if let Err(error) = std::str::from_utf8(bytes) {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let before = with_unix_lines(String::from_utf8_lossy(valid));
            let line = before.split('\n').count();
            ini.faults.push(Fault { line, kind: FaultKind::NotUtf8 });
        }
        let mut reader = Reader { ini, ..Reader::default() };
        for (number, line) in text.split('\n').enumerate() {
            reader.line(number + 1, line);
        }
        reader.finish()
    }
}

impl Entry {
    /// The keys of an indented block below the key: `s3 =` with `addressing_style = path` below it. `None` if the value
    /// starts on the line of the key.
    pub fn nested(&self) -> Option<Vec<(&str, &str)>> {
        let block = self.value.strip_prefix('\n')?;
        let pairs = block.split('\n').filter_map(|line| line.split_once('='));
        Some(pairs.map(|(key, value)| (trim(key), trim(value))).collect())
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("key", &self.key)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

/// The state between two lines.
#[derive(Default)]
struct Reader {
    ini: Ini,
    /// The indices of the sections by their headers.
    sections: HashMap<String, usize>,
    /// The indices of the keys of the current section, if it has many.
    keys: HashMap<String, usize>,
    section: Option<usize>,
    /// The entry that more deeply indented lines continue.
    entry: Option<usize>,
    indent: usize,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) {
        let text = trim(line);
        if text.is_empty() {
            self.continue_value("");
            return;
        }
        if text.starts_with(['#', ';']) {
            return;
        }
        let indent = line.chars().take_while(|c| is_space(*c)).count();
        if self.entry.is_some() && indent > self.indent {
            self.continue_value(text);
            if !text.contains('=') && self.is_nested() {
                self.fault(number, FaultKind::NoNestedKey);
            }
            return;
        }
        self.indent = indent;
        match (header(text), text.find(['=', ':'])) {
            (Some(header), _) => self.start_section(number, header),
            (None, _) if self.section.is_none() => self.fault(number, FaultKind::BeforeSections),
            (None, Some(at)) => {
                let (key, value) = text.split_at(at);
                self.start_entry(number, trim(key), trim(value.get(1..).unwrap_or_default()));
            }
            (None, None) => self.fault(number, FaultKind::NoKey),
        }
    }

    fn start_section(&mut self, number: usize, header: &str) {
        self.entry = None;
        if let Some(known) = self.sections.get(header).copied() {
            let known_section = self.ini.sections.get(known);
            let first = known_section.map_or(number, |section| section.line);
            self.fault(number, FaultKind::RepeatedSection { header: header.to_owned(), first });
            self.keys.clear();
            self.section = Some(known);
            return;
        }
        self.keys.clear();
        self.section = Some(self.ini.sections.len());
        self.sections.insert(header.to_owned(), self.ini.sections.len());
        let section = Section { header: header.to_owned(), line: number, entries: Vec::new() };
        self.ini.sections.push(section);
    }

    fn start_entry(&mut self, number: usize, key: &str, value: &str) {
        // botocore refuses such a line, and continues no value with the next one.
        if key.is_empty() {
            self.entry = None;
            return self.fault(number, FaultKind::NoKey);
        }
        let key = key.to_lowercase();
        let Some(section) = self.section.and_then(|at| self.ini.sections.get_mut(at)) else {
            return;
        };
        let known = position(&section.entries, &key, &mut self.keys);
        let entry = Entry { key, value: value.to_owned(), line: number };
        self.entry = Some(known.unwrap_or(section.entries.len()));
        match known.and_then(|known| section.entries.get_mut(known)) {
            None => section.entries.push(entry),
            Some(known) => {
                let (key, first) = (entry.key.clone(), known.line);
                *known = entry;
                self.fault(number, FaultKind::RepeatedKey { key, first });
            }
        }
    }

    fn continue_value(&mut self, text: &str) {
        if let Some(entry) = self.current_entry() {
            entry.value.push('\n');
            entry.value.push_str(text);
        }
    }

    fn is_nested(&mut self) -> bool {
        self.current_entry().is_some_and(|entry| entry.value.starts_with('\n'))
    }

    fn current_entry(&mut self) -> Option<&mut Entry> {
        self.ini.sections.get_mut(self.section?)?.entries.get_mut(self.entry?)
    }

    fn fault(&mut self, line: usize, kind: FaultKind) {
        self.ini.faults.push(Fault { line, kind });
    }

    /// Removes the empty lines after each value.
    fn finish(self) -> Ini {
        let mut ini = self.ini;
        let entries = ini.sections.iter_mut().flat_map(|section| &mut section.entries);
        for entry in entries {
            entry.value.truncate(entry.value.trim_end_matches(is_space).len());
        }
        ini
    }
}

/// The index of a key among the entries. Most sections have a few; for others, `index` grows with them.
fn position(entries: &[Entry], key: &str, index: &mut HashMap<String, usize>) -> Option<usize> {
    if entries.len() <= FEW_ENTRIES {
        return entries.iter().position(|entry| entry.key == key);
    }
    let new = entries.iter().enumerate().skip(index.len());
    index.extend(new.map(|(at, entry)| (entry.key.clone(), at)));
    index.get(key).copied()
}

const FEW_ENTRIES: usize = 32;

/// The text between the first bracket, at the start of the line, and the last one. Text may follow.
fn header(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('[')?;
    rest.get(..rest.rfind(']')?).filter(|header| !header.is_empty())
}

/// The text with the line ends of Unix. Those of Windows and of old Macs are replaced.
fn with_unix_lines(text: Cow<'_, str>) -> Cow<'_, str> {
    match text.contains('\r') {
        true => text.replace("\r\n", "\n").replace('\r', "\n").into(),
        false => text,
    }
}

fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// White space as Python knows it.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
