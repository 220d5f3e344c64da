//! What SDKs read of the environment, as it is: unset, empty, or something. Some of it is secret, so nothing here can be
//! shown.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use crate::programs::exports::{FULL_URI, METADATA_DISABLED, OTHER_SOURCES, TOKEN, TOKEN_FILE};

/// The variables, by their names.
pub(crate) struct Variables(BTreeMap<&'static str, Zeroizing<String>>);

impl Variables {
    /// Reads each of those that some SDK reads.
    pub(crate) fn read(read: impl Fn(&'static str) -> Option<String>) -> Self {
        let names = OTHER_SOURCES.into_iter().chain(OTHERS);
        let present = names.filter_map(|name| Some((name, Zeroizing::new(read(name)?))));
        Self(present.collect())
    }

    /// What it is set to, which may be nothing; `None` if it isn't set.
    pub(crate) fn present(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.as_str())
    }

    /// What it is set to, if that is something.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.present(name).filter(|value| !value.is_empty())
    }

    /// Whether it is set to something.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.text(name).is_some()
    }
}

/// Beside [`OTHER_SOURCES`].
const OTHERS: [&str; 16] = [
    FULL_URI,
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
