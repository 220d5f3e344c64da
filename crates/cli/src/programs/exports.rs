//! The variables to set and to unset so that every SDK uses a slot of the server. Pure.

use std::process::Command;

use credentials::{AccountId, Credentials, Failure, Profile, RoleName};
use zeroize::Zeroizing;

use crate::ground::env;

/// Variables to set and to unset.
pub(crate) struct Exports {
    pub(super) set: Vec<(&'static str, Zeroizing<String>)>,
    pub(super) unset: Vec<&'static str>,
}

/// The current values of variables that are extended, not replaced.
#[derive(Default)]
pub(crate) struct Inherited {
    /// `NO_PROXY`
    pub(crate) no_proxy: Option<String>,
    /// `no_proxy`
    pub(crate) no_proxy_in_lower_case: Option<String>,
    /// `JAVA_TOOL_OPTIONS`
    pub(crate) java_tool_options: Option<String>,
}

impl Inherited {
    /// Reads the variables.
    ///
    /// # Errors
    /// A variable is not UTF-8, so it cannot be extended.
    pub(crate) fn now() -> Result<Self, Failure> {
        Ok(Self {
            no_proxy: env::present("NO_PROXY")?,
            no_proxy_in_lower_case: env::present("no_proxy")?,
            java_tool_options: env::present("JAVA_TOOL_OPTIONS")?,
        })
    }

    /// Whether the options of Java name another trust store.
    pub(crate) fn has_other_trust_store(&self, store: &str) -> bool {
        with_trust_store(self.java_tool_options.as_deref(), store).is_none()
    }
}

/// The files that make programs trust our certificate authority.
#[derive(Clone, Debug)]
pub(crate) struct TrustFiles<'a> {
    /// Our authority, and the system's roots.
    pub(crate) bundle: &'a str,
    /// The certificates for Node.js, in addition to its own roots.
    pub(crate) node: &'a str,
    /// The bundle as a trust store of Java.
    pub(crate) java: &'a str,
}

impl Exports {
    /// The exports for the slot in the URI, without proxies and before all other sources.
    pub(crate) fn new(uri: String, host: &str, inherited: &Inherited) -> Self {
        let mut exports = Self { set: Vec::new(), unset: OTHER_SOURCES.to_vec() };
        exports.set(FULL_URI, uri);
        // A program that the server refuses must not use the role of the machine.
        exports.set(METADATA_DISABLED, "true");
        // Programs read one or the other. If only one is set, both get its value.
        let (upper, lower) = (&inherited.no_proxy, &inherited.no_proxy_in_lower_case);
        for (name, now) in [
            ("NO_PROXY", upper.as_ref().or(lower.as_ref())),
            ("no_proxy", lower.as_ref().or(upper.as_ref())),
        ] {
            exports.set(name, past_proxies(now.map_or("", String::as_str), host));
        }
        exports
    }

    /// The exports with the credentials themselves, before all other sources.
    pub(crate) fn of_credentials(credentials: &Credentials) -> Self {
        let mut exports = Self { set: Vec::new(), unset: OTHER_SOURCES.to_vec() };
        exports.unset.extend([FULL_URI, TOKEN, TOKEN_FILE]);
        exports.set("AWS_ACCESS_KEY_ID", credentials.access_key_id.as_str());
        exports.set("AWS_SECRET_ACCESS_KEY", credentials.secret_access_key.expose());
        exports.set("AWS_SESSION_TOKEN", credentials.session_token.expose());
        // An assumed one would make an SDK look for new keys that nobody has.
        if !credentials.expiration.is_assumed() {
            exports.set("AWS_CREDENTIAL_EXPIRATION", credentials.expiration.to_string());
        }
        exports
    }

    /// Adds the names of the role for prompts and scripts, and its region if it has one.
    pub(crate) fn with_role(mut self, profile: &Profile, region: Option<&str>) -> Self {
        let Profile { name, principal, .. } = profile;
        self.set("AWS_SSO_PROFILE", name.as_str());
        // An unknown value must not remain from the role of an outer shell.
        let account = principal.account_id.as_ref().map(AccountId::as_str);
        self.set_or_unset("AWS_SSO_ACCOUNT_ID", account);
        let role = principal.role_name.as_ref().map(RoleName::as_str);
        self.set_or_unset("AWS_SSO_ROLE_NAME", role);
        for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            if let Some(region) = region {
                self.set(name, region);
            }
        }
        self
    }

    /// Unsets variables.
    pub(crate) fn unsetting(names: Vec<&'static str>) -> Self {
        Self { set: Vec::new(), unset: names }
    }

    /// Adds one variable, or unsets it without a value.
    pub(crate) fn with(mut self, name: &'static str, value: Option<&str>) -> Self {
        self.set_or_unset(name, value);
        self
    }

    /// Applies the exports to a command.
    pub(crate) fn apply(&self, command: &mut Command) {
        for (name, value) in &self.set {
            command.env(name, value.as_str());
        }
        for name in &self.unset {
            command.env_remove(name);
        }
    }

    /// Adds the authorization token. Some SDKs read it from a variable, others from a file.
    pub(crate) fn with_token(mut self, token: Option<&str>, file: Option<&str>) -> Self {
        self.set_or_unset(TOKEN, token);
        self.set_or_unset(TOKEN_FILE, file);
        self
    }

    /// Adds the variables that make runtimes trust the server's certificate. Python's SDKs ignore them.
    pub(crate) fn with_trust(mut self, files: &TrustFiles<'_>, inherited: &Inherited) -> Self {
        self.set("SSL_CERT_FILE", files.bundle);
        self.set("AWS_CA_BUNDLE", files.bundle);
        self.set("NODE_EXTRA_CA_CERTS", files.node);
        if let Some(options) = with_trust_store(inherited.java_tool_options.as_deref(), files.java)
        {
            self.set("JAVA_TOOL_OPTIONS", options);
        }
        self
    }

    fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.unset.retain(|unset| *unset != name);
        self.set.push((name, Zeroizing::new(value.into())));
    }

    fn set_or_unset(&mut self, name: &'static str, value: Option<&str>) {
        match value {
            Some(value) => self.set(name, value),
            None => self.unset.push(name),
        }
    }
}

