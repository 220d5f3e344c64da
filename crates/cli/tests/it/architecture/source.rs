//! The Rust sources of the tree, without comments, texts and, where they are asked about, tests.

use std::path::{Path, PathBuf};

/// One file.
pub(crate) struct Source {
    /// From the root of the tree.
    pub(crate) path: String,
    /// Line for line as in the file, comments and texts taken out.
    pub(crate) code: String,
    /// The same without tests; empty for a file of tests.
    pub(crate) shipped: String,
}

/// All of them.
pub(crate) fn all() -> Vec<Source> {
    let mut sources = Vec::new();
    for folder in ["crates", "conformance", "bench", "fuzz"] {
        read(&root().join(folder), &mut sources);
    }
    let tests: Vec<String> = sources.iter().flat_map(Source::test_modules).collect();
    let is_test = |path: &str| {
        path.contains("/tests/")
            || tests.iter().any(|module| {
                path.strip_prefix(module).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
            })
    };
    for source in sources.iter_mut().filter(|source| is_test(&source.path)) {
        source.shipped.clear();
    }
    sources
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(folder: &Path, sources: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            read(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root()).unwrap().to_str().unwrap();
            sources.push(Source::new(path.to_owned(), &text));
        }
    }
}

impl Source {
    pub(crate) fn new(path: String, text: &str) -> Self {
        let code = without_comments_and_texts(text);
        let shipped = code[..start_of_tests(&code)].to_owned();
        Self { path, code, shipped }
    }

    /// Each place where the shipped code has this text, by its line.
    pub(crate) fn shipped_lines_with(&self, text: &str) -> impl Iterator<Item = usize> {
        let numbered = self.shipped.lines().enumerate();
        numbered.filter(move |(_, line)| line.contains(text)).map(|(index, _)| index + 1)
    }

    /// Where its modules are, from the root of the tree and without `.rs`.
    pub(crate) fn folder(&self) -> &str {
        let file = self.path.strip_suffix(".rs").unwrap();
        file.strip_suffix("/lib").or(file.strip_suffix("/main")).unwrap_or(file)
    }

    /// The modules that are files of their own and compiled for tests alone.
    fn test_modules(&self) -> impl Iterator<Item = String> {
        self.code.split(TEST).skip(1).filter_map(|rest| {
            let name = module_after_attributes(rest)?.split_once(';')?.0;
            (!name.contains('{')).then(|| format!("{}/{name}", self.folder()))
        })
    }
}

const TEST: &str = "#[cfg(test)]";

/// Tests stand at the bottom of a file.
fn start_of_tests(code: &str) -> usize {
    let tests = code.match_indices(TEST).find(|(at, _)| {
        let module = module_after_attributes(&code[at + TEST.len()..]);
        module.is_some_and(|module| module.split_whitespace().nth(1) == Some("{"))
    });
    tests.map_or(code.len(), |(at, _)| at)
}

fn module_after_attributes(mut code: &str) -> Option<&str> {
    while let Some(attribute) = code.trim_start().strip_prefix("#[") {
        code = attribute.split_once("]\n")?.1;
    }
    code.trim_start().strip_prefix("mod ")
}

fn without_comments_and_texts(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = length_to_skip(rest, code.chars().next_back());
        if length == 0 {
            code.push(first);
        }
        code.extend(rest[..length].chars().filter(|&char| char == '\n'));
        rest = &rest[length.max(first.len_utf8())..];
    }
    code
}

/// How long the comment or the text is that begins here.
fn length_to_skip(rest: &str, before: Option<char>) -> usize {
    let until = |start: usize, end: &str| {
        rest[start..].find(end).map_or(rest.len(), |at| start + at + end.len())
    };
    let is_in_word = before.is_some_and(|char| char.is_alphanumeric() || char == '_');
    if rest.starts_with("//") {
        return until(0, "\n") - 1;
    } else if rest.starts_with("/*") {
        return until(0, "*/");
    } else if let Some(raw) = rest.strip_prefix('r').filter(|_| !is_in_word || before == Some('b'))
    {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            return until(hashes + 2, &format!("\"{}", "#".repeat(hashes)));
        }
    } else if rest.starts_with('"') {
        return text_length(rest, '"');
    } else if rest.starts_with("'\\") || rest.chars().nth(2) == Some('\'') && rest.starts_with('\'')
    {
        return text_length(rest, '\'');
    }
    0
}

fn text_length(rest: &str, end: char) -> usize {
    let mut escaped = false;
    for (at, char) in rest.char_indices().skip(1) {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if char == end => return at + 1,
            _ => {}
        }
    }
    rest.len()
}
