//! The findings about verdicts: one for all SDKs that do the same.

use super::*;
use crate::programs::aws_profile::Win;
use crate::programs::exports::FULL_URI;

fn findings(pairs: &[(&str, &str)], default: &[&'static str]) -> Vec<Finding> {
    let variables = Variables::read(|name| {
        let pair = pairs.iter().find(|(variable, _)| *variable == name)?;
        Some(pair.1.to_owned())
    });
    let win = |key: &&'static str| Win { key, file: "/h/c".into(), variable: "AWS_CONFIG_FILE" };
    let profile = AwsProfile { exists: true, wins: default.iter().map(win).collect() };
    let profiles = BTreeMap::from([("default".to_owned(), profile)]);
    let verdicts = sdks::verdicts(&Environment { variables: &variables, profiles: &profiles });
    let wanted = Wanted { slot: None, server: None, token_file: None };
    explain(&Situation::new(variables, wanted), &verdicts)
}

#[test]
fn sdks_that_do_the_same_share_a_line() {
    let uri = (FULL_URI, "http://127.0.0.1:4144/creds");
    let disabled = (METADATA_DISABLED, "true");
    let found = findings(&[uri, disabled], &[]);
    assert_eq!(found.len(), 1);
    assert!(found[0].finding == "every SDK: the server", "{found:?}");
    assert_eq!((found[0].level, &found[0].solution), (Level::Ok, &None));
    let levels = |found: &[Finding]| found.iter().map(|f| f.level).collect::<Vec<_>>();
    // Three groups: those that stop at it, those that go on, and the one that doesn't see it.
    let found = findings(&[uri, disabled], &["role_arn"]);
    assert_eq!(levels(&found), [Level::Problem, Level::Warning, Level::Ok], "{found:?}");
}

#[test]
fn without_the_uri_other_sources_are_no_problem() {
    let found = findings(&[("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x")], &[]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].level, Level::Ok);
}

#[test]
fn the_role_of_the_machine_is_warned_of_where_the_server_is_wanted() {
    let found = findings(&[(FULL_URI, "http://127.0.0.1:4144/creds")], &[]);
    assert_eq!(found[1].level, Level::Warning);
    assert!(found[1].finding.contains(METADATA_DISABLED));
}
