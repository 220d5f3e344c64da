//! Our reader of the AWS config against botocore's, over the corpus of odd files.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::sdks;

const CORPUS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/config/tests/corpus/aws_config");

/// The unit test of the crate `config` compares what we read with the same file.
#[test]
fn botocore_reads_in_odd_files_what_the_corpus_says() {
    let driver = concat!(env!("CARGO_MANIFEST_DIR"), "/drivers/aws_config.py");
    let output = Command::new(sdks().join("bin/python")).args([driver, CORPUS]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: BTreeMap<String, Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert!(read.len() >= 60, "{} files", read.len());
    for (name, of_botocore) in read {
        let expected = fs::read(format!("{CORPUS}/{name}/expected.json")).unwrap();
        let expected: Value = serde_json::from_slice(&expected).unwrap();
        assert_eq!(of_botocore, expected["botocore"], "{name}");
    }
}
