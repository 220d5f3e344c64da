//! The variables to set and to unset so that every SDK uses a slot of the server. Pure.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::process::Command;

use credentials::{AccountId, Credentials, Failure, Profile, RoleName};
use zeroize::Zeroizing;

use crate::ground::env;

/// Variables to set and to unset.
pub(crate) struct Exports {
    pub(super) set: Vec<(Name, Zeroizing<String>)>,
    pub(super) unset: Vec<Name>,
}

/// The name of a variable.
pub(super) type Name = Cow<'static, str>;

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
        let mut exports = Self { set: Vec::new(), unset: OTHER_SOURCES.map(Name::from).to_vec() };
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
        let mut exports = Self { set: Vec::new(), unset: OTHER_SOURCES.map(Name::from).to_vec() };
        exports.unset.extend([FULL_URI, TOKEN, TOKEN_FILE].map(Name::from));
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
        Self { set: Vec::new(), unset: names.into_iter().map(Name::from).collect() }
    }

    /// Adds one variable, or unsets it without a value.
    pub(crate) fn with(mut self, name: &'static str, value: Option<&str>) -> Self {
        self.set_or_unset(name, value);
        self
    }

    /// Unsets the tags of a role, among the names of all variables.
    pub(crate) fn without_tags(mut self, names: impl Iterator<Item = String>) -> Self {
        let is_tag = |name: &String| name.starts_with(TAG) && !name.contains(is_odd);
        self.unset.extend(names.filter(is_tag).map(Name::from));
        self
    }

    /// Adds the tags of the role, as `AWS_SSO_TAG_…`. A tag that the role does not have must not remain from an outer shell.
    pub(crate) fn with_tags(mut self, tags: &[(String, Option<String>)]) -> Self {
        for (key, value) in tags {
            let name =
                Name::from(format!("{TAG}{}", key.to_ascii_uppercase().replace(is_odd, "_")));
            // An environment cannot hold the character NUL.
            let value = value.as_deref().filter(|value| !value.contains('\0'));
            self.set_or_unset(name, value);
        }
        self
    }

    /// Applies the exports to a command.
    pub(crate) fn apply(&self, command: &mut Command) {
        for (name, value) in &self.set {
            command.env(name.as_ref(), value.as_str());
        }
        for name in &self.unset {
            command.env_remove(name.as_ref());
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

    fn set(&mut self, name: impl Into<Name>, value: impl Into<String>) {
        let name = name.into();
        self.unset.retain(|unset| *unset != name);
        self.set.push((name, Zeroizing::new(value.into())));
    }

    fn set_or_unset(&mut self, name: impl Into<Name>, value: Option<&str>) {
        match value {
            Some(value) => self.set(name, value),
            None => self.unset.push(name.into()),
        }
    }
}

/// Whether a character cannot be in the name of a variable.
fn is_odd(c: char) -> bool {
    !(c.is_ascii_alphanumeric() || c == '_')
}

/// The beginning of the names of variables with tags, as in aws-sso-cli.
const TAG: &str = "AWS_SSO_TAG_";

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