/// Whether a list of hosts contains exactly this one.
pub(crate) fn is_listed(list: &str, host: &str) -> bool {
    list.split([',', ' ']).any(|entry| entry.eq_ignore_ascii_case(host))
}

/// `NO_PROXY` with the hosts of our server, without duplicates.
fn past_proxies(now: &str, host: &str) -> String {
    // Alone, `*` means every host. In a list, many programs ignore it.
    if now.trim() == "*" {
        return now.to_owned();
    }
    let mut list = now.trim_end_matches([',', ' ']).to_owned();
    for host in OUR_HOSTS.iter().copied().chain([host]) {
        if !is_listed(&list, host) {
            list.push_str(if list.is_empty() { "" } else { "," });
            list.push_str(host);
        }
    }
    list
}

/// The options with our trust store; `None` if they already name another one.
fn with_trust_store(now: Option<&str>, store: &str) -> Option<String> {
    // The JVM splits the options at white space outside quotes.
    let quote = if store.contains('\'') { '"' } else { '\'' };
    let option = match store.contains(char::is_whitespace) {
        true => format!("{TRUST_STORE}{quote}{store}{quote}"),
        false => format!("{TRUST_STORE}{store}"),
    };
    let now = now.unwrap_or_default().trim();
    match now {
        "" => Some(option),
        _ if now.contains(&option) => Some(now.to_owned()),
        _ if now.contains(TRUST_STORE) => None,
        _ => Some(format!("{now} {option}")),
    }
}

/// The option of Java that names a trust store.
pub(crate) const TRUST_STORE: &str = "-Djavax.net.ssl.trustStore=";

pub(crate) const FULL_URI: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
pub(crate) const RELATIVE_URI: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
pub(crate) const TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
pub(crate) const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";
pub(crate) const METADATA_DISABLED: &str = "AWS_EC2_METADATA_DISABLED";

/// The variables that some SDK uses before our server. They are unset, because an empty one counts for some SDKs.
pub(crate) const OTHER_SOURCES: [&str; 11] = [
    RELATIVE_URI,
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
];

/// Where SDKs look for container credentials, our server among them.
const OUR_HOSTS: [&str; 4] = ["127.0.0.1", "localhost", "169.254.170.2", "169.254.170.23"];

#[cfg(test)]
mod tests {
    use credentials::Principal;

    use super::*;

    fn value<'a>(exports: &'a Exports, name: &str) -> Option<&'a str> {
        exports.set.iter().find(|(set, _)| *set == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn nothing_is_both_set_and_unset() {
        for (token, file) in [(None, None), (Some("t"), None), (Some("t"), Some("/f"))] {
            let exports = Exports::new(
                "http://127.0.0.1:4144/creds".into(),
                "127.0.0.1",
                &Inherited::default(),
            )
            .with_token(token, file);
            assert_eq!(value(&exports, TOKEN), token);
            assert_eq!(value(&exports, TOKEN_FILE), file);
            for name in OTHER_SOURCES {
                assert!(exports.unset.contains(&name), "{name}");
            }
            assert!(exports.set.iter().all(|(name, _)| !exports.unset.contains(name)));
        }
    }

    #[test]
    fn keys_in_variables_leave_no_other_source() {
        let profile = fakes::profile("dev", "2026-11-22T21:16:31Z");
        let exports = Exports::of_credentials(&profile.credentials);
        let set: Vec<_> = exports.set.iter().map(|(name, _)| *name).collect();
        let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
        assert_eq!(set, [&keys[..], &["AWS_CREDENTIAL_EXPIRATION"]].concat());
        assert_eq!(value(&exports, "AWS_CREDENTIAL_EXPIRATION"), Some("2026-11-22T21:16:31Z"));
        for name in OTHER_SOURCES.into_iter().chain([FULL_URI, TOKEN, TOKEN_FILE]) {
            assert_ne!(exports.unset.contains(&name), set.contains(&name), "{name}");
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
        assert!(!exports.unset.contains(&"AWS_REGION"), "a region of the person's own stays");
        for name in ["AWS_SSO_ACCOUNT_ID", "AWS_SSO_ROLE_NAME"] {
            assert!(exports.unset.contains(&name), "{name}");
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
}
