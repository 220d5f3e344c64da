//! The tables of docs/guides/from-*.md: what stands in their right columns is typed.

use std::process::Stdio;

use fakes::{Finished, TestEnv};

use super::commands::{Typed, typed_in};
use super::root;
use crate::chains::sts;
use crate::identity_center::{fake, signed_in};

/// What a person puts in place of a word of the tables.
const WORDS: [(&str, &str); 6] = [
    ("NAME", "Team1Dev:ReadOnlyAccess"),
    ("ID", "1111111"),
    ("ROLE", "ReadOnlyAccess"),
    ("SERVER", "corp"),
    ("COMMAND", "true"),
    ("ARN", "arn:aws:iam::222222222222:role/Ops"),
];

#[test]
fn every_command_of_the_tables_is_taken_as_it_stands_there() {
    let fake = fake();
    let mut world = signed_in(&fake);
    // Nothing but the portal and an STS answers, so what asks something else fails. It must not fail because of what was typed.
    let _asked = sts(&mut world);
    world.set("AWS_ENDPOINT_URL_SIGNIN", "http://127.0.0.1:1");
    world.set("AWS_SSO_ECS_SERVER", "127.0.0.1:1");
    for page in ["from-granted.md", "from-mairu.md", "from-aws-vault.md"] {
        let text = std::fs::read_to_string(root().join("docs/guides").join(page)).unwrap();
        let typed: Vec<Typed> =
            right_column(&text).iter().flat_map(|cell| typed_in(cell)).collect();
        assert!(typed.len() > 8, "{page}: only {} commands", typed.len());
        for typed in typed {
            if let Some(arguments) = arguments(&typed) {
                let finished = run(&world, &arguments);
                let says = |said: &&str| finished.stderr.contains(*said);
                let needs_a_person = ["no role is named", "there is no terminal"].iter().any(says);
                let is_taken = finished.code != Some(2) || needs_a_person;
                assert!(is_taken, "{page}: {typed:?}: {finished:?}");
            }
        }
    }
}

#[test]
fn a_line_that_does_not_work_would_be_found() {
    let table = "| a | b |\n|---|---|\n| `x` | type `aws-sso exec --account NAME`, or \\| this |\n";
    let cells = right_column(table);
    assert_eq!(cells, [" type `aws-sso exec --account NAME`, or \\| this "]);
    let typed = typed_in(&cells[0]);
    let fake = fake();
    let world = signed_in(&fake);
    assert_eq!(run(&world, &arguments(&typed[0]).unwrap()).code, Some(2));
}

/// The right cells of the rows, without the headers.
fn right_column(page: &str) -> Vec<String> {
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.ends_with("| here |"));
    let right = |row: &str| row.trim_end_matches('|').rsplit_once(" |").unwrap().1.to_owned();
    rows.map(right).filter(|cell| cell != " b ").collect()
}

/// The words of a command, with values. `None`: it does not end, or asks a person.
fn arguments(typed: &Typed) -> Option<Vec<String>> {
    let value = |word: &String| {
        let known = WORDS.iter().find(|(placeholder, _)| placeholder == word);
        known.map_or_else(|| word.clone(), |(_, value)| (*value).to_owned())
    };
    let arguments: Vec<String> = typed.words.iter().map(value).collect();
    let first: Vec<&str> = arguments.iter().take(2).map(String::as_str).collect();
    let is_left_out = match first.as_slice() {
        // Without a command a shell is started; it reads nothing, and ends.
        [] => true,
        ["ecs", "run"] => true,
        ["ecs", "status"] => arguments.iter().any(|word| word == "--watch"),
        // These stand for a file of the reader's own.
        ["ecs", "audit"] => true,
        _ => false,
    };
    (!is_left_out).then_some(arguments)
}

fn run(world: &TestEnv, arguments: &[String]) -> Finished {
    let mut command = world.command(world.binary());
    Finished::from(command.args(arguments).stdin(Stdio::null()).output().unwrap())
}
