//! What the AWS CLI v2 keeps of its own sign-ins, in `~/.aws/sso/cache`. It is read, and never written: who
//! refreshes a token there takes it from the AWS CLI.

use std::path::{Path, PathBuf};

use credentials::{Instance, Secret, StartUrl, Timestamp};
use data_encoding::HEXLOWER;
use serde::Deserialize;
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

/// The AWS CLI's files have about 4 KB.
const MAX_BYTES: u64 = 256 * 1024;

/// The file for an instance.
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
    /// `key` is what the AWS CLI names the file by: the `[sso-session NAME]`, or the start URL where there is none.
    pub fn new(folder: PathBuf, key: &str) -> Self {
        let name = HEXLOWER.encode(&Sha1::digest(key.as_bytes()));
        Self { path: folder.join(name).with_extension("json") }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The access token and its end in Unix epoch seconds, if the file is whole and of that start URL and region.
    pub(crate) fn token(&self, instance: &Instance) -> Option<(Secret, i64)> {
        let json = Zeroizing::new(files::read(&self.path, MAX_BYTES).ok()?);
        let mut cached: Cached = serde_json::from_slice(&json).ok()?;
        let is_it = StartUrl::parse(&cached.start_url).ok()? == instance.start_url
            && cached.region == instance.region.as_str();
        // The AWS CLI writes "Z", its older versions "UTC".
        let expires_at: Timestamp = cached.expires_at.replace("UTC", "Z").parse().ok()?;
        let token = Secret::parse(std::mem::take(&mut *cached.access_token)).ok()?;
        is_it.then_some((token, expires_at.as_second()))
    }
}
