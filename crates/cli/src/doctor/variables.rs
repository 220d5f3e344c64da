//! The variables that SDKs read: unset, empty or with a value. Some are secret, so this type cannot be shown.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use crate::ground::env::EXEC_ENDPOINT;
use crate::programs::exports::{FULL_URI, METADATA_DISABLED, OTHER_SOURCES, TOKEN, TOKEN_FILE};

/// The variables, by their names.
pub(crate) struct Variables(BTreeMap<&'static str, Zeroizing<String>>);

impl Variables {
    /// Reads every variable that some SDK reads.
    pub(crate) fn read(read: impl Fn(&'static str) -> Option<String>) -> Self {
        let names = OTHER_SOURCES.into_iter().chain(OTHERS);
        let present = names.filter_map(|name| Some((name, Zeroizing::new(read(name)?))));
        Self(present.collect())
    }

    /// The value, which can be empty; `None` if the variable is not set.
    pub(crate) fn present(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.as_str())
    }

    /// The value, if it is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.present(name).filter(|value| !value.is_empty())
    }

    /// Whether the value is not empty.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.text(name).is_some()
    }
}

/// The variables in addition to [`OTHER_SOURCES`].
const OTHERS: [&str; 17] = [
    FULL_URI,
    EXEC_ENDPOINT,
    TOKEN,
    TOKEN_FILE,
    METADATA_DISABLED,
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "AWS_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "JAVA_TOOL_OPTIONS",
];
