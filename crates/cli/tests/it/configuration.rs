//! What is wrong with a config file is said with file, line and key, and nothing is done.

use crate::identity_center::{config, fake, instance, signed_in, world_of};

#[test]
fn a_file_that_is_not_yaml_fails_with_its_line() {
    let fake = fake();
    let world = world_of(&fake);
    for (text, said) in [
        ("SSOConfig:\n\tcorp: {}\n", "config.yaml line 2"),
        ("- corp\n", "config.yaml line 1 must be a map of keys to values"),
    ] {
        world.write(".aws-sso/config.yaml", text);
        for command in ["list", "login"] {
            let failed = world.run(&[command]);
            assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""), "{text}");
            assert!(failed.stderr.starts_with("error: "), "{}", failed.stderr);
            assert!(failed.stderr.contains(said), "{said:?} is not in: {}", failed.stderr);
        }
    }
    assert_eq!(fake.calls().len(), 0);
}

#[test]
fn a_value_that_cannot_be_read_is_told_once_and_costs_only_its_key() {
    let fake = fake();
    let world = signed_in(&fake);
    let good = config(&instance("corp", &fake));
    for (text, said) in [
        ("DefaultSSO: a\ndefaultsso: b\n", "defaultsso must be given once"),
        ("AutoLogin: CANARY\n", "AutoLogin must be true or false"),
        ("CacheRefresh: soon\n", "CacheRefresh must be a whole number"),
        ("ProfileFormat: '{{ .RoleName | frobnicate }}'\n", "frobnicate"),
        ("ProfileFormat: '{{ .RoleName'\n", "ProfileFormat must be a template"),
        ("UrlAction: print\n", "UrlAction must be given once"),
        // Whoever opens the store gets it as an error.
        ("SecureStore: file\n", ""),
        ("Threads: 8\nLogLevel: error\n", ""),
    ] {
        world.write(".aws-sso/config.yaml", &format!("{good}{text}"));
        let listed = world.run(&["list", "Profile", "--output", "csv"]);
        assert_eq!(listed.code, Some(0), "{text}: {}", listed.stderr);
        assert!(listed.stdout.contains(":AdministratorAccess\n"), "{text}: {}", listed.stdout);
        let told: Vec<&str> = listed.stderr.lines().collect();
        assert_eq!(told.len(), usize::from(!said.is_empty()), "{text}: {told:?}");
        assert!(told.iter().all(|line| line.contains(said)), "{said:?} is not in {told:?}");
    }
}

#[test]
fn a_bad_store_fails_what_needs_it_instead_of_using_another_store() {
    let fake = fake();
    let world = signed_in(&fake);
    let before = fake.calls().len();
    let text = config(&instance("corp", &fake)).replace("SecureStore: json", "");
    world.write(".aws-sso/config.yaml", &format!("{text}SecureStore: drawer\n"));
    for command in [
        &["login", "--force"][..],
        &["whoami"],
        &["cache"],
        &["process", "--account", "1111111", "--role", "ReadOnlyAccess"],
        &["ecs", "run", "--tls", "--port", "0"],
    ] {
        let failed = world.run(command);
        assert_eq!(failed.code, Some(1), "{command:?}: {}", failed.stderr);
        let last = failed.stderr.lines().last().unwrap();
        assert!(
            last.starts_with("error: ") && last.contains("SecureStore must be one of"),
            "{last}"
        );
    }
    assert_eq!(fake.calls().len(), before);
}

#[test]
fn an_instance_that_cannot_be_read_fails_only_when_it_is_meant() {
    let fake = fake();
    let world = signed_in(&fake);
    let good = config(&instance("corp", &fake));
    for (bad, said) in [
        ("  Bad:\n    SSORegion: eu-west-1\n", "SSOConfig.Bad.StartUrl must be given"),
        (
            "  Bad:\n    SSORegion: eu-west-1\n    StartUrl: http://a.awsapps.com/start\n",
            "SSOConfig.Bad.StartUrl must be the https:// URL",
        ),
        (
            "  Bad:\n    SSORegion: Frankfurt\n    StartUrl: https://a.awsapps.com/start\n",
            "SSOConfig.Bad.SSORegion must be a region such as eu-central-1",
        ),
    ] {
        let text = good.replace("SSOConfig:\n", &format!("SSOConfig:\n{bad}"));
        world.write(".aws-sso/config.yaml", &text);
        assert_eq!(world.run(&["whoami", "--sso", "corp"]).code, Some(0));
        let chosen = world.run(&["whoami", "--sso", "Bad"]);
        let error = chosen.stderr.lines().last().unwrap();
        assert_eq!(chosen.code, Some(1), "{error}");
        assert!(error.starts_with("error: ") && error.contains(said), "{error}");
        assert!(error.contains("config.yaml line "), "{error}");
        // It must not be replaced by the only instance that is left.
        world.write(".aws-sso/config.yaml", &format!("{text}DefaultSSO: Bad\n"));
        let default = world.run(&["cache"]);
        assert_eq!(default.code, Some(1), "{}", default.stderr);
        assert!(default.stderr.lines().last().unwrap().contains(said), "{}", default.stderr);
        // Nor by an instance of the AWS config with its name.
        world.write(
            ".aws/config",
            "[sso-session Bad]\nsso_region = eu-west-1\nsso_start_url = https://b.awsapps.com/start\n",
        );
        let chosen = world.run(&["whoami", "--sso", "Bad"]);
        assert!(chosen.stderr.lines().last().unwrap().contains(said), "{}", chosen.stderr);
    }
}

