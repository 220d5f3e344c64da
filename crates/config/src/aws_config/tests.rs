//! The corpus of odd files, in `tests/corpus/aws_config`: each folder has what botocore reads there, and what we tell of it. The
//! suite `conformance` checks the first against botocore itself.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::*;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/aws_config");

fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<_> =
        fs::read_dir(CORPUS).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

fn read(folder: &Path) -> AwsConfig {
    let contents =
        ["config", "credentials"].map(|file| fs::read(folder.join(file)).unwrap_or_default());
    AwsConfig::of(["config".into(), "credentials".into()], &contents)
}

/// Blocks in the form of botocore: a dictionary for each, with one more for an indented block.
fn dictionary(blocks: &BTreeMap<String, Block>) -> Value {
    let value = |entry: &Entry| match entry.nested() {
        Some(nested) => nested.into_iter().map(|(k, v)| (k.to_owned(), json!(v))).collect(),
        None => json!(entry.value),
    };
    let of = |block: &Block| -> Map<String, Value> {
        block.settings().map(|entry| (entry.key.clone(), value(entry))).collect()
    };
    blocks.iter().map(|(name, block)| (name.clone(), Value::Object(of(block)))).collect()
}

fn all(config: &AwsConfig) -> Value {
    json!({
        "profiles": dictionary(&config.profiles),
        "sso_sessions": dictionary(&config.sso_sessions),
        "services": dictionary(&config.services),
    })
}

#[test]
fn odd_files_are_read_as_botocore_reads_them() {
    for folder in folders() {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let config = read(&folder);
        let told: Vec<String> = config.oddities().iter().map(ToString::to_string).collect();
        let is_refused = config.oddities().iter().any(Oddity::is_refused);
        let ours = all(&config);
        let file = folder.join("expected.json");
        if std::env::var_os("UPDATE").is_some() {
            let mut new = json!({ "botocore": "refused", "told": told, "ours": ours });
            if !is_refused {
                new = json!({ "botocore": ours, "told": told });
            }
            fs::write(&file, format!("{new:#}\n")).unwrap();
        }
        let expected: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        assert_eq!(json!(told), expected["told"], "{name}");
        match is_refused {
            true => assert_eq!(
                (&json!("refused"), &ours),
                (&expected["botocore"], &expected["ours"]),
                "{name}"
            ),
            false => assert_eq!(ours, expected["botocore"], "{name}"),
        }
    }
}

#[test]
fn the_reader_and_the_model_agree_on_odd_files() {
    for folder in folders() {
        for file in ["config", "credentials"] {
            model::compare(&fs::read(folder.join(file)).unwrap_or_default());
        }
    }
}

#[test]
fn a_repeated_key_is_found_among_many() {
    let keys = (0..100).map(|number| format!("key{number} = {number}\n"));
    let text = format!("[a]\n{}KEY7 = again\nkey99 = again\n", keys.collect::<String>());
    model::compare(text.as_bytes());
    model::compare(format!("{text}[b]\nkey7 = x\n[a]\nkey50 = again\n").as_bytes());
    let repeated = |key: &str, line, first| Fault {
        line,
        kind: FaultKind::RepeatedKey { key: key.to_owned(), first },
    };
    let ini = Ini::parse(text.as_bytes());
    assert_eq!(ini.faults, [repeated("key7", 102, 9), repeated("key99", 103, 101)]);
}

#[test]
fn secrets_are_not_in_debug_output() {
    for folder in folders() {
        assert!(!format!("{:?}", read(&folder)).contains("CANARY"), "{}", folder.display());
    }
}
