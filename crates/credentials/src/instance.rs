//! An instance of IAM Identity Center, as a person configures it.

use std::fmt;
use std::hash::{Hash, Hasher};

use url::{Host, Url};

use crate::Invalid;

/// An instance of IAM Identity Center: the place where a person signs in, with the person's name for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// What the person calls it. Two names may share a start URL: two identities.
    pub name: InstanceName,
    /// Its AWS access portal.
    pub start_url: StartUrl,
    /// Its AWS region.
    pub region: RegionName,
}

impl Instance {
    /// The id of the instance.
    pub fn id(&self) -> InstanceId {
        InstanceId { name: self.name.clone(), start_url: self.start_url.clone() }
    }
}

/// The id of an instance: its name together with its start URL. Two names with the same start URL are two identities, and a
/// name may have another start URL later or in another configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InstanceId {
    /// What the person calls it.
    pub name: InstanceName,
    /// Its AWS access portal.
    pub start_url: StartUrl,
}

/// The URL of an AWS access portal, such as `https://example.awsapps.com/start`, without query, fragment and trailing slashes.
/// Plain HTTP is allowed for loopback hosts, for a fake.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StartUrl(Box<str>);

impl StartUrl {
    /// Parses a start URL.
    ///
    /// # Errors
    /// The text is not an `https://` URL, contains a user or a password, or has more than 512 bytes.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const MUST_BE: Invalid =
            Invalid("the https:// URL of an AWS access portal: https://example.awsapps.com/start");
        let mut url = Url::parse(text.trim()).map_err(|_| MUST_BE)?;
        let is_local = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => return Err(MUST_BE),
        };
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_local);
        // A password in the URL would be sent and displayed.
        let has_user = !url.username().is_empty() || url.password().is_some();
        if !is_safe || has_user || text.len() > 512 {
            return Err(MUST_BE);
        }
        url.set_fragment(None);
        url.set_query(None);
        Ok(Self(url.as_str().trim_end_matches('/').into()))
    }

    /// The URL as it is sent to AWS.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StartUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The name of an AWS region: `eu-central-1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionName(Box<str>);

impl RegionName {
    /// Parses the name of a region.
    ///
    /// # Errors
    /// The text does not have three or more lower-case words with dashes between them, or has more than 32 bytes.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let parts: Vec<_> = text.split('-').collect();
        let word = |part: &&str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if text.len() > 32 || parts.len() < 3 || !parts.iter().all(word) {
            return Err(Invalid("a region such as eu-central-1"));
        }
        Ok(Self(text.into()))
    }

    /// The name as AWS writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RegionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The name of an instance: 1 to 64 bytes of UTF-8 without control characters. Names that differ only in case are equal,
/// because instances have files by their names, and some file systems ignore case.
#[derive(Clone, Debug)]
pub struct InstanceName(Box<str>);

impl InstanceName {
    /// Parses the name of an instance.
    ///
    /// # Errors
    /// The text is empty, has more than 64 bytes or contains a control character.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() || text.len() > 64 || text.chars().any(char::is_control) {
            return Err(Invalid("1 to 64 bytes of UTF-8 without control characters"));
        }
        Ok(Self(text.into()))
    }

    /// The name as a person wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for InstanceName {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.0.to_lowercase() == other.0.to_lowercase()
    }
}

impl Eq for InstanceName {}

impl Hash for InstanceName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_lowercase().hash(state);
    }
}

impl fmt::Display for InstanceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_only_in_case_are_equal() {
        let (one, other) =
            (InstanceName::parse("Corp").unwrap(), InstanceName::parse("corp").unwrap());
        assert_eq!(one, other);
        assert!(std::collections::HashSet::from([one]).contains(&other));
    }

    #[test]
    fn start_urls_are_normalized() {
        for (text, url) in [
            ("https://corp.awsapps.com/start", "https://corp.awsapps.com/start"),
            ("https://Corp.awsapps.com/start/", "https://corp.awsapps.com/start"),
            ("https://corp.awsapps.com/start/#/", "https://corp.awsapps.com/start"),
            ("https://corp.awsapps.com/start#/?tab=accounts", "https://corp.awsapps.com/start"),
            (
                "https://ssoins-1.portal.eu-west-1.app.aws/",
                "https://ssoins-1.portal.eu-west-1.app.aws",
            ),
            ("http://localhost:1/start", "http://localhost:1/start"),
            ("http://[::1]:1/start", "http://[::1]:1/start"),
        ] {
            assert_eq!(StartUrl::parse(text).unwrap().as_str(), url);
        }
        for refused in [
            "",
            "corp.awsapps.com/start",
            "http://corp.awsapps.com/start",
            "https://",
            "https://a:b@c/",
            "file:///x",
        ] {
            assert!(StartUrl::parse(refused).is_err(), "{refused:?}");
        }
    }

    #[test]
    fn region_names_are_words_with_dashes() {
        for region in ["eu-central-1", "us-gov-west-1", "eusc-de-east-1"] {
            assert_eq!(RegionName::parse(region).unwrap().as_str(), region);
        }
        for refused in ["", "Frankfurt", "eu-central", "eu_central_1", "eu--1", "EU-central-1"] {
            assert!(RegionName::parse(refused).is_err(), "{refused:?}");
        }
    }
}
