//! Each promise of SECURITY.md names tests, and those tests exist and run.

use crate::architecture::TREE;
use crate::architecture::source::{self, Source};

#[test]
fn every_test_that_a_promise_names_exists_and_runs() {
    let page = std::fs::read_to_string(source::root().join("SECURITY.md")).unwrap();
    let promises = page.split("\n## ").find(|section| section.starts_with("Promises")).unwrap();
    let mut wrong = Vec::new();
    let mut checked = 0;
    for (number, promise) in promises.split("\n\n").flat_map(numbered) {
        let named = named_in(promise);
        checked += named.len();
        if named.is_empty() {
            wrong.push(format!("promise {number} names no test"));
        }
        wrong.extend(
            named
                .iter()
                .filter_map(|name| Some(format!("promise {number}: {}", name.fault(&TREE)?))),
        );
    }
    assert!(wrong.is_empty(), "SECURITY.md is wrong:\n{}", wrong.join("\n"));
    assert!(checked > 90, "only {checked} tests were found: are all promises read?");
}

#[test]
fn a_promise_without_a_running_test_is_found() {
    let source = Source::new(
        "crates/x/src/lib.rs".to_owned(),
        "fn not_a_test() {}\n#[test]\nfn it_is() {}\n#[test]\n#[ignore = \"slow\"]\nfn it_is_slow() {}\n\
         #[tokio::test(start_paused = true)]\nasync fn it_waits() {}\n",
    );
    let faults = |text| -> Vec<_> {
        let faults =
            named_in(text).into_iter().map(|name| name.fault(std::slice::from_ref(&source)));
        faults.flatten().collect()
    };
    assert_eq!(faults("holds: `it_is`, `it_waits`; and all of `x`. With `--it_is_not`"), [""; 0]);
    let none = faults("`not_a_test`, `it_is_slow`, `it_is_not`, and all of `nothing`");
    let [helper, ignored, missing, module] = none.as_slice() else { panic!("{none:?}") };
    assert!(helper.contains("0 tests") && missing.contains("0 tests"), "{none:?}");
    assert!(ignored.contains("is ignored") && module.contains("no tests"), "{none:?}");
}

/// The numbered promises of a list.
fn numbered(list: &str) -> impl Iterator<Item = (usize, &str)> {
    list.match_indices(". ").filter_map(move |(end, _)| {
        let start = list[..end].rfind('\n').map_or(0, |at| at + 1);
        let number = list[start..end].parse().ok()?;
        let next = list[end..].find(&format!("\n{}. ", number + 1));
        Some((number, &list[end..next.map_or(list.len(), |next| end + next)]))
    })
}

/// A test or a module that a promise names.
enum Named<'a> {
    Test(&'a str),
    /// All tests of a module.
    All(&'a str),
}

fn named_in(promise: &str) -> Vec<Named<'_>> {
    let parts: Vec<&str> = promise.split('`').collect();
    let pairs = parts.iter().zip(parts.iter().skip(1)).step_by(2);
    pairs
        .filter_map(|(before, name)| {
            let is_name = name
                .chars()
                .all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_');
            match before.split_whitespace().collect::<Vec<_>>().ends_with(&["all", "of"]) {
                true => Some(Named::All(name)),
                false => (is_name && name.contains('_')).then_some(Named::Test(name)),
            }
        })
        .collect()
}

impl Named<'_> {
    fn fault(&self, sources: &[Source]) -> Option<String> {
        match self {
            Self::All(module) => {
                let is_in = |path: &str| path.split(['/', '.']).any(|part| part == *module);
                let has_tests = sources
                    .iter()
                    .any(|source| is_in(&source.path) && source.code.contains("test]\n"));
                (!has_tests).then(|| format!("there are no tests in `{module}`"))
            }
            Self::Test(name) => {
                let attributes: Vec<_> =
                    sources.iter().flat_map(|source| attributes_of(name, &source.code)).collect();
                let tests = attributes.iter().filter(|attributes| {
                    attributes.contains("test]") || attributes.contains("test(")
                });
                match tests.collect::<Vec<_>>().as_slice() {
                    [one] if one.contains("#[ignore") => Some(format!("`{name}` is ignored")),
                    [_] => None,
                    several => Some(format!("there are {} tests `{name}`", several.len())),
                }
            }
        }
    }
}

/// The text before each function of this name, from the end of the item before it.
fn attributes_of<'a>(name: &str, code: &'a str) -> impl Iterator<Item = &'a str> {
    let heads =
        code.match_indices(&format!("fn {name}(")).map(|(at, _)| &code[..at]).collect::<Vec<_>>();
    heads.into_iter().map(|head| head.rsplit(['}', ';']).next().unwrap_or_default())
}
