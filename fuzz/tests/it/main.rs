//! What each target was fed before, once more and without the fuzzer: `corpus/TARGET/` holds what it starts from and what
//! it once broke on.
#![expect(clippy::disallowed_methods, reason = "tests read files of their own")]
#![expect(clippy::unwrap_used, reason = "a test's own failures may be loud")]

use std::collections::BTreeSet;
use std::path::Path;

type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 5] = [
    ("aws_config", config::fuzzing::aws_config),
    ("config_yaml", config::fuzzing::config_yaml),
    ("path", server::fuzzing::path),
    ("token", server::fuzzing::token),
    ("upload", server::fuzzing::upload),
];

#[test]
fn every_target_takes_its_whole_corpus() {
    for (target, run) in TARGETS {
        let corpus = files(&format!("corpus/{target}"));
        assert!(!corpus.is_empty(), "{target} has no corpus");
        for path in corpus {
            // Shown only if the next line panics.
            println!("{}", path.display());
            run(&std::fs::read(path).unwrap());
        }
    }
}

#[test]
fn every_target_is_run_here() {
    let there = files("fuzz_targets").into_iter();
    let there: BTreeSet<_> = there.map(|path| path.file_stem().unwrap().to_owned()).collect();
    assert_eq!(there, TARGETS.map(|(target, _)| target.into()).into());
}

fn files(folder: &str) -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}
