//! Tokens that are right, and each way in which one is wrong.

use fakes::TestEnv;

use super::{TOKEN, TOKEN_FILE, assert_healthy, found, healthy, set_mode, take_over};

/// A token in a file, which SDKs are told of.
fn with_token(world: &mut TestEnv, arguments: &[&str]) -> String {
    let file = world.home().join("token").to_str().unwrap().to_owned();
    let create = [&["ecs", "token", "create", "--file", &file], arguments].concat();
    let made = world.run(&create);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    world.set(TOKEN_FILE, &file);
    file
}

#[test]
fn a_token_that_is_right_is_said_to_be() {
    let (mut world, _server) = healthy();
    with_token(&mut world, &["--default-slot"]);
    assert_healthy(&world);
    let shown = world.run(&["doctor"]).stdout;
    assert!(shown.contains(" is for the default slot, for "), "{shown}");
}

#[test]
fn doctor_reports_every_token_error_and_a_new_token_solves_it() {
    let spoilt = |spoil: fn(&TestEnv, &str)| {
        move |world: &mut TestEnv| {
            let file = with_token(world, &["--default-slot"]);
            spoil(world, &file);
        }
    };
    type Spoil = Box<dyn Fn(&mut TestEnv)>;
    let cases: [(Spoil, &str, &str); 8] = [
        (
            Box::new(spoilt(|_, file| append(file, "\n"))),
            "problem",
            "line break in it: refused by boto3, AWS CLI, ",
        ),
        (Box::new(spoilt(|_, file| std::fs::write(file, "").unwrap())), "problem", "is empty"),
        (
            Box::new(spoilt(|_, file| std::fs::remove_file(file).unwrap())),
            "problem",
            "is not there",
        ),
        (
            Box::new(spoilt(|_, file| set_mode(file, 0o644))),
            "warning",
            "can be read or written by other users",
        ),
        (
            Box::new(spoilt(|_, file| std::fs::write(file, "awssso_QUJD").unwrap())),
            "problem",
            "none that was made here",
        ),
        (
            Box::new(spoilt(|_, file| std::fs::write(file, "x").unwrap())),
            "problem",
            "none of aws-sso",
        ),
        (
            Box::new(|world| drop(with_token(world, &["--admin"]))),
            "warning",
            "may load and unload too",
        ),
        (
            Box::new(|world| drop(with_token(world, &["--slot", "x"]))),
            "problem",
            "is for the slot `x`",
        ),
    ];
    for (spoil, level, said) in cases {
        let (mut world, _server) = healthy();
        spoil(&mut world);
        let mend = found(&world, level, said);
        let file = world.home().join("token");
        let make = format!("aws-sso ecs token create --default-slot --file {}", file.display());
        assert_eq!(mend, make, "{said}");
        take_over(&mut world, &mend);
        assert_healthy(&world);
    }
}

#[test]
fn a_token_that_was_revoked_and_a_file_variable_that_is_empty_are_told() {
    let (mut world, _server) = healthy();
    with_token(&mut world, &["--default-slot"]);
    assert_eq!(world.run(&["ecs", "token", "revoke", "--all"]).code, Some(0));
    found(&world, "problem", " was revoked");
    world.set(TOKEN_FILE, "");
    let mend = found(&world, "problem", "is set to nothing");
    take_over(&mut world, &mend);
    assert_healthy(&world);
    world.set(TOKEN, "CANARY-not-ours");
    let mend = found(&world, "problem", "none of aws-sso");
    take_over(&mut world, &mend);
    assert_healthy(&world);
}

fn append(file: &str, text: &str) {
    let before = std::fs::read_to_string(file).unwrap();
    std::fs::write(file, before + text).unwrap();
}
