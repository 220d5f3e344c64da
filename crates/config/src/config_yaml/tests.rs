//! Valid files and hostile files.

mod corpus;
mod problems;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use super::{AuthWorkflow, ConfigFile, SecureStore, UrlAction};
use credentials::RegionName;

fn parse(text: &str) -> Result<ConfigFile, String> {
    let path = Path::new("config.yaml");
    ConfigFile::parse(text, path, Path::new("/home/me")).map_err(|error| error.to_string())
}

#[track_caller]
fn refused(text: &str, message: &str) {
    assert_eq!(parse(text).unwrap_err(), message, "{text}");
}

fn problems(config: &ConfigFile) -> Vec<String> {
    config.problems.iter().map(|problem| problem.in_file("config.yaml")).collect()
}

/// A file with one instance, followed by `lines`, which start at line 5.
fn instance(lines: &str) -> String {
    let start = "SSOConfig:\n  Default:\n    SSORegion: eu-central-1\n    StartUrl: https://x.awsapps.com/start\n";
    format!("{start}{lines}")
}

const FULL: &str = r#"
SSOConfig:
  Default:
    SSORegion: us-east-1
    StartUrl: https://corp.awsapps.com/start/#/
    DefaultRegion: us-west-2
    AuthUrlAction: print
    Accounts:
      012345670123:
        Name: Production
        DefaultRegion: eu-west-1
        Tags:
          Color: red
          Level: 3
        Roles:
          AdministratorAccess:
            Profile: prod-admin
            Tags: [Icon: chill, Empty: ]
          "ReadOnly@x":
      "12345":
        Roles:
          - Hop:
              Via: arn:aws:iam::012345670123:role/AdministratorAccess
              SourceIdentity: me
              ExternalId: 0012
              DefaultRegion: ap-south-1
  Other Corp:
    StartUrl: https://other.awsapps.com/start
    SSORegion: eu-central-1
DefaultSSO: Default
DefaultRegion: eu-central-1
AuthWorkflow: device_code
AutoLogin: yes
CacheRefresh: -1
MaxRetry: 3
MaxBackoff: "7"
Browser: /usr/bin/firefox
UrlAction: open-url-in-container
UrlExecCommand: [/usr/bin/firefox, "%s"]
SecureStore: 1password
JsonStore: ~/tokens.json
ProfileFormat: "{{ .AccountName }}"
ListFields: [AccountIdStr, ARN, RoleName]
Threads: 8
PromptColors:
  prefixtextcolor: Red
"#;

#[test]
fn all_settings_of_a_file_are_read() {
    let config = parse(FULL).unwrap();
    assert_eq!(config.default_instance.as_ref().unwrap().as_str(), "Default");
    assert_eq!(config.default_region.as_ref().map(RegionName::as_str), Some("eu-central-1"));
    assert_eq!(config.auth_workflow, Some(AuthWorkflow::DeviceCode));
    assert!(config.auto_login);
    assert_eq!((config.cache_refresh, config.max_retry), (Some(Duration::ZERO), Some(3)));
    assert_eq!(config.max_backoff, Some(Duration::from_secs(7)));
    assert_eq!(config.browser.as_deref(), Some("/usr/bin/firefox"));
    assert_eq!(config.url_action, Some(UrlAction::OpenUrlInContainer));
    assert_eq!(config.url_exec_command, ["/usr/bin/firefox", "%s"]);
    assert_eq!(config.secure_store, Some(Ok(SecureStore::OnePassword)));
    assert_eq!(config.json_store.as_deref(), Some(Path::new("/home/me/tokens.json")));
    assert_eq!(config.profile_format.as_deref(), Some("{{ .AccountName }}"));
    assert_eq!(config.list_fields, ["AccountIdStr", "ARN", "RoleName"]);
    assert_eq!(
        config.unused,
        [
            "line 44: the key `Threads` is not used by aws-sso",
            "line 45: the key `PromptColors` is not used by aws-sso",
        ]
    );
    assert_eq!((config.notes.len(), problems(&config).len()), (0, 0));
    assert_eq!(config.instances.len(), 2);
    assert_eq!(config.instances[1].instance.name.as_str(), "Other Corp");
    assert_eq!(config.instances[1].instance.region.as_str(), "eu-central-1");
}

