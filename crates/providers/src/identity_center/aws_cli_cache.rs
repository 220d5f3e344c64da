//! The sign-ins that the AWS CLI v2 keeps in `~/.aws/sso/cache`. They are read and never written: a renewal by us would make the
//! AWS CLI's refresh token invalid.

use std::path::{Path, PathBuf};

use credentials::{Instance, Secret, StartUrl, Timestamp};
use data_encoding::HEXLOWER;
use serde::Deserialize;
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

/// A larger file is not read to its end. The AWS CLI's files have about 4 KB.
const MAX_FILE_BYTES: u64 = 256 * 1024;

/// The file of the AWS CLI for an instance.
#[derive(Clone, Debug)]
pub struct AwsCliCache {
    path: PathBuf,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cached {
    start_url: String,
    region: String,
    access_token: Zeroizing<String>,
    expires_at: String,
}

impl AwsCliCache {
    /// The file in `folder`. The AWS CLI derives its name from `key`: the name of the `[sso-session NAME]`, or the start URL if
    /// there is none.
    pub fn new(folder: PathBuf, key: &str) -> Self {
        let name = HEXLOWER.encode(&Sha1::digest(key.as_bytes()));
        Self { path: folder.join(name).with_extension("json") }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The access token and its expiration, if the file is complete and for this start URL and region.
    pub(crate) fn token(&self, instance: &Instance) -> Option<(Secret, Timestamp)> {
        let json = Zeroizing::new(files::read(&self.path, MAX_FILE_BYTES).ok()?);
        let mut cached: Cached = serde_json::from_slice(&json).ok()?;
        let is_same = StartUrl::parse(&cached.start_url).ok()? == instance.start_url
            && cached.region == instance.region.as_str();
        // The AWS CLI writes "Z". Its older versions write "UTC".
        let expires_at: Timestamp = cached.expires_at.replace("UTC", "Z").parse().ok()?;
        let token = Secret::parse(std::mem::take(&mut *cached.access_token)).ok()?;
        is_same.then_some((token, expires_at))
    }
}
