//! Files in which something cannot be read: what that costs, and what the person is told.

use super::super::{ConfigFile, SecureStore, UrlAction};
use super::{instance, parse, problems, refused};

/// Reads a file in which exactly one thing is wrong.
#[track_caller]
fn with_problem(text: &str, message: &str) -> ConfigFile {
    let config = parse(text).unwrap();
    assert_eq!(problems(&config), [message], "{text}");
    config
}

#[test]
fn a_key_that_is_given_twice_counts_as_missing() {
    let config = with_problem(
        "DefaultRegion: eu-west-1\nBrowser: x\ndefaultregion: eu-west-2\n",
        "config.yaml line 3, defaultregion must be given once; it is on line 1 too",
    );
    assert_eq!((config.default_region, config.browser.as_deref()), (None, Some("x")));
    with_problem(
        "SSOConfig:\n  A: {}\nSSOConfig:\n",
        "config.yaml line 3, SSOConfig must be given once; it is on line 1 too",
    );
    let config = with_problem(
        &instance("    Accounts:\n      \"0123\":\n      123:\n      4:\n"),
        "config.yaml line 7, SSOConfig.Default.Accounts.123 must be given once; it is on line 6 too",
    );
    let [account] = config.instances[0].accounts.as_slice() else { panic!("one account") };
    assert_eq!(account.id.as_str(), "000000000004");
    let config = with_problem(
        &instance("  default:\n"),
        "config.yaml line 5, SSOConfig.default must be given once; it is on line 2 too",
    );
    assert_eq!((config.instances.len(), config.broken_instances.len()), (0, 1));
    with_problem(
        "Browser: a\nbrowser: b\nBROWSER: c\n",
        "config.yaml line 3, BROWSER must be given once; it is on line 2 too",
    );
}

#[test]
fn a_problem_names_the_allowed_values_and_hides_the_value() {
    const CANARY: &str = "CANARY-secret";
    for (key, must_be) in [
        ("DefaultRegion", "a region such as eu-central-1"),
        ("AuthWorkflow", "pkce or device_code"),
        ("AutoLogin", "true or false"),
        ("AutoConfigCheck", "true or false"),
        ("CacheRefresh", "a whole number"),
        ("ConsoleDuration", "a number of minutes from 15 to 720"),
        ("MaxRetry", "a whole number"),
        ("SSOConfig", "a map of keys to values"),
        ("ConfigVariables", "a map of keys to values"),
    ] {
        let message = format!("config.yaml line 2, {key} must be {must_be}");
        let config = with_problem(&format!("Browser: x\n{key}: {CANARY}\n"), &message);
        let browser = Some("x".to_owned());
        let problems = config.problems.clone();
        assert_eq!(config, ConfigFile { browser, problems, ..ConfigFile::default() });
    }
    for key in ["UrlAction", "SecureStore"] {
        let config = parse(&format!("{key}: {CANARY}\n")).unwrap();
        let [problem] = &problems(&config)[..] else { panic!("one problem") };
        assert!(problem.starts_with(&format!("config.yaml line 1, {key} must be one of ")));
        assert!(!format!("{config:?}").contains(CANARY));
    }
}

#[test]
fn a_value_of_the_wrong_type_costs_its_key() {
    with_problem(
        "ProfileFormat: {{ .RoleName }}\n",
        "config.yaml line 1, ProfileFormat must be text, in quotes if it starts with { or [",
    );
    with_problem(
        "ProfileFormat: '{{ .RoleName'\n",
        "config.yaml line 1, ProfileFormat must be a template; at line 1 column 13: unclosed action",
    );
    with_problem(
        "Browser: [a]\n",
        "config.yaml line 1, Browser must be text, in quotes if it starts with { or [",
    );
    with_problem(
        "ListFields:\n  a: b\n",
        "config.yaml line 2, ListFields must be text, in quotes if it starts with { or [",
    );
    refused("- a\n", "config.yaml line 1 must be a map of keys to values");
    refused("Browser\n", "config.yaml line 1 must be a map of keys to values");
    with_problem("MaxRetry: -1\n", "config.yaml line 1, MaxRetry must be a whole number");
    with_problem(
        "? [a]\n: b\nBrowser: x\n",
        "config.yaml line 1 must have text as keys, in quotes if it starts with { or [",
    );
    with_problem(
        "Browser: x\n<<: y\n",
        "config.yaml line 2 must have a map as the value of <<, which merges maps",
    );
    let config = with_problem(
        "Browser: x\n---\nBrowser: y\n",
        "config.yaml line 2 starts a second YAML document, which is not read",
    );
    assert_eq!(config.browser.as_deref(), Some("x"));
}

