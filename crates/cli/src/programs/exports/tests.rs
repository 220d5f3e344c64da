//! What is set, what is unset, and what of the person's own is kept.

use credentials::Principal;

use super::*;

fn value<'a>(exports: &'a Exports, name: &str) -> Option<&'a str> {
    exports.set.iter().find(|(set, _)| *set == name).map(|(_, value)| value.as_str())
}

fn is_unset(exports: &Exports, name: &str) -> bool {
    exports.unset.iter().any(|unset| unset == name)
}

#[test]
fn a_tag_is_exported_under_a_name_that_a_shell_can_read() {
    let tags = [("Cost Center", Some("a $b")), ("größe", Some("1")), ("Team", None)];
    let tags = tags.map(|(key, value)| (key.to_owned(), value.map(str::to_owned)));
    let exports = Exports { set: Vec::new(), unset: Vec::new() }.with_tags(&tags);
    assert_eq!(value(&exports, "AWS_SSO_TAG_COST_CENTER"), Some("a $b"));
    assert_eq!(value(&exports, "AWS_SSO_TAG_GR__E"), Some("1"));
    assert!(is_unset(&exports, "AWS_SSO_TAG_TEAM"));
}

#[test]
fn nothing_is_both_set_and_unset() {
    for (token, file) in [(None, None), (Some("t"), None), (Some("t"), Some("/f"))] {
        let exports =
            Exports::new("http://127.0.0.1:4144/creds".into(), "127.0.0.1", &Inherited::default())
                .with_token(token, file);
        assert_eq!(value(&exports, TOKEN), token);
        assert_eq!(value(&exports, TOKEN_FILE), file);
        for name in OTHER_SOURCES {
            assert!(is_unset(&exports, name), "{name}");
        }
        assert!(exports.set.iter().all(|(name, _)| !is_unset(&exports, name)));
    }
}

#[test]
fn keys_in_variables_leave_no_other_source() {
    let profile = fakes::profile("dev", "2026-11-22T21:16:31Z");
    let exports = Exports::of_credentials(&profile.credentials);
    let set: Vec<_> = exports.set.iter().map(|(name, _)| name.as_ref()).collect();
    let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
    assert_eq!(set, [&keys[..], &["AWS_CREDENTIAL_EXPIRATION"]].concat());
    assert_eq!(value(&exports, "AWS_CREDENTIAL_EXPIRATION"), Some("2026-11-22T21:16:31Z"));
    for name in OTHER_SOURCES.into_iter().chain([FULL_URI, TOKEN, TOKEN_FILE]) {
        assert_ne!(is_unset(&exports, name), set.contains(&name), "{name}");
    }
}

#[test]
fn what_is_unknown_of_a_role_is_not_left_from_another() {
    let mut profile = fakes::profile("dev", "2026-11-22T21:16:31Z");
    let named = |profile: &Profile, region| {
        let exports = Exports::of_credentials(&profile.credentials);
        exports.with_role(profile, region)
    };
    let exports = named(&profile, Some("eu-central-1"));
    assert_eq!(value(&exports, "AWS_SSO_ACCOUNT_ID"), Some("000001111111"));
    assert_eq!(value(&exports, "AWS_SSO_ROLE_NAME"), Some("Admin"));
    assert_eq!(value(&exports, "AWS_DEFAULT_REGION"), Some("eu-central-1"));
    profile.principal = Principal::default();
    let exports = named(&profile, None);
    assert_eq!(value(&exports, "AWS_SSO_PROFILE"), Some("dev"));
    assert_eq!(value(&exports, "AWS_REGION"), None);
    assert!(!is_unset(&exports, "AWS_REGION"), "a region of the person's own stays");
    for name in ["AWS_SSO_ACCOUNT_ID", "AWS_SSO_ROLE_NAME"] {
        assert!(is_unset(&exports, name), "{name}");
    }
}

#[test]
fn our_hosts_are_added_once_to_what_goes_past_proxies() {
    const OURS: &str = "127.0.0.1,localhost,169.254.170.2,169.254.170.23";
    for (now, then) in [
        ("", OURS),
        (OURS, OURS),
        (".corp,10.0.0.0/8", &format!(".corp,10.0.0.0/8,{OURS}")),
        ("LOCALHOST", "LOCALHOST,127.0.0.1,169.254.170.2,169.254.170.23"),
        ("localhost 127.0.0.1,", "localhost 127.0.0.1,169.254.170.2,169.254.170.23"),
        ("*", "*"),
    ] {
        assert_eq!(past_proxies(now, "127.0.0.1"), then, "{now:?}");
        assert_eq!(past_proxies(then, "127.0.0.1"), then, "once more");
    }
    assert_eq!(past_proxies(OURS, "my.host"), format!("{OURS},my.host"));
}

#[test]
fn a_value_in_one_spelling_is_kept_in_both() {
    let inherited =
        Inherited { no_proxy_in_lower_case: Some(".corp".into()), ..Inherited::default() };
    let exports = Exports::new(String::new(), "127.0.0.1", &inherited);
    for name in ["NO_PROXY", "no_proxy"] {
        assert!(value(&exports, name).unwrap().starts_with(".corp,127.0.0.1"), "{name}");
    }
}

#[test]
fn each_runtime_gets_the_file_that_it_reads() {
    let files = TrustFiles { bundle: "/s/b.pem", node: "/s/a.pem", java: "/s/b.jks" };
    let inherited = Inherited::default();
    let exports = Exports::new("https://localhost:1/creds".into(), "localhost", &inherited)
        .with_trust(&files, &inherited);
    for (name, file) in [
        ("SSL_CERT_FILE", "/s/b.pem"),
        ("AWS_CA_BUNDLE", "/s/b.pem"),
        ("NODE_EXTRA_CA_CERTS", "/s/a.pem"),
        ("JAVA_TOOL_OPTIONS", "-Djavax.net.ssl.trustStore=/s/b.jks"),
    ] {
        assert_eq!(value(&exports, name), Some(file));
    }
}

#[test]
fn javas_options_are_kept_and_another_trust_store_wins() {
    let ours = "-Djavax.net.ssl.trustStore=/s/b.jks";
    for (now, then) in [
        (None, Some(ours.to_owned())),
        (Some("-Xmx1g "), Some(format!("-Xmx1g {ours}"))),
        (Some(ours), Some(ours.to_owned())),
        (Some("-Djavax.net.ssl.trustStore=/corp.jks"), None),
    ] {
        assert_eq!(with_trust_store(now, "/s/b.jks"), then, "{now:?}");
    }
    let quoted = with_trust_store(None, "/my files/b.jks").unwrap();
    assert_eq!(quoted, "-Djavax.net.ssl.trustStore='/my files/b.jks'");
    assert_eq!(with_trust_store(Some(&quoted), "/my files/b.jks").unwrap(), quoted);
}