#[test]
fn all_settings_of_instances_accounts_and_roles_are_read() {
    let config = parse(FULL).unwrap();
    let default = &config.instances[0];
    assert_eq!(default.instance.start_url.as_str(), "https://corp.awsapps.com/start");
    assert_eq!(default.default_region.as_ref().map(RegionName::as_str), Some("us-west-2"));
    assert_eq!(default.auth_url_action, Some(UrlAction::Print));
    let [production, other] = default.accounts.as_slice() else { panic!("two accounts") };
    assert_eq!(production.id.as_str(), "012345670123");
    assert_eq!(production.name.as_deref(), Some("Production"));
    assert_eq!(production.default_region.as_ref().map(RegionName::as_str), Some("eu-west-1"));
    let pair = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    assert_eq!(production.tags, [("Color", "red"), ("Level", "3")].map(pair));
    let [admin, read_only] = production.roles.as_slice() else { panic!("two roles") };
    assert_eq!(admin.profile.as_ref().unwrap().as_str(), "prod-admin");
    assert_eq!(admin.tags, [("Icon", "chill"), ("Empty", "")].map(pair));
    assert_eq!(read_only.name.as_str(), "ReadOnly@x");
    assert_eq!(other.id.as_str(), "000000012345");
    let hop = &other.roles[0];
    let via = hop.via.as_ref().unwrap().to_string();
    assert_eq!(via, "arn:aws:iam::012345670123:role/AdministratorAccess");
    assert_eq!(hop.source_identity.as_deref(), Some("me"));
    assert_eq!(hop.external_id.as_deref(), Some("0012"));
    assert_eq!(hop.default_region.as_ref().map(RegionName::as_str), Some("ap-south-1"));
}

#[test]
fn an_empty_file_is_valid() {
    for text in ["", "\n", "---\n", "# a comment\n", "{}", "SSOConfig:\n", "\u{feff}"] {
        assert_eq!(parse(text).unwrap(), ConfigFile::default(), "{text:?}");
    }
    let blank = parse("Browser: \"\"\nUrlAction: \"\"\nDefaultRegion: ~\nAutoLogin:\n").unwrap();
    assert_eq!(blank, ConfigFile::default());
}

#[test]
fn a_missing_profile_format_differs_from_an_empty_one() {
    assert_eq!(parse("").unwrap().profile_format, None);
    for text in ["ProfileFormat: \"\"", "profileformat:"] {
        assert_eq!(parse(text).unwrap().profile_format.as_deref(), Some(""));
    }
}

#[test]
fn our_keys_are_read_in_any_case_and_the_persons_keys_keep_their_case() {
    let config = parse(
        "ssoconfig:\n  Corp:\n    ssoregion: eu-west-1\n    STARTURL: https://x.awsapps.com/start\n    \
         accounts:\n      1:\n        tags: {Team: a, team: b}\n        roles:\n          Ops:\n            PROFILE: x\n",
    )
    .unwrap();
    assert_eq!(config.instances[0].instance.name.as_str(), "Corp");
    let account = &config.instances[0].accounts[0];
    assert_eq!(account.tags.len(), 2);
    assert_eq!(account.roles[0].profile.as_ref().unwrap().as_str(), "x");
}

#[test]
fn a_tilde_is_the_home_folder_in_every_path() {
    let config = parse(
        "Browser: ~/bin/firefox\nConfigProfilesBinaryPath: ~/bin/aws-sso\nJsonStore: ~/s.json\n\
         UrlExecCommand: [~/bin/open, '~/Library/x', '--url=%s', '~me']\n",
    )
    .unwrap();
    assert_eq!(config.browser.as_deref(), Some("/home/me/bin/firefox"));
    assert_eq!(config.config_profiles_binary.as_deref(), Some(Path::new("/home/me/bin/aws-sso")));
    assert_eq!(
        config.url_exec_command,
        ["/home/me/bin/open", "/home/me/Library/x", "--url=%s", "~me"]
    );
}

