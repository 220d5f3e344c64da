//! The model as a table. (conformance/tests/it/doctor.rs compares it with the SDKs.)

use super::*;
use crate::programs::aws_profile::Win;

const URI: (&str, &str) = (FULL_URI, "http://127.0.0.1:4144/creds");
const KEYS: [(&str, &str); 2] = [(ACCESS_KEY_ID, "AKIA"), (SECRET_ACCESS_KEY, "CANARY")];

fn environment(pairs: &[(&str, &str)]) -> Variables {
    Variables::read(|name| {
        let pair = pairs.iter().find(|(variable, _)| *variable == name)?;
        Some(pair.1.to_owned())
    })
}

fn profile(keys: &[&'static str]) -> AwsProfile {
    let win = |key: &&'static str| Win { key, file: "/c".into(), variable: "AWS_CONFIG_FILE" };
    AwsProfile { exists: true, wins: keys.iter().map(win).collect() }
}

/// Whether each SDK asks the server, in the order of the table: Y yes, n no, i if another source fails.
fn asks(pairs: &[(&str, &str)], profiles: &[(&str, AwsProfile)]) -> String {
    let variables = environment(pairs);
    let profiles = profiles.iter().map(|(name, profile)| ((*name).to_owned(), profile.clone()));
    let profiles = profiles.collect();
    let verdicts = verdicts(&Environment { variables: &variables, profiles: &profiles });
    let letter = |verdict: &Verdict| match verdict.asks_server {
        AsksServer::Yes => 'Y',
        AsksServer::No => 'n',
        AsksServer::IfThatFails => 'i',
    };
    verdicts.iter().map(letter).collect()
}

#[test]
fn what_comes_before_the_server_depends_on_the_sdk() {
    let named = |name| [URI, ("AWS_PROFILE", name)];
    let web_identity = [URI, (WEB_IDENTITY, "/t"), (ROLE_ARN, "arn")];
    let none = || profile(&[]);
    // In the order of the table:                       boto3, Go, Java, JavaScript, Rust, C++, CRT, Ruby, .NET, PHP
    for (pairs, profiles, asked) in [
        (&[URI][..], vec![], "YYYYYYYYYY"),
        (&[], vec![], "nnnnnnnnnn"),
        (&[KEYS[0], KEYS[1], URI], vec![], "nnnnnnnnnn"),
        (&[KEYS[0], URI], vec![], "nYYYYYYYYY"),
        (&[(ACCESS_KEY_ID, ""), (SECRET_ACCESS_KEY, ""), URI], vec![], "YYYYYYYYYY"),
        (&[URI], vec![("default", none())], "YYYYYYYYYY"),
        (&[URI], vec![("default", profile(&["aws_access_key_id"]))], "nnnnnnnnnn"),
        (&[URI], vec![("default", profile(&["credential_process"]))], "nniiniinni"),
        (&[URI], vec![("default", profile(&["role_arn"]))], "nninnYinni"),
        (&named("other"), vec![("other", none())], "YYYYYYYYYY"),
        (&named("other"), vec![("other", profile(&["aws_access_key_id"]))], "nnnnnnnnnn"),
        (&named("missing"), vec![("default", profile(&["aws_access_key_id"]))], "nnYYYYYYnY"),
        (&named(""), vec![], "nYYYYYYYYY"),
        (&web_identity, vec![], "nninniinni"),
        (&[URI, (WEB_IDENTITY, "/t")], vec![], "nnYYYYYYYY"),
        (&[URI, (RELATIVE_URI, "/x")], vec![], "nnnnnnnnnn"),
        (&[URI, (RELATIVE_URI, "")], vec![], "nYnYnYYnYY"),
        (&[(FULL_URI, "http://localhost:4144/creds")], vec![], "YYYYYYYYYY"),
        (&[(FULL_URI, "http://dev.example:4144/creds")], vec![], "nYYnYYYYnY"),
        (&[(FULL_URI, "https://dev.example:4144/creds")], vec![], "YYYYYYYYYY"),
        (&[(FULL_URI, "http://192.0.2.1:4144/creds")], vec![], "nnnnnnnnnn"),
    ] {
        assert_eq!(asks(pairs, &profiles), asked, "{pairs:?} {profiles:?}");
    }
}

#[test]
fn javascript_takes_a_profile_that_is_named_before_keys() {
    let pairs = [KEYS[0], KEYS[1], URI, ("AWS_PROFILE", "other")];
    let variables = environment(&pairs);
    let profiles = BTreeMap::from([("other".to_owned(), profile(&["sso_session"]))]);
    let verdicts = verdicts(&Environment { variables: &variables, profiles: &profiles });
    let takes = |sdk: &str| verdicts.iter().find(|verdict| verdict.sdk == sdk).unwrap().takes;
    assert_eq!(takes("SDK for JavaScript v3"), Takes::Profile);
    assert_eq!(takes("SDK for Rust"), Takes::Keys);
}

#[test]
fn which_of_the_two_names_of_a_profile_counts_depends_on_the_sdk() {
    let pairs = [URI, ("AWS_PROFILE", "none"), ("AWS_DEFAULT_PROFILE", "keys")];
    let profiles = [("none", profile(&[])), ("keys", profile(&["aws_access_key_id"]))];
    assert_eq!(asks(&pairs, &profiles), "nYYYYnYYYY");
}

#[test]
fn no_secret_is_in_a_verdict() {
    let variables = environment(&[KEYS[0], KEYS[1], URI]);
    let verdicts = verdicts(&Environment { variables: &variables, profiles: &BTreeMap::new() });
    let json = serde_json::to_string(&verdicts).unwrap();
    assert!(json.contains("keys in the environment") && !json.contains("CANARY"), "{json}");
}