#[test]
fn role_names_come_from_the_profile_or_the_format_and_are_unique() {
    let fake = fake();
    let world = signed_in(&fake);
    let accounts = "    Accounts:\n      1111111:\n        Name: First\n        Tags: {Team: Blue}\n        \
                    Roles:\n          ReadOnlyAccess:\n            Profile: look\n";
    let config = config(&(instance("corp", &fake) + accounts));
    let profiles = |format: &str| {
        world.write(".aws-sso/config.yaml", &format!("{config}{format}"));
        world.run(&["list", "Profile", "--output", "csv"])
    };
    let names = profiles("").stdout;
    assert!(
        names.contains("\nlook\n") && names.contains("\nFirst:AdministratorAccess\n"),
        "{names}"
    );
    let names = profiles(
        "ProfileFormat: '{{ .Tags.Team | default \"none\" | lower }}-{{ .AccountIdPad }}-{{ .RoleName | trunc 5 }}'\n",
    );
    assert!(
        names.stdout.contains("\nblue-000001111111-Admin\n"),
        "{}{}",
        names.stdout,
        names.stderr
    );
    let same = profiles("ProfileFormat: '{{ .RoleName }}'\n");
    assert!(same.stdout.contains("\nAdministratorAccess.100000000002\n"), "{}", same.stdout);
    let said = "warning: several roles would be called `AdministratorAccess`";
    assert!(same.stderr.contains(said), "{}", same.stderr);
}

#[test]
fn a_format_that_names_only_some_roles_costs_only_the_others_their_names() {
    let fake = fake();
    let world = signed_in(&fake);
    let accounts = "    Accounts: {1111111: {Name: First}}\n";
    let format =
        "ProfileFormat: '{{ if .AccountName }}{{ .AccountName }}/{{ .RoleName }}{{ end }}'\n";
    let file = config(&(instance("corp", &fake) + accounts)) + format;
    world.write(".aws-sso/config.yaml", &file);
    let listed = world.run(&["list", "Profile", "--output", "csv"]);
    assert!(listed.stdout.contains("\nFirst/ReadOnlyAccess\n"), "{}", listed.stdout);
    assert!(listed.stdout.contains("\n100000000002:ReadOnlyAccess\n"), "{}", listed.stdout);
    let told = "config.yaml, ProfileFormat, for the role AdministratorAccess of the account 100000000002: must give names";
    assert!(listed.stderr.contains(told), "{}", listed.stderr);
    assert_eq!(listed.stderr.lines().count(), 1, "{}", listed.stderr);
    let loaded = world.run(&["exec", "-p", "First/ReadOnlyAccess", "--", "true"]);
    assert_eq!((loaded.code, loaded.stderr.lines().count()), (Some(0), 1), "{}", loaded.stderr);
}

#[test]
fn the_config_file_can_be_chosen_by_flag_or_variable() {
    let fake = fake();
    let mut world = world_of(&fake);
    let missing = world.run(&["list", "--config", "nowhere.yaml"]);
    assert!(missing.stderr.contains("there is no config file nowhere.yaml"), "{}", missing.stderr);
    world.write("here.yaml", &config(&instance("corp", &fake)));
    world.set("AWS_SSO_CONFIG", "here.yaml");
    assert_eq!(
        world.run(&["whoami"]).code,
        Some(3),
        "nobody is signed in, but there is an instance"
    );
    let unknown = world.run(&["whoami", "--sso", "other"]);
    assert!(
        unknown.stderr.contains("hint: Choose one with --sso or AWS_SSO: corp"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn an_unreadable_sign_in_is_never_overwritten() {
    let fake = fake();
    let world = signed_in(&fake);
    let path = world.home().join(".local/state/aws-sso/corp.json");
    for damaged in ["", "{\"version\":1,\"start_url\":\"CANARY", "{\"version\":99}"] {
        std::fs::write(&path, damaged).unwrap();
        for command in [&["login"][..], &["login", "--force"], &["logout"], &["cache"]] {
            let failed = world.run(command);
            assert_eq!(failed.code, Some(1), "{command:?}: {}", failed.stderr);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), damaged, "{command:?}");
        }
    }
}