#[test]
fn texts_lists_and_maps_replace_each_other() {
    let config = parse(
        "SSOConfig:\n- Default:\n    SSORegion: eu-west-1\n    StartUrl: https://x.awsapps.com/start\n\
         DefaultSSO: 7\nListFields: RoleName, Arn\n",
    )
    .unwrap();
    assert_eq!(config.instances[0].instance.name.as_str(), "Default");
    assert_eq!(config.default_instance.unwrap().as_str(), "7");
    assert_eq!(config.list_fields, ["RoleName", "Arn"]);
}

#[test]
fn a_syntax_error_names_its_line() {
    for (text, line) in [
        ("Browser: x\n\tUrlAction: open\n", 2),
        ("SSOConfig:\n\tDefault:\n", 2),
        ("A: x\nBrowser: \"x\n", 2),
        ("A: [x\nB: y\n", 2),
        ("A: {x: y\n", 1),
        ("A: *nowhere\n", 1),
        ("A: x\n B: y\n", 2),
    ] {
        let message = parse(text).unwrap_err();
        assert!(message.starts_with(&format!("config.yaml line {line} ")), "{text:?}: {message}");
    }
}

#[test]
fn anchors_and_merges_work() {
    let config = parse(&instance(
        "    Accounts:\n      1:\n        Roles: &roles\n          Ops: &ops {DefaultRegion: eu-west-1, Profile: a}\n      \
         2:\n        Roles: *roles\n      3:\n        Roles:\n          Ops:\n            <<: *ops\n            profile: b\n",
    ))
    .unwrap();
    let accounts = &config.instances[0].accounts;
    assert_eq!(accounts[0].roles, accounts[1].roles);
    let merged = &accounts[2].roles[0];
    assert_eq!(merged.profile.as_ref().unwrap().as_str(), "b");
    assert_eq!(merged.default_region.as_ref().map(RegionName::as_str), Some("eu-west-1"));
}

#[test]
fn aliases_and_nesting_cannot_exhaust_the_memory() {
    let mut aliases = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let of = format!("*a{}, ", level - 1).repeat(10);
        writeln!(aliases, "a{level}: &a{level} [{of}]").unwrap();
    }
    let message = parse(&aliases).unwrap_err();
    assert!(message.ends_with("must not be repeated that often by aliases"), "{message}");
    refused("a: &a [*a]\n", "config.yaml line 1 must not contain itself");
    for deep in ["[".repeat(100_000), format!("a: {}", "{a: ".repeat(100)), "- ".repeat(1000)] {
        assert!(parse(&deep).is_err());
    }
}

#[test]
fn keys_cannot_send_control_characters_to_the_terminal() {
    let config = parse(&format!("\"a\\e[31m\\n\": x\n{}: y\n", "k".repeat(100))).unwrap();
    assert_eq!(config.notes[0], r"line 1: the key `a\u{1b}[31m\n` is not used by aws-sso");
    assert!(config.notes[1].len() < 120);
}

#[test]
fn a_missing_file_is_none_and_an_unreadable_file_is_an_error() {
    let folder = std::env::temp_dir().join(format!("aws-sso-config-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let read = |name: &str| ConfigFile::read(&folder.join(name), Path::new("/"));
    std::fs::write(folder.join("good"), "Browser: x\n").unwrap();
    std::fs::write(folder.join("large"), vec![b'#'; (4 << 20) + 1]).unwrap();
    std::fs::write(folder.join("latin1"), b"Browser: \xe4\n").unwrap();
    assert_eq!(read("good").unwrap().unwrap().browser.as_deref(), Some("x"));
    assert_eq!(read("none").unwrap(), None);
    for (name, end) in [
        ("large", "large is larger than 4 MiB"),
        ("latin1", "latin1 must be UTF-8"),
        (".", "is not a plain file"),
    ] {
        let message = read(name).unwrap_err().to_string();
        assert!(message.contains(end), "{message}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_truncated_file_is_read_or_refused() {
    for end in 0..FULL.len() {
        if let Some(Err(message)) = FULL.get(..end).map(parse) {
            assert!(message.starts_with("config.yaml line "), "{message}");
        }
    }
}