#[test]
fn a_bad_account_or_role_costs_only_itself() {
    let config = with_problem(
        &instance("    Accounts:\n      me@example.com: {}\n      1: {Name: one}\n"),
        "config.yaml line 6, SSOConfig.Default.Accounts.me@example.com as a key must be a number or text of up to 12 digits",
    );
    assert_eq!(config.instances[0].accounts[0].name.as_deref(), Some("one"));
    let role = |lines: &str| {
        let roles = "    Accounts:\n      1:\n        Roles:\n          Good: {Profile: good}\n          Ops:";
        instance(&format!("{roles}{lines}\n"))
    };
    for (lines, message) in [
        (
            "\n            Via: Ops",
            "line 10, SSOConfig.Default.Accounts.1.Roles.Ops.Via must be a role's ARN: arn:aws:iam::123456789012:role/Name",
        ),
        (
            " {ExternalId: [a]}",
            "line 9, SSOConfig.Default.Accounts.1.Roles.Ops.ExternalId must be text, in quotes if it starts with { or [",
        ),
        (
            " admin",
            "line 9, SSOConfig.Default.Accounts.1.Roles.Ops must be a map of keys to values",
        ),
    ] {
        let config = with_problem(&role(lines), &format!("config.yaml {message}"));
        let [good] = config.instances[0].accounts[0].roles.as_slice() else { panic!("one role") };
        assert_eq!(good.name.as_str(), "Good");
    }
    let config = with_problem(
        &role(" {DefaultRegion: Dublin, Profile: ops}"),
        "config.yaml line 9, SSOConfig.Default.Accounts.1.Roles.Ops.DefaultRegion must be a region such as eu-central-1",
    );
    assert_eq!(config.instances[0].accounts[0].roles[1].profile.as_ref().unwrap().as_str(), "ops");
}

#[test]
fn a_bad_instance_costs_only_itself_and_keeps_its_error() {
    for (lines, message) in [
        ("    SSORegion: eu-west-1\n", "line 6, SSOConfig.Bad.StartUrl must be given"),
        (
            "    StartUrl: https://x.awsapps.com/start\n    SSORegion: Frankfurt\n",
            "line 7, SSOConfig.Bad.SSORegion must be a region such as eu-central-1",
        ),
        ("", "line 5, SSOConfig.Bad.SSORegion must be given"),
        (
            "    SSORegion: eu-west-1\n    StartUrl: http://x.awsapps.com/start\n",
            "line 7, SSOConfig.Bad.StartUrl must be the https:// URL of an AWS access portal: https://example.awsapps.com/start",
        ),
    ] {
        let message = format!("config.yaml {message}");
        let config = with_problem(&instance(&format!("  Bad:\n{lines}")), &message);
        assert_eq!(config.instances[0].instance.name.as_str(), "Default");
        let [broken] = config.broken_instances.as_slice() else { panic!("one instance") };
        assert_eq!(broken.name.as_str(), "Bad");
        assert_eq!(broken.error.in_file("config.yaml"), message);
    }
}

#[test]
fn a_bad_store_is_an_error_and_not_a_missing_key() {
    for (text, message) in [
        ("SecureStore: [file]\n", "SecureStore must be text, in quotes if it starts with { or ["),
        (
            "SecureStore: file\nsecurestore: json\n",
            "securestore must be given once; it is on line 1 too",
        ),
        (
            "SecureStore: json\nJsonStore: [a]\n",
            "JsonStore must be text, in quotes if it starts with { or [",
        ),
    ] {
        let config = parse(text).unwrap();
        let error = config.secure_store.unwrap().unwrap_err();
        assert_eq!(config.problems, std::slice::from_ref(&error), "it is told once");
        assert!(error.in_file("config.yaml").ends_with(message), "{error:?}");
    }
    let config = parse("SecureStore: file\nJsonStore: [a]\n").unwrap();
    assert_eq!(config.secure_store, Some(Ok(SecureStore::File)), "JsonStore is not needed");
}

#[test]
fn variables_that_would_break_the_aws_config_are_left_out() {
    let config = parse(
        "ConfigVariables:\n  sts_regional_endpoints: regional\n  output: json\n  empty: ''\n  lines: \"a\\nb\"\n  \
         'a = b': c\n  Credential_Process: evil\n  s3: {a: b}\n",
    )
    .unwrap();
    let pair = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    let sorted = [("output", "json"), ("sts_regional_endpoints", "regional")].map(pair);
    assert_eq!(config.config_variables, sorted);
    let lines: Vec<_> = problems(&config);
    assert_eq!(
        lines,
        [
            "config.yaml line 5, ConfigVariables.lines must be text on one line",
            "config.yaml line 6, ConfigVariables.a = b as a key must be a setting of the AWS config: letters, digits, and _-.",
            "config.yaml line 7, ConfigVariables.Credential_Process as a key must be another setting than credential_process, which aws-sso writes itself",
            "config.yaml line 8, ConfigVariables.s3 must be text, in quotes if it starts with { or [",
        ]
    );
}

#[test]
fn an_action_that_runs_a_command_needs_a_valid_command() {
    const MUST_BE: &str = "UrlExecCommand must be a list of a program and its arguments, with %s in exactly one argument";
    with_problem("\nUrlAction: exec\n", &format!("config.yaml line 2, {MUST_BE}"));
    for command in ["x", "[x]", "[x, y]", "[x, '%s', '%s']", "['%s']"] {
        let config = with_problem(
            &format!("UrlAction: exec\nUrlExecCommand: {command}\n"),
            &format!("config.yaml line 2, {MUST_BE}"),
        );
        assert_eq!(config.url_action, Some(UrlAction::Exec), "no other action takes its place");
        let unused = parse(&format!("UrlAction: open\nUrlExecCommand: {command}\n")).unwrap();
        assert_eq!(problems(&unused).len(), 0);
    }
    let valid = parse("UrlAction: exec\nUrlExecCommand: [x, '--url=%s']\n").unwrap();
    assert_eq!(problems(&valid).len(), 0);
    with_problem(
        &instance("    AuthUrlAction: granted-containers\n"),
        &format!("config.yaml line 1, {MUST_BE}"),
    );
}
