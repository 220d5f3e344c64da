//! What is wrong with a config file is said with file, line and key, and nothing is done.

use crate::identity_center::{config, fake, instance, signed_in, world_of};

#[test]
fn an_error_in_the_config_file_is_reported_with_line_and_key() {
    let fake = fake();
    let world = world_of(&fake);
    for (text, said) in [
        ("SSOConfig:\n\tcorp: {}\n", "config.yaml line 2"),
        (
            "DefaultSSO: a\nSSOConfig: {}\ndefaultsso: b\n",
            "config.yaml line 3, defaultsso must be given once",
        ),
        ("AutoLogin: CANARY\n", "config.yaml line 1, AutoLogin must be"),
        ("CacheRefresh: soon\n", "config.yaml line 1, CacheRefresh must be"),
        ("SSOConfig:\n  corp:\n    SSORegion: eu-west-1\n", "SSOConfig.corp"),
        (
            "SSOConfig:\n  corp:\n    SSORegion: Frankfurt\n    StartUrl: https://a.awsapps.com/start\n",
            "config.yaml line 3, SSOConfig.corp.SSORegion must be a region such as eu-central-1",
        ),
        ("ProfileFormat: '{{ .RoleName | frobnicate }}'\n", "frobnicate"),
        ("ProfileFormat: '{{ .RoleName'\n", "config.yaml, ProfileFormat"),
        ("UrlAction: exec\n", "UrlExecCommand must be"),
        ("SecureStore: drawer\n", "SecureStore must be one of file, keychain"),
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
