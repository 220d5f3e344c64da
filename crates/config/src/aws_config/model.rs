//! A plain model of how botocore splits a file, to compare our reader with: no line numbers, no merging, only dictionaries. For
//! tests and for the fuzz target alone.

use std::collections::BTreeMap;

use super::ini::Ini;

type Sections = BTreeMap<String, BTreeMap<String, String>>;

/// Reads a file in both ways.
///
/// # Panics
/// They differ, in what they read or in whether botocore would refuse the file.
pub fn compare(bytes: &[u8]) {
    let ini = Ini::parse(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        assert!(!ini.faults.is_empty(), "a file that is not UTF-8 is refused");
        return;
    };
    if text.starts_with('\u{feff}') {
        assert!(!ini.faults.is_empty(), "a byte-order mark is refused");
        return;
    }
    let sections = ini.sections.iter().map(|section| {
        let entries = section.entries.iter().map(|entry| (entry.key.clone(), entry.value.clone()));
        (section.header.clone(), entries.collect())
    });
    let (is_refused, expected) = read(text);
    assert_eq!(sections.collect::<Sections>(), expected, "{text:?}");
    assert_eq!(!ini.faults.is_empty(), is_refused, "{text:?}");
}

fn read(text: &str) -> (bool, Sections) {
    let mut sections = Sections::new();
    let mut is_refused = false;
    let mut section: Option<String> = None;
    let mut key: Option<String> = None;
    let mut indent = 0;
    for line in text.replace("\r\n", "\n").replace('\r', "\n").split('\n') {
        let is_space = |c: char| c.is_whitespace() || "\u{1c}\u{1d}\u{1e}\u{1f}".contains(c);
        let content = line.trim_matches(is_space);
        let place = |sections: &'_ mut Sections, value: &str| {
            let values = sections.get_mut(section.as_deref()?)?.get_mut(key.as_deref()?)?;
            values.push('\n');
            values.push_str(value);
            Some(values.starts_with('\n'))
        };
        if content.starts_with('#') || content.starts_with(';') {
            continue;
        }
        if content.is_empty() {
            place(&mut sections, "");
            continue;
        }
        let here = line.chars().position(|c| !is_space(c)).unwrap_or_default();
        if key.is_some() && here > indent {
            is_refused |= place(&mut sections, content) == Some(true) && !content.contains('=');
            continue;
        }
        indent = here;
        let closed = content.rfind(']').filter(|end| content.starts_with('[') && *end > 1);
        if let Some(end) = closed {
            let header: String = content.chars().skip(1).collect();
            let header = header.get(..end - 1).unwrap_or_default().to_owned();
            is_refused |= sections.contains_key(&header);
            sections.entry(header.clone()).or_default();
            (section, key) = (Some(header), None);
            continue;
        }
        let delimiter = content.split_once(['=', ':']);
        let (Some(of), Some((name, value))) = (&section, delimiter) else {
            is_refused = true;
            continue;
        };
        let name = name.trim_matches(is_space).to_lowercase();
        if name.is_empty() {
            (is_refused, key) = (true, None);
            continue;
        }
        let values = sections.entry(of.clone()).or_default();
        let value = value.trim_matches(is_space).to_owned();
        is_refused |= values.insert(name.clone(), value).is_some();
        key = Some(name);
    }
    for value in sections.values_mut().flat_map(BTreeMap::values_mut) {
        let is_space = |c: char| c.is_whitespace() || "\u{1c}\u{1d}\u{1e}\u{1f}".contains(c);
        *value = value.trim_end_matches(is_space).to_owned();
    }
    (is_refused, sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All texts of up to six of these characters, also in a section.
    #[test]
    fn the_reader_and_the_model_agree_on_all_short_files() {
        const CHARACTERS: [char; 8] = ['[', ']', 'a', '=', ':', '\n', ' ', '#'];
        let mut texts = vec!["[a]\n".to_owned(), String::new()];
        for _ in 0..6 {
            let longer = |text: &String| CHARACTERS.map(|character| format!("{text}{character}"));
            texts = texts.iter().flat_map(longer).collect();
            texts.iter().for_each(|text| compare(text.as_bytes()));
        }
    }
}
